public import Meshwork

/// A node as `node.info` shows it.
public struct NodeReport: Sendable {
  /// Who it is.
  public var peerID: PeerID
  /// What it says of its program.
  public var agent: String
  /// Its name for people.
  public var name: String?
  /// Where it accepts connections.
  public var listenAddresses: [Multiaddr]
  /// What it was told to announce besides.
  public var announceAddresses: [Multiaddr]
  /// Where peers see it.
  public var observedAddresses: [Multiaddr]
  /// `unknown`, `public` or `private`.
  public var reachability: String
  /// The relays it knows.
  public var relays: [Relay]
  /// What it speaks.
  public var protocols: [String]
  /// For how long it has been there.
  public var uptimeMs: Int64

  /// A relay, and how the reservation there stands.
  public struct Relay: Sendable {
    /// The relay.
    public var peerID: PeerID
    /// Where it is.
    public var address: Multiaddr
    /// `requested`, `accepted`, `refused` or `lost`.
    public var state: String
    /// When an accepted reservation ends, since the Unix epoch.
    public var expiresMs: Int64?

    /// A relay and the reservation there.
    public init(peerID: PeerID, address: Multiaddr, state: String, expiresMs: Int64?) {
      self.peerID = peerID
      self.address = address
      self.state = state
      self.expiresMs = expiresMs
    }
  }

  /// A report; what is left out is empty or not known.
  public init(
    peerID: PeerID, agent: String, name: String?, listenAddresses: [Multiaddr] = [],
    announceAddresses: [Multiaddr] = [], observedAddresses: [Multiaddr] = [],
    reachability: String = "unknown", relays: [Relay] = [], protocols: [String] = [], uptimeMs: Int64
  ) {
    self.peerID = peerID
    self.agent = agent
    self.name = name
    self.listenAddresses = listenAddresses
    self.announceAddresses = announceAddresses
    self.observedAddresses = observedAddresses
    self.reachability = reachability
    self.relays = relays
    self.protocols = protocols
    self.uptimeMs = uptimeMs
  }
}

extension NodeReport {
  var json: JSONValue {
    [
      "peerId": .string(peerID.description),
      "agent": .string(agent),
      "name": .optional(name),
      "listenAddrs": .strings(listenAddresses.map(\.description)),
      "announceAddrs": .strings(announceAddresses.map(\.description)),
      "observedAddrs": .strings(observedAddresses.map(\.description)),
      "reachability": .string(reachability),
      "relays": .array(relays.map(\.json)),
      "protocols": .strings(protocols),
      "uptimeMs": .integer(uptimeMs),
    ]
  }
}

extension NodeReport.Relay {
  var json: JSONValue {
    [
      "peerId": .string(peerID.description), "addr": .string(address.description), "state": .string(state),
      "expiresMs": .optional(expiresMs),
    ]
  }
}
