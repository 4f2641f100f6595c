import Capture
import Glibc
import Lab
import NIOCore
import NetworkModel
import SansIO
import Scenario

/// Writes what happens into the run directory while it happens, so that a run that is cut off leaves what
/// there
/// was: captures, `events.jsonl`, `drops.jsonl`.
final class Recorder: Sendable {
  private static let interval: Duration = .milliseconds(100)
  /// Lines of `drops.jsonl`; a flood beyond it is only counted.
  private static let dropsMax = 500_000

  private let files: Monitor<Files>

  private struct Files {
    var captures: [Int: CaptureFile] = [:]
    var hosts: [Int: String] = [:]
    var events: TextFile
    var drops: TextFile
    var eventPosition = 0
    var dropCount = 0
    var faults: [String] = []
    var isEnded = false
  }

  private final class CaptureFile {
    var writer: CaptureWriter
    init(_ writer: consuming CaptureWriter) { self.writer = writer }
  }

  /// - Parameter captured: the interfaces whose packets are recorded, with their hosts; `hosts` all of them.
  init(
    _ directory: RunDirectory, captured: [(NetworkModel.InterfaceID, String)],
    hosts: [(NetworkModel.InterfaceID, String)]
  ) throws(StageError) {
    do {
      var files = Files(
        events: try TextFile(directory.events), drops: try TextFile(directory.drops))
      for (interface, host) in captured {
        files.captures[interface.rawValue] = CaptureFile(
          try CaptureWriter(creating: directory.capture(of: host)))
      }
      for (interface, host) in hosts { files.hosts[interface.rawValue] = host }
      self.files = Monitor(files)
    } catch {
      throw StageError("the run directory cannot be written: \(error)")
    }
  }

  /// Called on the laboratory's capture thread.
  func record(_ packet: CapturedPacket, _ origin: WallClockOrigin) {
    let at = Instant(nanoseconds: UInt64(max(0, origin.wallNanoseconds(packet.at))))
    files.withLock { files in
      guard let file = files.captures[packet.interface.rawValue] else { return }
      do throws(CaptureError) {
        try file.writer.append(ByteBuffer(bytes: packet.bytes), at: at)
      } catch {
        files.captures[packet.interface.rawValue] = nil
        files.faults.append("\(error)")
      }
    }
  }

  /// Writes on a thread of its own until ``end(_:)``.
  func follow(_ laboratory: Laboratory) throws(LabError) -> Thread {
    do throws(SystemError) {
      return try Thread("stage-recorder") { [self] in
        while !isEnded {
          write(laboratory)
          _ = files.wait(until: MonotonicClock.now + Self.interval) { $0.isEnded ? true : nil }
        }
      }
    } catch {
      throw .system("start recording", error)
    }
  }

  private var isEnded: Bool { files.peek { $0.isEnded } }

  /// The last of it, when the laboratory has stopped. Why not all is recorded, if so.
  func end(_ laboratory: Laboratory, _ thread: Thread) -> [String] {
    files.withLock { $0.isEnded = true }
    thread.join()
    write(laboratory)
    return files.withLock { files in
      if files.events.hasFailed || files.drops.hasFailed {
        files.faults.append("events or drops could not be written: the disk may be full")
      }
      return files.faults
    }
  }

  /// Something that the laboratory did, as a line of `events.jsonl`.
  func note(at instant: Instant, _ origin: WallClockOrigin, _ members: [JSON.Member]) {
    let line = JSON.object([.init("timeNs", .integer(origin.wallNanoseconds(instant)))] + members)
    files.withLock { $0.events.append(line.text) }
  }

  private func write(_ laboratory: Laboratory) {
    var deaths: [Death] = []
    while case let more = laboratory.fabric.collectDeaths(), !more.isEmpty { deaths += more }
    files.withLock { files in
      let events = laboratory.events.events(from: files.eventPosition)
      files.eventPosition += events.count
      for event in events { files.events.append(event.line(laboratory.origin)) }
      for death in deaths where !death.rule.isRoutine {
        files.dropCount += 1
        guard files.dropCount <= Self.dropsMax else { break }
        files.drops.append(
          death.line(laboratory.origin, from: death.origin.flatMap { files.hosts[$0.rawValue] }))
      }
      files.events.flush()
      files.drops.flush()
      for (id, file) in files.captures {
        do throws(CaptureError) {
          try file.writer.flush()
        } catch {
          files.captures[id] = nil
          files.faults.append("\(error)")
        }
      }
    }
  }
}

extension LabEvent {
  /// The node's own object stands in it as it came.
  fileprivate func line(_ origin: WallClockOrigin) -> String {
    let head = #"{"timeNs":\#(origin.wallNanoseconds(at)),"host":\#(JSON.string(host).text)"#
    return switch kind {
    case .api(_, let line): "\(head),\"event\":\(line)}"
    case .started(let pid): "\(head),\"started\":\(JSON.string(process).text),\"pid\":\(pid)}"
    case .ended(let end):
      "\(head),\"ended\":\(JSON.string(process).text),\"how\":\(JSON.string("\(end)").text)}"
    case .line(let text): "\(head),\"line\":\(JSON.string(text).text)}"
    case .note(let text): "\(head),\"note\":\(JSON.string(text).text)}"
    }
  }
}

extension Rule {
  /// What every host says into the void, in every network.
  fileprivate var isRoutine: Bool {
    self == .housekeeping || self == .multicastNotRouted || self == .multicastUnheard
  }
}

extension Death {
  fileprivate func line(_ origin: WallClockOrigin, from host: String?) -> String {
    JSON.object([
      .init("timeNs", .integer(origin.wallNanoseconds(at))),
      .init("box", .string(String(box.prefix { $0 != "/" }))), .init("where", .string(box)),
      .init("rule", .string(rule.words)), .init("from", host.map { .string($0) } ?? .null),
      .init("flow", .string(flow.map { "\($0)" } ?? "no flow")), .init("packet", .unsigned(index)),
      .init("bytes", .integer(Int64(length))),
    ]).text
  }
}

/// A file of lines that is written in large pieces.
private struct TextFile {
  private let descriptor: Descriptor
  private var pending: [UInt8] = []
  private(set) var hasFailed = false

  init(_ path: String) throws(StageError) {
    let number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard number >= 0 else { throw StageError("\(path): \(String(cString: strerror(errno)))") }
    descriptor = Descriptor(number)
  }

  mutating func append(_ line: String) {
    pending += Array(line.utf8)
    pending.append(UInt8(ascii: "\n"))
    if pending.count > 1 << 16 { flush() }
  }

  mutating func flush() {
    var rest = pending[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 {
        hasFailed = true
        break
      }
      rest = rest.dropFirst(count)
    }
    pending.removeAll(keepingCapacity: true)
  }
}
