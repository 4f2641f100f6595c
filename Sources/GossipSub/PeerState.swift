import NIOCore
import OrderedCollections
import Wire

/// Which side opened the connection to a peer. A mesh keeps some that we chose to open.
package enum Direction: Hashable, Sendable {
  case inbound
  case outbound
}

/// What the router holds of a connected peer.
struct PeerState: Sendable {
  var version: Version
  var direction: Direction
  var topics: OrderedSet<Topic> = []

  var frames: LengthPrefixedFrames
  /// The stream it writes broke the protocol; nothing more is read of it.
  var isInboundFailed = false

  var outbound: OutboundQueue
  /// Named by `nextPeerWithOutbound`, or about to be, and not drained empty since.
  var isListed = false
  /// Something was drained into our stream to it.
  var hasSent = false

  var unwanted = UnwantedIDs()
  /// A record with its addresses, signed by it, to name it to others.
  var signedRecord: [UInt8] = []

  // Since the last heartbeat.
  var announcements = 0
  var askedIDs = 0
  var answeredIDs = 0
  var dontWantIDs = 0

  init(version: Version, direction: Direction, _ configuration: Configuration) {
    self.version = version
    self.direction = direction
    frames = LengthPrefixedFrames(maxBytes: configuration.rpcBytesMax)
    outbound = OutboundQueue(configuration)
  }

  mutating func drain(into wire: inout ByteBuffer, maxBytes: Int) -> (written: Int, skipped: UInt64) {
    let result = outbound.drain(into: &wire, maxBytes: maxBytes, skipping: unwanted)
    if outbound.isEmpty { isListed = false }
    hasSent = hasSent || result.written > 0
    return result
  }

  /// The peer has a message: should it be waiting to be sent to it, it need not be.
  mutating func noteHas(_ id: MessageID, limit: Int) {
    guard outbound.isForwarding, dontWantIDs < limit else { return }
    dontWantIDs += 1
    unwanted.insert(id)
  }

  mutating func heartbeat() {
    (announcements, askedIDs, answeredIDs, dontWantIDs) = (0, 0, 0, 0)
    unwanted.heartbeat()
  }
}
