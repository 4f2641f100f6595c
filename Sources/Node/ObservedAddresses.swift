import Identity
import SansIO
import Wire

private import OrderedCollections

/// Our own addresses as peers saw them. One peer may lie; an address counts once peers in several networks
/// agree, and what differs from peer to peer tells what router stands before us.
///
/// What can be no address of ours is not noted at all: nobody shall have us, or others at our word, dial a
/// neighbour's machine, many machines or none.
struct ObservedAddresses {
  /// Distinct networks that must agree (go-libp2p: 4; a small mesh rarely has that many, and nothing is
  /// dialled on this evidence alone).
  static let agreementMin = 2
  /// An address that fewer agree on than this share of those who agree on the best one is a few liars'.
  private static let agreementShare = 2
  private static let observersMax = 256

  private struct Observation {
    let address: Multiaddr
    let ip: IPAddress
    /// The observer's host, and its network: however many hosts an operator has, they have one voice.
    let host: AddressPrefix?
    let network: AddressPrefix?
    /// We dialled, so that a router has chosen what the peer sees; else it is where the peer has dialled.
    let isMapped: Bool
  }

  /// By observer, latest opinion last.
  private var observations: OrderedDictionary<PeerID, Observation> = [:]

  /// Notes what `observer`, connected from `remote`, said our address is: on a connection from or to a port
  /// we listen on.
  mutating func note(_ address: Multiaddr, by observer: PeerID, from remote: Multiaddr, weDialled: Bool) {
    observations.removeValue(forKey: observer)
    guard let (ip, port) = Self.place(address, seenFrom: remote) else { return }
    observations[observer] = Observation(
      address: .tcp(ip, port: port), ip: ip, host: remote.hostPrefix, network: remote.networkPrefix,
      isMapped: weDialled)
    if observations.count > Self.observersMax { observations.removeFirst() }
  }

  /// Nil for what a TCP connection with `remote` cannot have at our end.
  private static func place(_ address: Multiaddr, seenFrom remote: Multiaddr) -> (IPAddress, UInt16)? {
    guard !address.isCircuit, let endpoint = address.tcpEndpoint, endpoint.port > 0,
      let ip = endpoint.host.ip, let theirs = remote.host?.ip, ip.isIPv4 == theirs.isIPv4
    else { return nil }
    switch ip.reach {
    case .global: return (ip, endpoint.port)
    // Seen only by whom is there too.
    case .private, .loopback, .linkLocal: return ip.reach == theirs.reach ? (ip, endpoint.port) : nil
    case .unspecified, .multicast, .reserved: return nil
    }
  }

  /// We are somewhere else now.
  mutating func forgetAll() { observations.removeAll() }

  /// What may be ours: the addresses that are agreed on first, then what those saw whom we chose to dial.
  /// Once peers agree on where we are, an address elsewhere is a liar's.
  var seen: [Multiaddr] {
    let mapped = observations.values.filter(\.isMapped)
    let hosts = agreed(by: \.ip)
    let credible = hosts.isEmpty ? mapped : mapped.filter { hosts.contains($0.ip) }
    return Array(OrderedSet(agreed + credible.reversed().map(\.address)))
  }

  /// Addresses that peers in at least `agreementMin` networks agree on, most agreed first.
  var agreed: [Multiaddr] { agreed(by: \.address) }

  /// Each IP version for itself: there may be many more peers of one.
  private func agreed<Key: Hashable>(by key: (Observation) -> Key) -> [Key] {
    var agreed: [(key: Key, count: Int)] = []
    for isIPv4 in [false, true] {
      var networks: OrderedDictionary<Key, Set<AddressPrefix>> = [:]
      for observation in observations.values where observation.ip.isIPv4 == isIPv4 {
        if let network = observation.network { networks[key(observation), default: []].insert(network) }
      }
      let most = networks.values.map(\.count).max() ?? 0
      let least = max(Self.agreementMin, most / Self.agreementShare)
      agreed += networks.filter { $0.value.count >= least }.map { ($0.key, $0.value.count) }
    }
    return agreed.sorted { $0.count > $1.count }.map(\.key)
  }

  /// How a router maps one port of ours, by what different hosts saw of it: no address is believed on this
  /// evidence, so it may come from one operator. IPv4 alone: IPv6 addresses are rarely translated, and
  /// several of them are no sign of it.
  func mapping(listening: [Multiaddr]) -> NATDiagnosis.Mapping {
    let ports = Set(listening.compactMap { $0.tcpEndpoint?.port })
    var seen: OrderedDictionary<Multiaddr, Set<AddressPrefix>> = [:]
    for observation in observations.values where observation.isMapped {
      guard let host = observation.host, observation.ip.isIPv4, observation.ip.reach == .global else {
        continue
      }
      seen[observation.address, default: []].insert(host)
    }
    let all = seen.values.reduce(0) { $0 + $1.count }
    // One that sees something else than the others do may lie.
    guard let (usual, count) = seen.map({ ($0.key, $0.value.count) }).first(where: { $0.1 * 2 > all }) else {
      return seen.isEmpty ? .unknown : .addressDependent
    }
    if listening.contains(usual) { return .none }
    guard count >= Self.agreementMin else { return .unknown }
    return .endpointIndependent(preservesPort: usual.tcpEndpoint.map { ports.contains($0.port) } ?? false)
  }
}

extension IPAddress {
  fileprivate var isIPv4: Bool {
    if case .v4 = self { true } else { false }
  }
}
