import Identity
import SansIO
import Wire

private import OrderedCollections

/// Our own addresses as peers saw them. One peer may lie; an address counts once peers in several networks
/// agree, and what differs from peer to peer tells what router stands before us.
struct ObservedAddresses {
  /// Distinct networks that must agree (go-libp2p: 4; a small mesh rarely has that many, and nothing is
  /// dialled on this evidence alone).
  static let agreementMin = 2
  private static let observersMax = 256

  private struct Observation {
    let address: Multiaddr
    let group: AddressGroup?
    /// We dialled, so that a router has chosen what the peer sees; else it is where the peer has dialled.
    let isMapped: Bool
  }

  /// By observer, latest opinion last.
  private var observations: OrderedDictionary<PeerID, Observation> = [:]

  /// Notes what `observer`, connected from `remote`, said our address is: on a connection from or to a port
  /// we listen on.
  mutating func note(_ address: Multiaddr, by observer: PeerID, from remote: Multiaddr, weDialled: Bool) {
    observations.removeValue(forKey: observer)
    observations[observer] = Observation(
      address: address, group: AddressGroup(remote), isMapped: weDialled)
    if observations.count > Self.observersMax { observations.removeFirst() }
  }

  mutating func forget(_ observer: PeerID) { observations.removeValue(forKey: observer) }

  /// We are somewhere else now.
  mutating func forgetAll() { observations.removeAll() }

  /// Every address that anybody has seen, those that are agreed on first.
  var seen: [Multiaddr] {
    var addresses = OrderedSet(agreed)
    for observation in observations.values.reversed() { addresses.append(observation.address) }
    return Array(addresses)
  }

  /// Addresses that peers in at least `agreementMin` networks agree on, most agreed first.
  var agreed: [Multiaddr] {
    var groups: OrderedDictionary<Multiaddr, Set<AddressGroup>> = [:]
    for observation in observations.values {
      if let group = observation.group { groups[observation.address, default: []].insert(group) }
    }
    return groups.filter { $0.value.count >= Self.agreementMin }
      .sorted { left, right in
        left.value.count == right.value.count
          ? left.key.bytes.lexicographicallyPrecedes(right.key.bytes) : left.value.count > right.value.count
      }
      .map(\.key)
  }

  /// How a router maps one port of ours, by what peers in different networks saw of it. IPv4 alone: IPv6
  /// addresses are rarely translated, and several of them are no sign of it.
  func mapping(listening: [Multiaddr]) -> NATDiagnosis.Mapping {
    let ports = Set(listening.compactMap { $0.tcpEndpoint?.port })
    var seen: OrderedDictionary<Multiaddr, Set<AddressGroup>> = [:]
    for observation in observations.values where observation.isMapped {
      guard let group = observation.group, case .v4 = observation.address.host?.ip,
        observation.address.host?.ip?.reach == .global
      else { continue }
      seen[observation.address, default: []].insert(group)
    }
    if let only = seen.keys.first, seen.count == 1 {
      if listening.contains(only) { return .none }
      guard (seen[only]?.count ?? 0) >= Self.agreementMin else { return .unknown }
      return .endpointIndependent(preservesPort: only.tcpEndpoint.map { ports.contains($0.port) } ?? false)
    }
    return seen.isEmpty ? .unknown : .addressDependent
  }
}
