import NIOCore
import Testing

@testable import Meshwork

@Suite struct StreamInboxTests {
  static func piece(_ count: Int, of storage: Int = 256 * 1024) -> ByteBuffer {
    var large = ByteBufferAllocator().buffer(capacity: storage)
    large.writeRepeatingByte(7, count: count)
    return large
  }

  @Test func smallPiecesAreGatheredIntoBuffersOfTheirOwn() {
    var inbox = StreamInbox()
    for _ in 0..<10_000 { inbox.append(Self.piece(1)) }
    #expect(inbox.byteCount == 10_000)
    var held = 0
    var read = 0
    while let piece = inbox.popFirst() {
      held += piece.capacity
      read += piece.readableBytes
    }
    #expect(read == 10_000)
    #expect(held <= 2 * 16 * 1024)
    #expect(inbox.isEmpty && inbox.byteCount == 0)
  }

  @Test func largePiecesAreKeptAsTheyAre() {
    var inbox = StreamInbox()
    inbox.append(Self.piece(8 * 1024))
    inbox.append(Self.piece(5))
    inbox.append(Self.piece(6))
    inbox.append(Self.piece(64 * 1024))
    inbox.append(Self.piece(7))
    var counts: [Int] = []
    while let piece = inbox.popFirst() { counts.append(piece.readableBytes) }
    #expect(counts == [8 * 1024, 11, 64 * 1024, 7])
  }

  @Test func theOrderIsKept() {
    var inbox = StreamInbox()
    var expected: [UInt8] = []
    for index in 0..<200 {
      let bytes = [UInt8](repeating: UInt8(index), count: index % 3 == 0 ? 5000 : 13)
      expected += bytes
      inbox.append(ByteBuffer(bytes: bytes))
    }
    var read: [UInt8] = []
    while let piece = inbox.popFirst() { read += piece.readableBytesView }
    #expect(read == expected)
  }

  @Test func whatAReaderHasIsNotWrittenTo() {
    var inbox = StreamInbox()
    inbox.append(ByteBuffer(string: "one"))
    let taken = inbox.popFirst()
    inbox.append(ByteBuffer(string: "two"))
    #expect(taken == ByteBuffer(string: "one"))
    #expect(inbox.removeAll() == 3)
    #expect(inbox.isEmpty)
  }
}
