// Names that people know, as plain values: a start, from which any field may be changed.

extension NAT.Behavior {
  /// What most homes have: Linux, which keeps ports, overloads them, and forgets UDP early.
  package static let homeRouter = NAT.Behavior(
    ports: .init(preservation: .overloading),
    lifetimes: .init(udp: .seconds(120), udpUnreplied: .seconds(30), tcpTransitory: .seconds(120)))

  /// Everything independent of the endpoint: "full cone" in the words of RFC 3489.
  package static let fullCone = NAT.Behavior(filtering: .endpointIndependent)

  /// "Restricted cone" in the words of RFC 3489.
  package static let restrictedCone = NAT.Behavior(filtering: .addressDependent)

  /// "Port restricted cone" in the words of RFC 3489.
  package static let portRestrictedCone = NAT.Behavior()

  /// Another random port towards every endpoint: "symmetric" in the words of RFC 3489.
  package static let symmetric = NAT.Behavior(
    mapping: .addressAndPortDependent, ports: .init(preservation: .none), hairpin: .none)

  /// A provider's (RFC 6888): few addresses for many, a block of ports for each.
  package static let carrierGrade = NAT.Behavior(
    filtering: .endpointIndependent, ports: .init(preservation: .none, block: 1024))

  /// Shared by strangers: symmetric, impatient, and it says no.
  package static let hotel = NAT.Behavior(
    mapping: .addressAndPortDependent, ports: .init(preservation: .none), hairpin: .none,
    lifetimes: .init(udp: .seconds(30), tcpTransitory: .seconds(60), tcpEstablished: .seconds(900)),
    unsolicited: .reject)

  /// Several external addresses, ports in sequence, resets; to be used with ``Firewall/Policy/webOnly``.
  package static let corporate = NAT.Behavior(
    mapping: .addressAndPortDependent, ports: .init(preservation: .none, order: .sequential),
    pooling: .arbitrary, hairpin: .none, lifetimes: .init(udp: .seconds(60), tcpEstablished: .seconds(3600)),
    unsolicited: .reset)
}

extension Firewall.Policy {
  /// What home routers do for IPv6 (RFC 6092): out is free, in only what belongs to it.
  package static let blockInbound = Firewall.Policy()

  /// No filter, but a table: for comparison.
  package static let open = Firewall.Policy(inbound: .allow)

  /// UDP goes nowhere but to name servers.
  package static let udpBlocked = Firewall.Policy(rules: [
    .init("names", .allow, .outbound, transport: .udp, remotePorts: 53...53),
    .init("udp blocked", .drop, transport: .udp),
  ])

  /// TCP to ports 80 and 443, and name servers; the rest is refused aloud.
  package static let webOnly = Firewall.Policy(
    rules: [
      .init("names", .allow, .outbound, transport: .udp, remotePorts: 53...53),
      .init("http", .allow, .outbound, transport: .tcp, remotePorts: 80...80),
      .init("https", .allow, .outbound, transport: .tcp, remotePorts: 443...443),
    ], outbound: .reject)
}

/// Both directions of an access link.
package struct AccessLink: Hashable, Sendable {
  /// From the host or its router to the internet.
  package var up: Link.Conditions
  package var down: Link.Conditions

  package init(up: Link.Conditions, down: Link.Conditions) {
    self.up = up
    self.down = down
  }

  /// Nothing happens to packets, and it takes no time.
  package static let perfect = AccessLink(up: .init(), down: .init())

  package static let fibre = AccessLink(
    up: .init(delay: .milliseconds(2), bitsPerSecond: 200_000_000),
    down: .init(delay: .milliseconds(2), bitsPerSecond: 1_000_000_000, queueBytes: 1 << 20))

  package static let wifi = AccessLink(
    up: .init(
      delay: .milliseconds(2), jitter: .milliseconds(6), loss: .independent(0.002),
      bitsPerSecond: 60_000_000),
    down: .init(
      delay: .milliseconds(2), jitter: .milliseconds(6), loss: .independent(0.002), bitsPerSecond: 80_000_000)
  )

  package static let mobile4G = AccessLink(
    up: .init(
      delay: .milliseconds(25), jitter: .milliseconds(15),
      loss: .bursts(.init(toBad: 0.0005, toGood: 0.1, lossWhenBad: 0.5)), bitsPerSecond: 12_000_000, mtu: 1460
    ),
    down: .init(
      delay: .milliseconds(25), jitter: .milliseconds(15),
      loss: .bursts(.init(toBad: 0.0005, toGood: 0.1, lossWhenBad: 0.5)), bitsPerSecond: 30_000_000,
      queueBytes: 512 * 1024, mtu: 1460))

  package static let mobile3G = AccessLink(
    up: .init(
      delay: .milliseconds(70), jitter: .milliseconds(60),
      loss: .bursts(.init(toBad: 0.002, toGood: 0.08, lossWhenBad: 0.5)), bitsPerSecond: 1_000_000,
      queueBytes: 128 * 1024, mtu: 1420),
    down: .init(
      delay: .milliseconds(70), jitter: .milliseconds(60),
      loss: .bursts(.init(toBad: 0.002, toGood: 0.08, lossWhenBad: 0.5)), bitsPerSecond: 4_000_000, mtu: 1420)
  )

  /// A geostationary one: some 36,000 km up and down again.
  package static let satellite = AccessLink(
    up: .init(
      delay: .milliseconds(270), jitter: .milliseconds(10), loss: .independent(0.003),
      bitsPerSecond: 3_000_000),
    down: .init(
      delay: .milliseconds(270), jitter: .milliseconds(10), loss: .independent(0.003),
      bitsPerSecond: 25_000_000,
      queueBytes: 1 << 20))
}
