import DCUtR
public import Identity
import Node
import Runtime
import SansIO
public import Wire

/// What the node knows of a peer.
public struct PeerInfo: Sendable, Hashable {
  /// The peer.
  public let peerID: PeerID
  /// Whether there is a connection now.
  public let isConnected: Bool
  /// How it is reached. Nil without a connection.
  public let path: ConnectionInfo.Path?
  /// Why it is reached through a relay only, in words. Nil where it is not, or nothing was tried yet.
  public let relayedBecause: String?
  /// Where it says it can be reached, and where it was.
  public let addresses: [Multiaddr]
  /// The last measured round trip.
  public let roundTrip: Duration?
  /// What the peer says of its program (identify's agentVersion).
  public let agent: String?
  /// The network the peer says it belongs to (identify's protocolVersion).
  public let protocolVersion: String?
  /// What the peer speaks.
  public let protocols: [String]
  /// This node's address as the peer saw it.
  public let observedAddress: Multiaddr?
  /// Whether the addresses come from a record that the peer has signed.
  public let hasSignedRecord: Bool
  /// Whether it is there, by what it says on the chat topic; nil for one that never said anything, such as a
  /// relay.
  public let isOnline: Bool?
  /// When it last showed life, in milliseconds since the Unix epoch; nil if not in this run of the node.
  public let lastSeenMs: Int64?
}

extension PeerInfo {
  init(_ summary: PeerSummary) {
    peerID = summary.peer
    isConnected = summary.isConnected
    path = summary.path.map(ConnectionInfo.Path.init)
    relayedBecause = summary.path == .relayed ? summary.upgrade.flatMap(Self.reason) : nil
    addresses = summary.addresses
    roundTrip = summary.roundTrip
    agent = summary.agent
    protocolVersion = summary.protocolVersion
    protocols = summary.protocols.map(\.rawValue)
    observedAddress = summary.observedAddress
    hasSignedRecord = summary.hasSignedRecord
    isOnline = summary.presence?.isOnline
    lastSeenMs = summary.presence?.lastLife.map { WallClock.ms(at: $0) }
  }

  private static func reason(_ upgrade: DCUtR.Summary) -> String? {
    switch (upgrade.state, upgrade.failure) {
    case (.trying, nil): "a direct connection is being tried"
    case (_, let failure?): "\(failure)"
    case (_, nil): nil
    }
  }
}
