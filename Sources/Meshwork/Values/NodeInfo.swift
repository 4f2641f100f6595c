import AutoNAT
public import Identity
public import Wire

/// What a node says of itself.
public struct NodeInfo: Sendable, Hashable {
  /// Whether peers can open connections to this node from anywhere.
  public enum Reachability: String, Sendable, Hashable {
    /// Not found out.
    case unknown
    /// Yes.
    case `public`
    /// Only through relays.
    case `private`
  }

  /// Who the node is.
  public let peerID: PeerID
  /// What identify says of the program.
  public let agent: String
  /// The name for people.
  public let name: String?
  /// Where it accepts connections, wildcards replaced by the addresses of the interfaces.
  public let listenAddresses: [Multiaddr]
  /// What it was told to announce besides.
  public let announceAddresses: [Multiaddr]
  /// Where peers see it.
  public let observedAddresses: [Multiaddr]
  /// Whether it can be reached.
  public let reachability: Reachability
  /// What stands between it and the internet.
  public let nat: NATInfo
  /// The relays it knows, the most wanted first.
  public let relays: [RelayInfo]
  /// What it speaks.
  public let protocols: [String]
  /// Since the node was made.
  public let uptime: Duration
}

extension NodeInfo.Reachability {
  init(_ reachability: AutoNAT.Reachability) {
    self =
      switch reachability {
      case .unknown: .unknown
      case .public: .public
      case .private: .private
      }
  }
}
