public import Identity
import Node
import SansIO
public import Wire

/// A connection to a peer.
public struct ConnectionInfo: Sendable, Hashable {
  /// How a connection reaches its peer.
  public enum Path: String, Sendable, Hashable {
    /// Over a transport of its own.
    case direct
    /// Through a relay.
    case relayed
  }

  /// Who opened a connection.
  public enum Direction: String, Sendable, Hashable {
    /// The peer.
    case inbound
    /// This node.
    case outbound
  }

  /// Unique in a run of the node.
  public let connectionID: UInt64
  /// The peer, proven.
  public let peerID: PeerID
  /// The peer's end.
  public let address: Multiaddr
  /// How it is reached.
  public let path: Path
  /// Who opened it.
  public let direction: Direction
  /// From the command, or from the accept, until the connection was authenticated and encrypted.
  public let elapsed: Duration
}

extension ConnectionInfo {
  init(_ summary: ConnectionSummary) {
    connectionID = summary.id.rawValue
    peerID = summary.peer
    address = summary.address
    path = Path(summary.path)
    direction =
      switch summary.direction {
      case .inbound: .inbound
      case .outbound: .outbound
      }
    elapsed = summary.elapsed
  }
}

// Inside `ConnectionInfo` the name means its own.
typealias NodePath = Path

extension ConnectionInfo.Path {
  init(_ path: NodePath) {
    self =
      switch path {
      case .direct: .direct
      case .relayed: .relayed
      }
  }
}
