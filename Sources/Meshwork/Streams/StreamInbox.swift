import DequeModule
import NIOCore

/// What a stream has received and the application has not read.
///
/// Received pieces share the storage of the buffer they came in, which may be much larger. A large piece is
/// kept as it is. Small ones are gathered into buffers of their own: otherwise a peer that sends single bytes
/// could make each of them hold a whole receive buffer.
struct StreamInbox {
  /// Below this a copy costs less than what a piece may hold on to.
  static let smallBytes = 4 * 1024
  /// Small pieces are gathered up to here.
  static let gatheredBytesMax = 16 * 1024

  private var pieces: Deque<ByteBuffer> = []
  /// The last piece is our own copy, and more may be added to it.
  private var isGathering = false
  private(set) var byteCount = 0

  var isEmpty: Bool { pieces.isEmpty }

  mutating func append(_ piece: ByteBuffer) {
    let count = piece.readableBytes
    if count == 0 { return }
    byteCount += count
    guard count < Self.smallBytes else {
      pieces.append(piece)
      isGathering = false
      return
    }
    let last = pieces.endIndex - 1
    if isGathering, last >= 0, pieces[last].readableBytes + count <= Self.gatheredBytesMax {
      pieces[last].writeImmutableBuffer(piece)
    } else {
      var gathered = ByteBufferAllocator().buffer(capacity: count)
      gathered.writeImmutableBuffer(piece)
      pieces.append(gathered)
      isGathering = true
    }
  }

  mutating func popFirst() -> ByteBuffer? {
    guard let piece = pieces.popFirst() else { return nil }
    byteCount -= piece.readableBytes
    if pieces.isEmpty { isGathering = false }
    return piece
  }

  mutating func removeAll() -> Int {
    defer { self = StreamInbox() }
    return byteCount
  }
}
