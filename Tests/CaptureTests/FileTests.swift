import Foundation
import NIOCore
import Noise
import SansIO
import Testing
import Wire

@testable import Capture

/// A folder that ends with its test.
struct Folder: ~Copyable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "capture-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String, _ bytes: [UInt8] = []) throws -> String {
    let file = path + "/" + name
    if !bytes.isEmpty { try Data(bytes).write(to: URL(filePath: file)) }
    return file
  }
}

func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

/// What a program says on standard output; nil where this machine does not have it.
func output(of program: String, _ arguments: [String]) throws -> String {
  let folder = try #require(
    ["/usr/bin/", "/usr/sbin/"].first { FileManager.default.isExecutableFile(atPath: $0 + program) },
    "\(program) is missing; scripts/setup installs it")
  let process = Process()
  process.executableURL = URL(filePath: folder + program)
  process.arguments = arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  process.standardInput = FileHandle.nullDevice
  try process.run()
  let said = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return String(decoding: said, as: UTF8.self)
}

@Suite struct FileTests {
  private func write(_ packets: [TapPacket], to path: String) throws {
    var writer = try CaptureWriter(creating: path)
    for packet in packets { try writer.append(packet.bytes, at: packet.time) }
    try writer.flush()
  }

  @Test func `what is written is read`() throws {
    let folder = try Folder()
    let path = try folder.file("talk.pcap")
    let talk = try Talk.whole()
    try write(talk.packets, to: path)
    let read = try Timeline(reading: path, keys: talk.ring)
    #expect(read.items == timeline(of: talk.packets, keys: talk.ring).items)
    #expect(read.failure == nil)
  }

  @Test func `tcpdump and tshark read it too`() throws {
    let folder = try Folder()
    let path = try folder.file("talk.pcap")
    let talk = try Talk.whole()
    try write(talk.packets, to: path)
    let lines = try output(of: "tcpdump", ["-n", "-tt", "--time-stamp-precision=nano", "-r", path])
      .split(separator: "\n")
    #expect(lines.count == talk.packets.count)
    #expect(
      lines.first?.hasPrefix("1700000000.001000000 IP 10.0.0.1.40001 > 10.0.0.2.4001: Flags [S]") ?? false)
    let fields = ["-r", path, "-o", "tcp.check_checksum:TRUE", "-T", "fields", "-e", "tcp.checksum.status"]
    let states = try output(of: "tshark", fields).split(separator: "\n")
    #expect(states.count == talk.packets.count)
    #expect(states.allSatisfy { $0 == "1" })  // every checksum is good
  }

  @Test func `pcapng, and pcap of the other byte order and precision`() throws {
    let folder = try Folder()
    let path = try folder.file("talk.pcap")
    let talk = try Talk.whole()
    try write(talk.packets, to: path)
    let whole = try Timeline(reading: path, keys: talk.ring)

    let modern = try folder.file("talk.pcapng")
    _ = try output(of: "tshark", ["-r", path, "-F", "pcapng", "-w", modern])
    #expect(try Timeline(reading: modern, keys: talk.ring).items == whole.items)

    // The tap's times are whole milliseconds, so both precisions hold them.
    for isNano in [true, false] {
      var swapped = ByteBuffer()
      swapped.writeInteger(isNano ? UInt32(0xA1B2_3C4D) : 0xA1B2_C3D4, endianness: .little)
      swapped.writeMultipleIntegers(
        UInt16(2), UInt16(4), UInt32(0), UInt32(0), UInt32(65535), UInt32(101), endianness: .little)
      for packet in talk.packets {
        let rest = packet.time.nanoseconds % 1_000_000_000
        let size = UInt32(packet.bytes.readableBytes)
        swapped.writeMultipleIntegers(
          UInt32(packet.time.nanoseconds / 1_000_000_000), UInt32(isNano ? rest : rest / 1000), size, size,
          endianness: .little)
        swapped.writeImmutableBuffer(packet.bytes)
      }
      let other = try folder.file("other.pcap", Array(swapped.readableBytesView))
      #expect(try Timeline(reading: other, keys: talk.ring).items == whole.items)
    }
  }

  @Test func `a file cut anywhere gives what is in front of the cut`() throws {
    let folder = try Folder()
    let path = try folder.file("talk.pcap")
    let talk = try Talk.whole()
    try write(talk.packets, to: path)
    let whole = try bytes(of: path)
    for length in stride(from: 24, to: whole.count, by: 37) {
      let cut = try folder.file("cut.pcap", Array(whole.prefix(length)))
      let timeline = try Timeline(reading: cut, keys: talk.ring)
      #expect(timeline.census.packets <= talk.packets.count)
      if case .truncated? = timeline.failure { continue }
      #expect(timeline.failure == nil)
    }
    let cut = try folder.file("cut.pcap", whole.dropLast(3))
    let timeline = try Timeline(reading: cut, keys: talk.ring)
    #expect(timeline.census.packets == talk.packets.count - 1)
    #expect(timeline.text().last?.contains("cut off") ?? false)
  }

  @Test func `what is no capture is called so`() throws {
    let folder = try Folder()
    let text = try folder.file("notes.txt", Array("not a capture at all, but long enough".utf8))
    #expect(throws: CaptureError.self) { try Timeline(reading: text, keys: KeyRing()) }
    do { _ = try Timeline(reading: text, keys: KeyRing()) } catch {
      guard case .notACapture = error else {
        Issue.record("\(error)")
        return
      }
    }
    for path in [try folder.file("none.pcap"), folder.path, "/dev/null"] {
      #expect(throws: CaptureError.self) { try Timeline(reading: path, keys: KeyRing()) }
    }
    // USB traffic.
    var other = ByteBuffer()
    other.writeMultipleIntegers(
      UInt32(0xA1B2_C3D4), UInt16(2), UInt16(4), UInt32(0), UInt32(0), UInt32(65535), UInt32(220))
    let usb = try folder.file("usb.pcap", Array(other.readableBytesView))
    do { _ = try Timeline(reading: usb, keys: KeyRing()) } catch {
      #expect(error == .unknownLinkType(path: usb, name: "USB_LINUX_MMAPPED"))
    }
  }

  @Test(arguments: 0..<60) func `mutated files never trap`(seed: UInt64) throws {
    let folder = try Folder()
    let path = try folder.file("talk.pcap")
    let talk = try Talk.whole()
    try write(talk.packets, to: path)
    var generator = SeededGenerator(seed: seed)
    var content = try bytes(of: path)
    for _ in 0..<Int.random(in: 1...20, using: &generator) {
      let index = Int.random(in: 24..<content.count, using: &generator)
      content[index] = UInt8.random(in: .min ... .max, using: &generator)
    }
    _ = try Timeline(reading: folder.file("mutated.pcap", content), keys: talk.ring)
  }

  @Test func `a full disk is an error`() throws {
    #expect(throws: CaptureError.cannotWrite(path: "/dev/full", reason: "No space left on device")) {
      _ = try CaptureWriter(creating: "/dev/full").path
    }
    #expect(throws: CaptureError.self) { _ = try CaptureWriter(creating: "/nowhere/at/all.pcap").path }
  }

  @Test func `a packet waits no longer than its delay`() throws {
    let folder = try Folder()
    let path = try folder.file("talk.pcap")
    var writer = try CaptureWriter(creating: path)
    #expect(writer.deadline == nil)
    let packet = ByteBuffer(repeating: 0x45, count: 100)
    let start = Instant(nanoseconds: 5_000_000_000)
    try writer.append(packet, at: start)
    let deadline = writer.deadline
    #expect(deadline == start + CaptureWriter.delay)
    #expect(try bytes(of: path).count == 24)
    // As a process that is killed now would leave it.
    try writer.append(packet, at: start + CaptureWriter.delay)
    #expect(try bytes(of: path).count == 24 + 2 * 116)
    let after = writer.deadline
    #expect(after == nil)
  }

  @Test func `key logs are united, and bad lines counted`() throws {
    let folder = try Folder()
    let talk = try Talk.whole()
    let one = try folder.file("a.keys", Array((talk.keyLog[0] + "\nCLIENT_RANDOM 00 11\n# a comment\n").utf8))
    let two = try folder.file("b.keys", Array((talk.keyLog[1] + "\n" + talk.keyLog[1].prefix(100)).utf8))
    var ring = KeyRing()
    try ring.add(contentsOf: one)
    try ring.add(contentsOf: two)
    #expect(ring.count == 1)
    #expect(ring.badLines == 1)
    #expect(timeline(of: talk.packets, keys: ring).notes.isEmpty)
    #expect(throws: CaptureError.self) { try ring.add(contentsOf: folder.path + "/none") }
  }

  @Test func `a key log is read as it grows`() throws {
    let folder = try Folder()
    let talk = try Talk.whole()
    let path = try folder.file("node.keys")
    var tail = KeyLogTail(of: path)
    var entries = try tail.next()
    #expect(entries.isEmpty)
    _ = try folder.file("node.keys", Array((talk.keyLog[0] + "\n" + talk.keyLog[1].prefix(50)).utf8))
    entries = try tail.next()
    #expect(entries.map(\.line) == [talk.keyLog[0]])
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data((talk.keyLog[1].dropFirst(50) + "\nSERVER_SECRET x\n").utf8))
    try handle.close()
    entries = try tail.next()
    #expect(entries.map(\.line) == [talk.keyLog[1]])
  }
}
