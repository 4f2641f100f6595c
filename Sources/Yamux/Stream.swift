import DequeModule
import NIOCore
import SansIO
import Wire

/// What a session keeps for one stream: about 80 bytes, and a queue only while there is something in it.
struct Stream: Sendable {
  /// Which queues the stream is in, so that no identifier is in one twice.
  struct Marks: OptionSet, Sendable {
    let rawValue: UInt8
    static let control = Marks(rawValue: 1)
    static let ready = Marks(rawValue: 2)
    /// The owner filled the send buffer and waits for `.writable`.
    static let awaitsRoom = Marks(rawValue: 4)
  }

  let id: StreamID
  var state: StreamState
  var marks: Marks = []
  var sendWindow = SendWindow()
  var receiveWindow: ReceiveWindow
  private(set) var queuedBytes = 0
  private var queue = Deque<ByteBuffer>()

  init(_ id: StreamID, _ state: StreamState, now: Instant) {
    self.id = id
    self.state = state
    receiveWindow = ReceiveWindow(now: now)
  }

  /// What could leave right now if the wire had room.
  var sendableBytes: Int {
    state.isSending ? min(queuedBytes, Int(sendWindow.credit)) : 0
  }

  /// Something must be written that no data frame will carry: RST, SYN or ACK without data, credit, FIN.
  var owesControl: Bool {
    if state.resetCodeOwed != nil || owesFinish { return true }
    if state.owesAnnouncement && sendableBytes == 0 { return true }
    return owesGrant
  }

  var owesGrant: Bool { state.isReceiving && receiveWindow.owesGrant }

  /// FIN comes after the last byte.
  var owesFinish: Bool { state.isFinishing && queuedBytes == 0 }

  /// A send buffer full of 64 KiB writes, one that passes its limit and one partly sent.
  private static let queueCapacity = 8

  mutating func enqueue(_ data: ByteBuffer) {
    // At once: the most that ever wait together comes late, after a hundred megabytes and more.
    if queue.isEmpty { queue.reserveCapacity(Self.queueCapacity) }
    queuedBytes += data.readableBytes
    if let last = queue.last, last.readableBytes + data.readableBytes <= Self.joinedBytesMax {
      queue[queue.count - 1].writeImmutableBuffer(data)
    } else {
      queue.append(data.compacted(within: 16))
    }
  }

  /// Small writes one behind the other are joined: each by itself would cost more than its bytes.
  private static let joinedBytesMax = 1024

  /// Moves the first `count` queued bytes to the wire: the one copy on the way out.
  mutating func dequeue(_ count: Int, into wire: inout ByteBuffer) {
    precondition(count <= queuedBytes, "\(count) of \(queuedBytes) queued bytes")
    queuedBytes -= count
    var remaining = count
    while remaining > 0 {
      remaining -= queue[0].readWithUnsafeReadableBytes {
        wire.writeBytes(UnsafeRawBufferPointer(rebasing: $0.prefix(remaining)))
      }
      if queue[0].readableBytes == 0 { queue.removeFirst() }
    }
  }

  mutating func dropQueue() {
    queue = Deque()
    queuedBytes = 0
  }

  mutating func releaseIdleStorage() {
    if queue.isEmpty { queue = Deque() }
  }
}
