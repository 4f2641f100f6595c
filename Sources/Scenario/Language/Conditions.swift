// What can be true of nodes and packets.

/// What can be expected: something nodes say, or something their packets show.
public protocol Observable {
  /// What is observed, as data.
  var observation: Observation { get }
}

/// What is observed, as data.
public struct Observation {
  package let data: Plan.Observation
}

/// Something nodes say. It can be waited for, and expected.
public struct Condition: Observable {
  package let fact: Fact

  init(_ fact: Fact) {
    self.fact = fact
  }

  init(all conditions: [Condition]) {
    if let only = conditions.first, conditions.count == 1 {
      self = only
    } else {
      fact = .all(facts: conditions.map(\.fact))
    }
  }

  /// What is observed, as data.
  public var observation: Observation { Observation(data: .fact(fact: fact)) }

  /// Both.
  public static func && (one: Condition, other: Condition) -> Condition {
    Condition(.all(facts: [one.fact, other.fact]))
  }

  /// Either.
  public static func || (one: Condition, other: Condition) -> Condition {
    Condition(.any(facts: [one.fact, other.fact]))
  }

  /// The opposite.
  public static prefix func ! (condition: Condition) -> Condition {
    Condition(.not(fact: condition.fact))
  }
}

/// Something the packets recorded at a host show. It can be expected, but not waited for: captures are read
/// when the run is over.
public struct Evidence: Observable {
  /// What is observed, as data.
  public let observation: Observation

  init(_ data: Plan.Observation) {
    observation = Observation(data: data)
  }
}

/// Every one of them shows all others online.
public func everyone(_ nodes: Node...) -> Condition {
  everyone(nodes)
}

/// Every one of them shows all others online.
public func everyone(_ nodes: [Node]) -> Condition {
  Condition(.mutual(hosts: nodes.map(\.name)))
}

extension Node {
  /// Its API says `ready`.
  public var isReady: Condition { Condition(.ready(host: name)) }

  /// It shows the other online.
  public func sees(_ peer: Host) -> Condition {
    Condition(.online(at: name, peer: peer.name))
  }

  /// It shows each of them online.
  public func sees(_ peers: [Host]) -> Condition {
    Condition(all: peers.map { sees($0) })
  }

  /// It took the other offline after too long a silence.
  public func reaps(_ peer: Host) -> Condition {
    Condition(.offline(at: name, peer: peer.name, reason: .reaped))
  }

  /// It took the other offline because that one said it leaves.
  public func seesLeave(of peer: Host) -> Condition {
    Condition(.offline(at: name, peer: peer.name, reason: .left))
  }

  /// It has a connection with the other, over that path or any.
  public func isConnected(to peer: Host, _ path: Path? = nil) -> Condition {
    Condition(.connected(at: name, peer: peer.name, path: path))
  }

  /// The relay has granted it a reservation, which is not lost.
  public func isReserved(at relay: Host) -> Condition {
    Condition(.reserved(at: name, relay: relay.name))
  }

  /// A hole was punched towards the other: it says so.
  public func punches(to peer: Host) -> Condition {
    Condition(.punched(at: name, peer: peer.name, outcome: .succeeded, reason: nil))
  }

  /// No hole could be punched towards the other, with a reason that contains these words.
  public func failsToPunch(to peer: Host, because reason: String? = nil) -> Condition {
    Condition(.punched(at: name, peer: peer.name, outcome: .failed, reason: reason))
  }

  /// It knows whether others can dial it.
  public func knowsItself(_ reachability: Reachability) -> Condition {
    Condition(.reachable(at: name, reachability: reachability))
  }

  /// Its application received that text.
  public func receives(_ text: String, from sender: Host? = nil) -> Condition {
    Condition(.received(at: name, from: sender?.name, text: text))
  }

  /// Its API said an event of that type with these fields, `says("holepunch", ["outcome": "succeeded"])`.
  public func says(_ type: String, _ fields: KeyValuePairs<String, String> = [:]) -> Condition {
    Condition(
      .said(at: name, type: type, fields: fields.map { Fact.Field(name: $0.key, value: $0.value) }))
  }
}

extension Host {
  /// Its capture has such a packet.
  public func captures(
    _ transport: Transport? = nil, _ direction: Direction? = nil, tcp: TCPKind? = nil, with peer: Host? = nil,
    port: Int? = nil
  ) -> Evidence {
    let pattern = PacketPattern(
      transport: transport, direction: direction, peer: peer?.name, port: port, tcp: tcp)
    return Evidence(.sighting(sighting: Sighting(at: name, what: .packet(pattern: pattern))))
  }

  /// Its capture has two SYNs that crossed and became one connection.
  public func capturesSimultaneousOpen(with peer: Host? = nil) -> Evidence {
    Evidence(.sighting(sighting: Sighting(at: name, what: .simultaneousOpen(peer: peer?.name))))
  }

  /// Its capture, decrypted, has a gossip message whose text begins so.
  public func captures(
    message text: String, by author: Host? = nil, _ direction: Direction? = nil
  ) -> Evidence {
    let what = Sighting.What.message(author: author?.name, text: text, direction: direction)
    return Evidence(.sighting(sighting: Sighting(at: name, what: what)))
  }

  /// Its capture, decrypted, has a stream of that protocol.
  public func captures(protocol name: String, with peer: Host? = nil) -> Evidence {
    let what = Sighting.What.agreed(protocol: name, peer: peer?.name)
    return Evidence(.sighting(sighting: Sighting(at: self.name, what: what)))
  }

  /// Its link kills a packet, by a rule whose words contain these.
  public func drops(rule: String? = nil) -> Evidence {
    Evidence(.drop(pattern: DropPattern(box: name, rule: rule, from: nil)))
  }
}

extension LAN {
  /// Its router kills a packet of that host, or any, by a rule whose words contain these.
  public func drops(from host: Host? = nil, rule: String? = nil) -> Evidence {
    Evidence(.drop(pattern: DropPattern(box: name, rule: rule, from: host?.name)))
  }
}
