import NIOCore
import SansIO
import TestKit
import Testing

@testable import Wire

/// A reader of frames and the bytes it is given.
private struct Reader {
  var frames: LengthPrefixedFrames

  init(maxBytes: Int = 1000) {
    frames = LengthPrefixedFrames(maxBytes: maxBytes)
  }

  mutating func receive(_ bytes: [UInt8]) {
    var buffer = ByteBuffer(bytes: bytes)
    frames.receive(&buffer)
    #expect(buffer.readableBytes == 0)
  }

  mutating func next() throws -> [UInt8]? { try frames.nextFrame().map { [UInt8](buffer: $0) } }
}

private func framed(_ bodies: [UInt8]...) -> [UInt8] {
  var buffer = ByteBuffer()
  for body in bodies { LengthPrefixedFrames.encode(ByteBuffer(bytes: body), into: &buffer) }
  return [UInt8](buffer: buffer)
}

@Suite struct LengthPrefixedFramesTests {
  @Test func severalFramesInOnePiece() throws {
    var reader = Reader()
    reader.receive(framed([1], [], [2, 3]))
    #expect(try reader.next() == [1])
    #expect(try reader.next() == [])
    #expect(try reader.next() == [2, 3])
    #expect(try reader.next() == nil)
    #expect(reader.frames.isAtBoundary)
  }

  @Test("A frame cut at every byte arrives whole")
  func everyCut() throws {
    let first = [UInt8](repeating: 7, count: 300)
    let bytes = framed(first, [8])
    for cut in 0...bytes.count {
      var reader = Reader()
      var received: [[UInt8]] = []
      for piece in [bytes[..<cut], bytes[cut...]] {
        reader.receive([UInt8](piece))
        while let frame = try reader.next() { received.append(frame) }
      }
      #expect(received == [first, [8]])
      #expect(reader.frames.isAtBoundary)
    }
  }

  @Test func byteByByte() throws {
    var reader = Reader()
    var received: [[UInt8]] = []
    for byte in framed([1, 2, 3], [4]) {
      reader.receive([byte])
      while let frame = try reader.next() { received.append(frame) }
    }
    #expect(received == [[1, 2, 3], [4]])
  }

  @Test func framesOfTheLimitPassAndLargerOnesDoNot() throws {
    var reader = Reader(maxBytes: 4)
    reader.receive(framed([1, 2, 3, 4]))
    #expect(try reader.next() == [1, 2, 3, 4])
    reader.receive([5])
    #expect(throws: WireError.frameTooLarge(bytes: 5, limit: 4)) { try reader.next() }
  }

  @Test func aHugeAnnouncedLengthIsRefusedAtOnce() {
    var reader = Reader()
    reader.receive([UInt8](hex: "ffffffffffffffff7f"))
    #expect(throws: WireError.frameTooLarge(bytes: Varint.max, limit: 1000)) { try reader.next() }
  }

  @Test func anEndlessLengthIsRefused() {
    var reader = Reader()
    reader.receive([UInt8](repeating: 0x80, count: 9))
    #expect(throws: WireError.varintTooLong) { try reader.next() }
  }

  @Test func theNextLayersBytesAreGivenBack() throws {
    var reader = Reader()
    reader.receive(framed([1]) + [0xAA, 0xBB])
    #expect(try reader.next() == [1])
    #expect(!reader.frames.isAtBoundary)
    #expect([UInt8](buffer: reader.frames.takeUnread()) == [0xAA, 0xBB])
    #expect(reader.frames.isAtBoundary)
  }

  @Test func aWaitingByteDoesNotKeepTheReadBufferAlive() throws {
    var reader = Reader(maxBytes: 70_000)
    reader.receive(framed([UInt8](repeating: 1, count: 60_000)) + [2])
    #expect(try reader.next()?.count == 60_000)
    #expect(try reader.next() == nil)
    #expect(reader.frames.takeUnread().storageCapacity < 100)
  }

  @Test("Random bytes in random pieces never trap", arguments: 0..<64 as Range<UInt64>)
  func randomBytes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var reader = Reader(maxBytes: 64)
    for _ in 0..<200 {
      reader.receive(generator.bytes(Int.random(in: 0...20, using: &generator)))
      do {
        while let frame = try reader.next() { #expect(frame.count <= 64) }
      } catch {
        return
      }
    }
  }
}
