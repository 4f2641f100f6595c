import GossipSub
import SansIO

/// GossipSub's two streams with a peer: the one we write and the one it writes.
///
/// They may live on different connections, and each may be replaced while the peer stays.
struct GossipStreams {
  /// What our stream was opened for.
  var version: Version
  var outbound: StreamHandle?
  var inbound: StreamHandle?
  /// How long to wait before a stream that the peer ended is opened anew; doubles each time.
  var retryWait = Self.retryWaitMin

  static let retryWaitMin: Duration = .seconds(1)
  static let retryWaitMax: Duration = .seconds(60)

  enum Role {
    case outbound, inbound
  }
}
