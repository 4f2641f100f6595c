import Identity
import SansIO
import Wire

private import OrderedCollections

/// Our own addresses as peers saw them. One peer may lie; an address counts once peers in several networks
/// agree.
struct ObservedAddresses {
  /// Distinct networks that must agree (go-libp2p: 4; a small mesh rarely has that many, and nothing is
  /// dialled on this evidence alone).
  static let agreementMin = 2
  private static let observersMax = 256

  private struct Observation {
    let address: Multiaddr
    let group: AddressGroup?
  }

  /// By observer, latest opinion last.
  private var observations: OrderedDictionary<PeerID, Observation> = [:]

  /// Notes what `observer`, connected from `remote`, said our address is.
  mutating func note(_ address: Multiaddr, by observer: PeerID, from remote: Multiaddr) {
    observations.removeValue(forKey: observer)
    observations[observer] = Observation(address: address, group: AddressGroup(remote))
    if observations.count > Self.observersMax { observations.removeFirst() }
  }

  mutating func forget(_ observer: PeerID) { observations.removeValue(forKey: observer) }

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
}
