import Identity
import SansIO
import Wire

private import OrderedCollections

/// What is known of peers' addresses: bounded, with lifetimes, and with the difference between what a peer
/// signed and what was merely said of it.
struct AddressBook {
  private struct Entry {
    var addresses: OrderedDictionary<Multiaddr, Instant> = [:]
    /// Sequence number of the signed record the addresses are from.
    var recordSequence: UInt64?
  }

  private let peersMax: Int
  private let addressesPerPeerMax: Int
  /// Least recently changed first.
  private var entries: OrderedDictionary<PeerID, Entry> = [:]

  init(limits: Node.Limits) {
    peersMax = limits.bookPeersMax
    addressesPerPeerMax = limits.bookAddressesPerPeerMax
  }

  var count: Int { entries.count }

  /// The addresses of `peer` that have not expired, oldest known first.
  func addresses(of peer: PeerID, at now: Instant) -> [Multiaddr] {
    guard let entry = entries[peer] else { return [] }
    return entry.addresses.compactMap { $0.value > now ? $0.key : nil }
  }

  /// Adds addresses that were seen or said: from a dial, an identify message without a record, a
  /// configuration.
  mutating func add(_ addresses: [Multiaddr], of peer: PeerID, lifetime: Duration, at now: Instant) {
    var entry = entries.removeValue(forKey: peer) ?? Entry()
    for address in addresses {
      let expiry = now + lifetime
      entry.addresses[address] = max(entry.addresses[address] ?? expiry, expiry)
    }
    store(entry, of: peer, at: now)
  }

  /// Replaces a peer's addresses by those of a signed record, unless a newer one is known. Says whether it
  /// did.
  mutating func replace(
    with addresses: [Multiaddr], signedAs sequence: UInt64, of peer: PeerID, lifetime: Duration,
    at now: Instant
  ) -> Bool {
    var entry = entries.removeValue(forKey: peer) ?? Entry()
    let isNews = entry.recordSequence.map { $0 <= sequence } ?? true
    if isNews {
      entry.recordSequence = sequence
      entry.addresses = OrderedDictionary(addresses.map { ($0, now + lifetime) }, uniquingKeysWith: max)
    }
    store(entry, of: peer, at: now)
    return isNews
  }

  /// Forgets what has expired.
  mutating func expire(at now: Instant) {
    for peer in Array(entries.keys) {
      entries[peer]?.addresses.removeAll { $0.value <= now }
    }
    entries.removeAll { $0.value.addresses.isEmpty }
  }

  private mutating func store(_ entry: Entry, of peer: PeerID, at now: Instant) {
    var entry = entry
    if entry.addresses.count > addressesPerPeerMax {
      entry.addresses.removeAll { $0.value <= now }
      let surplus = entry.addresses.count - addressesPerPeerMax
      if surplus > 0 { entry.addresses.removeFirst(surplus) }
    }
    entries[peer] = entry
    if entries.count > peersMax { entries.removeFirst() }
  }
}
