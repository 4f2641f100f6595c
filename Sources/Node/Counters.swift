import Connection
import SansIO

extension Node {
  /// What the node counted since its start. Refusals and allowed drops leave no other trace.
  package struct Counters: Hashable, Sendable {
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0
    package var connectionsOpened: UInt64 = 0
    package var connectionsTrimmed: UInt64 = 0
    package var connectionsOverMemory: UInt64 = 0
    package var dialsFailed: UInt64 = 0
    package var streamsRefused: UInt64 = 0
    /// Streams ended because the peer broke their protocol.
    package var streamsViolated: UInt64 = 0

    // Inbound connections refused, by limit.
    package var refusedConnectionLimit: UInt64 = 0
    package var refusedHandshakeLimit: UInt64 = 0
    package var refusedAddressLimit: UInt64 = 0
    package var refusedAddressRate: UInt64 = 0

    // Circuits that were not renewed, and companions not dialled, because there were so many before.
    package var renewalsLimited: UInt64 = 0
    package var approachesLimited: UInt64 = 0

    // Connections that ended by an error, by whose and which layer's.
    package var upgradeTimeouts: UInt64 = 0
    package var negotiationErrors: UInt64 = 0
    package var handshakeErrors: UInt64 = 0
    package var muxerErrors: UInt64 = 0

    // Identify messages and signed records that contradict the peer's proven identity, and pushes over the
    // rate.
    package var identifyRejected: UInt64 = 0
    package var recordsRejected: UInt64 = 0
    package var pushesLimited: UInt64 = 0

    // Gossip: streams that lost their framing, and what was held against peers.
    package var gossipStreamsFailed: UInt64 = 0
    package var gossipMisbehaviours: UInt64 = 0
    // Announcements and messages of ours that the router would not take.
    package var publishesRefused: UInt64 = 0

    mutating func count(_ refusal: Admission.Refusal) {
      switch refusal {
      case .tooManyConnections: refusedConnectionLimit += 1
      case .tooManyHandshakes: refusedHandshakeLimit += 1
      case .tooManyFromAddress: refusedAddressLimit += 1
      case .tooFastFromAddress: refusedAddressRate += 1
      }
    }

    mutating func count(_ error: ConnectionError) {
      switch error.layer {
      case .negotiation: negotiationErrors += 1
      case .handshake: handshakeErrors += 1
      case .muxer: muxerErrors += 1
      case .time: upgradeTimeouts += 1
      }
    }
  }
}
