import DequeModule
import NIOCore

/// One application stream: what was received, who waits to read, who waits to write.
///
/// Lives as long as its ``MeshStream``, on the node's event loop.
final class StreamState {
  typealias Ticket = UInt64

  enum Incoming {
    case open
    /// The peer has sent everything.
    case finished
    case failed(MeshError)
  }

  struct Reader {
    let ticket: Ticket
    let continuation: CheckedContinuation<ByteBuffer?, any Error>
  }

  struct Writer {
    let ticket: Ticket
    var rest: ByteBuffer
    let continuation: CheckedContinuation<Void, any Error>
  }

  var inbox = StreamInbox()
  var incoming = Incoming.open
  var reader: Reader?
  /// In the order they came; the first one's bytes are on their way.
  var writers: Deque<Writer> = []
  /// We have said that we will send no more.
  var isFinished = false
  /// The node has forgotten the stream.
  var isClosed = false
  /// Nobody reads any more: bytes still taken from the peer before it is told so.
  var discardBytesLeft: Int?
}
