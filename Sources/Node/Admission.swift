import SansIO
import Wire

/// Who may connect: counts of connections and handshakes, in all and per address, and the rate of new ones.
///
/// Addresses are grouped as one host would hold them: an IPv4 address alone, IPv6 by its /56. Loopback is
/// exempt from what is counted by address.
struct Admission {
  let limits: Node.Limits
  private(set) var connections = 0
  private(set) var handshakes = 0
  private var groups: [AddressPrefix: Group] = [:]
  var groupCount: Int { groups.count }

  private struct Group {
    var connections = 0
    var arrivals: TokenBucket
  }

  enum Refusal: String {
    case tooManyConnections = "connection limit reached"
    case tooManyHandshakes = "too many handshakes in flight"
    case tooManyFromAddress = "too many connections from this address"
    case tooFastFromAddress = "new connections from this address come too fast"
  }

  init(limits: Node.Limits) {
    self.limits = limits
  }

  /// Counts an inbound connection in, or says why not.
  mutating func admit(from remote: Multiaddr, at now: Instant) -> Refusal? {
    if connections >= limits.connectionsMax { return .tooManyConnections }
    if handshakes >= limits.handshakesMax - limits.handshakesReserved { return .tooManyHandshakes }
    if let key = remote.hostPrefix {
      var group = groups[key] ?? Group(arrivals: newBucket(at: now))
      defer { groups[key] = group }
      if group.connections >= limits.connectionsPerAddressMax { return .tooManyFromAddress }
      if !group.arrivals.take(at: now) { return .tooFastFromAddress }
      group.connections += 1
      forgetQuietGroups(at: now)
    }
    connections += 1
    handshakes += 1
    return nil
  }

  /// Counts a connection of ours in; only the totals bind it.
  mutating func admitOutbound() -> Refusal? {
    if connections >= limits.connectionsMax { return .tooManyConnections }
    if handshakes >= limits.handshakesMax { return .tooManyHandshakes }
    connections += 1
    handshakes += 1
    return nil
  }

  mutating func handshakeEnded() { handshakes -= 1 }

  /// Counts a connection out. `remote` only for inbound ones.
  mutating func connectionEnded(inboundFrom remote: Multiaddr?, at now: Instant) {
    connections -= 1
    guard let remote, let key = remote.hostPrefix, var group = groups[key] else { return }
    group.connections -= 1
    groups[key] = group.connections == 0 && group.arrivals.isFull(at: now) ? nil : group
  }

  private func newBucket(at now: Instant) -> TokenBucket {
    TokenBucket(interval: limits.arrivalInterval, burst: limits.arrivalBurst, now: now)
  }

  /// Groups without connections are kept only while their bucket remembers something, and never more than a
  /// bound.
  private mutating func forgetQuietGroups(at now: Instant) {
    guard groups.count > limits.addressGroupsMax else { return }
    groups = groups.filter { $0.value.connections > 0 || !$0.value.arrivals.isFull(at: now) }
    if groups.count > limits.addressGroupsMax { groups = groups.filter { $0.value.connections > 0 } }
  }
}
