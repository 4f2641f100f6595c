import DequeModule
import NIOCore
import SansIO
import Wire

/// One direction of a circuit: what its writer sent and its reader has not taken.
struct Flow: Sendable {
  /// The relay's own message, which goes before anything of the writer's and counts for no limit.
  var preface = ByteBuffer()
  private var held: Deque<ByteBuffer> = []
  private(set) var heldBytes = 0
  /// All that the writer sent.
  private(set) var receivedBytes: UInt64 = 0
  /// Since when the reader has taken nothing of what is held.
  private(set) var waitingSince = Instant.zero
  /// The writer will send no more.
  var isFinished = false
  /// The reader has been told so.
  var isEnded = false
  /// How fast it may go.
  var pace: Pace?
  /// It stands in the line of streams that have something to send.
  var isInLine = false

  /// What its reader has taken.
  var carriedBytes: UInt64 { receivedBytes - UInt64(heldBytes) }

  /// False, and nothing kept, when it would be more than `limit` in all.
  mutating func append(_ bytes: ByteBuffer, limit: UInt64?, at now: Instant) -> Bool {
    let (sum, overflow) = receivedBytes.addingReportingOverflow(UInt64(bytes.readableBytes))
    if overflow || sum > limit ?? .max { return false }
    guard bytes.readableBytes > 0 else { return true }
    if heldBytes == 0 { waitingSince = now }
    receivedBytes = sum
    heldBytes += bytes.readableBytes
    keep(bytes)
    return true
  }

  /// Smaller pieces that wait one behind the other are joined.
  private static let joinedBytesMax = 4096

  /// What is handed on at once is never copied; what has to wait behind others is, where it would keep alive
  /// much more than itself.
  private mutating func keep(_ bytes: ByteBuffer) {
    if let last = held.last, last.readableBytes + bytes.readableBytes <= Self.joinedBytesMax {
      held[held.count - 1].writeImmutableBuffer(bytes)
    } else {
      held.append(held.isEmpty ? bytes : bytes.compacted(within: 2))
    }
  }

  mutating func takePreface(maxBytes: Int) -> ByteBuffer? {
    let count = min(maxBytes, preface.readableBytes)
    guard count > 0, let chunk = preface.readSlice(length: count) else { return nil }
    if preface.readableBytes == 0 { preface = ByteBuffer() }
    return chunk
  }

  /// Nil also while the pace allows less than is worth a frame.
  mutating func take(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    guard var pace else { return takeHeld(maxBytes: maxBytes, at: now) }
    guard pace.allows(pacedBytes, at: now),
      let chunk = takeHeld(maxBytes: min(maxBytes, pace.allowance(at: now)), at: now)
    else { return nil }
    pace.spend(chunk.readableBytes, at: now)
    self.pace = pace
    return chunk
  }

  private var pacedBytes: Int { min(heldBytes, 4096) }

  /// When the pace lets the next bytes go.
  var paceReady: Instant? { heldBytes > 0 ? pace?.ready(for: pacedBytes) : nil }

  private mutating func takeHeld(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    guard maxBytes > 0, let first = held.first else { return nil }
    waitingSince = now
    if first.readableBytes <= maxBytes {
      held.removeFirst()
      heldBytes -= first.readableBytes
      return first
    }
    heldBytes -= maxBytes
    return held[0].readSlice(length: maxBytes)
  }
}
