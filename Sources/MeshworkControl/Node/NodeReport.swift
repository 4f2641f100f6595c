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
  /// What stands between it and the internet.
  public var nat: NAT?
  /// The relays it knows.
  public var relays: [Relay]
  /// What it speaks.
  public var protocols: [String]
  /// For how long it has been there.
  public var uptimeMs: Int64

  /// What the router in front of a node does, as far as that is known.
  public struct NAT: Sendable {
    /// `unknown`, `none`, `endpoint-independent` or `address-dependent`.
    public var mapping: String
    /// Whether the public port is the one the node listens on.
    public var preservesPort: Bool?
    /// `unknown`, `open` or `endpoint-dependent`.
    public var filtering: String
    /// What that means for direct connections, in words.
    public var explanation: String

    /// What is known.
    public init(mapping: String, preservesPort: Bool?, filtering: String, explanation: String) {
      self.mapping = mapping
      self.preservesPort = preservesPort
      self.filtering = filtering
      self.explanation = explanation
    }
  }

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
    reachability: String = "unknown", nat: NAT? = nil, relays: [Relay] = [], protocols: [String] = [],
    uptimeMs: Int64
  ) {
    self.peerID = peerID
    self.agent = agent
    self.name = name
    self.listenAddresses = listenAddresses
    self.announceAddresses = announceAddresses
    self.observedAddresses = observedAddresses
    self.reachability = reachability
    self.nat = nat
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
      "nat": nat?.json ?? .null,
      "relays": .array(relays.map(\.json)),
      "protocols": .strings(protocols),
      "uptimeMs": .integer(uptimeMs),
    ]
  }
}

extension NodeReport.NAT {
  var json: JSONValue {
    [
      "mapping": .string(mapping), "preservesPort": preservesPort.map { .bool($0) } ?? .null,
      "filtering": .string(filtering), "explanation": .string(explanation),
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
