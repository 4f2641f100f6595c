package import SansIO

/// A stateful packet filter for either family, as in RFC 6092: what a connection allowed in one direction
/// needs in the other passes, everything else is for the rules.
package struct Firewall: Sendable {
  package enum Direction: Hashable, Sendable {
    case inbound
    case outbound
  }

  package enum Action: Hashable, Sendable {
    case allow
    /// Silently.
    case drop
    /// With an ICMP error: administratively prohibited.
    case reject
    /// With a TCP reset; other protocols are dropped.
    case reset
  }

  /// A rule fits a packet when all that it names does. Rules apply to the first packet of a connection, in
  /// order; the first that fits decides.
  package struct Rule: Hashable, Sendable {
    package var name: String
    package var direction: Direction?
    package var transport: Transport?
    package var remote: Prefix?
    /// The port outside.
    package var remotePorts: ClosedRange<UInt16>?
    /// The port inside.
    package var localPorts: ClosedRange<UInt16>?
    package var action: Action

    package init(
      _ name: String, _ action: Action, _ direction: Direction? = nil, transport: Transport? = nil,
      remote: Prefix? = nil, remotePorts: ClosedRange<UInt16>? = nil, localPorts: ClosedRange<UInt16>? = nil
    ) {
      self.name = name
      self.action = action
      self.direction = direction
      self.transport = transport
      self.remote = remote
      self.remotePorts = remotePorts
      self.localPorts = localPorts
    }

    func fits(_ direction: Direction, _ state: State) -> Bool {
      if let wanted = self.direction, wanted != direction { return false }
      if let transport, transport != state.transport { return false }
      if let remote, !remote.contains(state.remote.address) { return false }
      if let remotePorts, !remotePorts.contains(state.remote.port) { return false }
      if let localPorts, !localPorts.contains(state.local.port) { return false }
      return true
    }
  }

  package struct Policy: Hashable, Sendable {
    package var rules: [Rule]
    /// For what no rule fits.
    package var inbound: Action
    package var outbound: Action
    /// Idle times: RFC 6092, REC-14 and REC-35.
    package var udpIdle: Duration
    package var tcpIdle: Duration

    package init(
      rules: [Rule] = [], inbound: Action = .drop, outbound: Action = .allow,
      udpIdle: Duration = .seconds(120), tcpIdle: Duration = .seconds(7440)
    ) {
      self.rules = rules
      self.inbound = inbound
      self.outbound = outbound
      self.udpIdle = udpIdle
      self.tcpIdle = tcpIdle
    }
  }

  package enum Verdict: Hashable, Sendable {
    case passes
    /// By the rule of this name, or by `default`.
    case refused(Action, by: String)
  }

  /// A connection that was allowed.
  struct State: Hashable, Sendable {
    let transport: Transport
    let local: Endpoint
    let remote: Endpoint

    func hash(into hasher: inout Hasher) {
      let words = local.address.low &* 0x9E37_79B9_7F4A_7C15 ^ remote.address.low
      let more = local.address.high &* 0xD6E8_FEB8_6659_FD93 ^ remote.address.high
      hasher.combine(words ^ more ^ (UInt64(local.port) << 16 | UInt64(remote.port)) &* 0xA076_1D64_78BD_642F)
    }
  }

  /// As many as a NAT of the same box may have.
  private static let statesMax = 262_144

  package let policy: Policy
  private let udpIdle: UInt64
  private let tcpIdle: UInt64
  private var states: [State: UInt64] = [:]
  private var sweepAt: UInt64 = 0

  package init(_ policy: Policy) {
    self.policy = policy
    udpIdle = policy.udpIdle.nanosecondsOrZero
    tcpIdle = policy.tcpIdle.nanosecondsOrZero
  }

  package mutating func check(
    _ packet: borrowing Packet, _ direction: Direction, at now: Instant
  ) -> Verdict {
    let now = now.nanoseconds
    let isOutbound = direction == .outbound
    // Without ports there is nothing to judge by, and without the first nothing to make of it.
    if packet.isLaterFragment { return .passes }
    if let quote = packet.quote {
      // An error passes if what it is about has passed the other way: RFC 6092, REC-10.
      let about = State(
        transport: quote.transport, local: isOutbound ? quote.destination : quote.source,
        remote: isOutbound ? quote.source : quote.destination)
      return isLive(about, at: now) ? .passes : .refused(.drop, by: "error about nothing known")
    }
    let state = State(
      transport: packet.transport, local: isOutbound ? packet.source : packet.destination,
      remote: isOutbound ? packet.destination : packet.source)
    if isLive(state, at: now) {
      states[state] = now.saturatingAdd(idle(state.transport))
      return .passes
    }
    let rule = policy.rules.first { $0.fits(direction, state) }
    let action = rule?.action ?? (isOutbound ? policy.outbound : policy.inbound)
    guard action == .allow else { return .refused(action, by: rule?.name ?? "default") }
    guard makeRoom(at: now) else { return .refused(.drop, by: "table full") }
    states[state] = now.saturatingAdd(idle(state.transport))
    return .passes
  }

  /// Forgets every connection.
  package mutating func reboot() {
    states = [:]
  }

  private func isLive(_ state: State, at now: UInt64) -> Bool {
    states[state].map { now < $0 } ?? false
  }

  private func idle(_ transport: Transport) -> UInt64 { transport == .tcp ? tcpIdle : udpIdle }

  private mutating func makeRoom(at now: UInt64) -> Bool {
    if states.count < Self.statesMax { return true }
    guard now >= sweepAt else { return false }
    sweepAt = now.saturatingAdd(10_000_000_000)
    states = states.filter { now < $0.value }
    return states.count < Self.statesMax
  }
}
