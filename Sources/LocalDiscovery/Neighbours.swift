import Identity
import OrderedCollections
import SansIO
import Wire

/// Who is on our links, and where: every address with the time until which it may be believed.
///
/// Peers are told apart by their peer id alone. Instance names matter only for goodbyes and known answers:
/// some implementations use a new one in every packet.
struct Neighbours: Sendable {
  /// What one packet says of one peer.
  struct Report {
    let peer: PeerID
    let name: Name
    let addresses: [Address]
    let ttlSeconds: UInt32
    /// What the sender said before and does not say now is over.
    let isComplete: Bool
    let source: IPAddress
    let link: Link
  }

  struct Address: Hashable, Sendable {
    let multiaddr: Multiaddr
    /// Not on this link or in this network.
    let isFar: Bool
  }

  private struct Peer: Sendable {
    /// Who told of it first, to whose share it counts.
    let source: IPAddress
    /// At most one for each link.
    var sightings: [Sighting] = []
  }

  fileprivate struct Sighting: Sendable {
    let link: Link
    var name: Name
    var heardAt: Instant
    var ttlSeconds: UInt32
    var addresses: [HeardAddress] = []
  }

  fileprivate struct HeardAddress: Sendable {
    let address: Address
    var source: IPAddress
    var heardAt: Instant
    var expiry: Instant
  }

  private struct LinkName: Hashable {
    let link: Link
    let name: Name
  }

  private let configuration: Configuration
  private var peers: OrderedDictionary<PeerID, Peer> = [:]
  private var names: [LinkName: PeerID] = [:]
  private var peersBySource: [IPAddress: Int] = [:]
  private var expiries = DeadlineQueue<PeerID>()

  init(configuration: Configuration) {
    self.configuration = configuration
  }

  var count: Int { peers.count }

  var deadline: Instant? {
    mutating get { expiries.earliest }
  }

  /// Everywhere a peer may be reached.
  func addresses(of peer: PeerID) -> [Multiaddr] {
    var union: OrderedSet<Multiaddr> = []
    for sighting in peers[peer]?.sightings ?? [] {
      for heard in sighting.addresses { union.append(heard.address.multiaddr) }
    }
    return union.elements
  }

  // MARK: Hearing

  /// Takes in what a packet says. True when it has an address that was not known.
  mutating func hear(_ report: Report, at now: Instant, counting counters: inout Counters) -> Bool {
    guard admit(report, counting: &counters), var peer = peers[report.peer] else { return false }
    let before = addresses(of: report.peer)
    let index = peer.sightings.firstIndex { $0.link == report.link } ?? peer.sightings.endIndex
    if index == peer.sightings.endIndex {
      peer.sightings.append(
        Sighting(link: report.link, name: report.name, heardAt: now, ttlSeconds: report.ttlSeconds))
    }
    forgetName(of: peer.sightings[index])
    names[LinkName(link: report.link, name: report.name)] = report.peer
    peer.sightings[index].take(report, configuration, at: now, counting: &counters)
    peers[report.peer] = peer
    schedule(report.peer)
    return addresses(of: report.peer).contains { !before.contains($0) }
  }

  private mutating func admit(_ report: Report, counting counters: inout Counters) -> Bool {
    if peers[report.peer] != nil { return true }
    let share = peersBySource[report.source] ?? 0
    guard peers.count < configuration.peersMax, share < configuration.peersPerSourceMax else {
      counters.excessPeers += 1
      return false
    }
    peersBySource[report.source] = share + 1
    peers[report.peer] = Peer(source: report.source)
    return true
  }

  /// An instance says goodbye, for what the same sender said. It is kept for a moment, in case that was a lie
  /// or a mistake.
  mutating func farewell(_ name: Name, from source: IPAddress, on link: Link, at now: Instant) {
    guard let id = names[LinkName(link: link, name: name)] else { return }
    let end = now + configuration.goodbyeDelay
    for index in peers[id]?.sightings.indices ?? 0..<0 where peers[id]?.sightings[index].link == link {
      peers[id]?.sightings[index].end(by: end, from: source)
    }
    schedule(id)
  }

  // MARK: Forgetting

  /// Forgets what is no longer to be believed, and gives the peers of whom nothing is left.
  mutating func expire(at now: Instant) -> [PeerID] {
    var gone: [PeerID] = []
    while let id = expiries.popExpired(at: now) {
      forget(id, where: { _, expiry in expiry <= now }, gone: &gone)
    }
    return gone
  }

  /// Forgets what was heard on links that are no more.
  mutating func forget(_ links: Set<Link>) -> [PeerID] {
    var gone: [PeerID] = []
    for id in Array(peers.keys) { forget(id, where: { link, _ in links.contains(link) }, gone: &gone) }
    return gone
  }

  private mutating func forget(_ id: PeerID, where isOver: (Link, Instant) -> Bool, gone: inout [PeerID]) {
    guard var peer = peers[id] else { return }
    for index in peer.sightings.indices {
      let link = peer.sightings[index].link
      peer.sightings[index].addresses.removeAll { isOver(link, $0.expiry) }
      if peer.sightings[index].addresses.isEmpty { forgetName(of: peer.sightings[index]) }
    }
    peer.sightings.removeAll { $0.addresses.isEmpty }
    peers[id] = peer
    guard peer.sightings.isEmpty else { return schedule(id) }
    peers[id] = nil
    expiries.set(id, to: nil)
    let share = (peersBySource[peer.source] ?? 0) - 1
    peersBySource[peer.source] = share > 0 ? share : nil
    gone.append(id)
  }

  private mutating func forgetName(of sighting: Sighting) {
    names[LinkName(link: sighting.link, name: sighting.name)] = nil
  }

  private mutating func schedule(_ id: PeerID) {
    let first = peers[id]?.sightings.lazy.flatMap { $0.addresses.map(\.expiry) }.min()
    expiries.set(id, to: first)
  }

  // MARK: Known answers

  /// Instances on a link that need not be told again yet, the latest heard first, with the seconds they are
  /// still good for (RFC 6762, section 7.1).
  func knownInstances(on link: Link, at now: Instant) -> [(name: Name, ttlSeconds: UInt32)] {
    let fresh = peers.values.lazy.flatMap(\.sightings).filter { $0.link == link && $0.isFresh(at: now) }
    var bytesLeft = configuration.knownAnswersBytesMax
    return fresh.sorted { $0.heardAt > $1.heardAt }.prefix {
      bytesLeft -= $0.name.bytes.count
      return bytesLeft >= 0
    }.map {
      let age = (now - $0.heardAt).components.seconds
      return ($0.name, $0.ttlSeconds - UInt32(clamping: age))
    }
  }

  /// Whether an instance need not be told again yet.
  func isFresh(_ name: Name, on link: Link, at now: Instant) -> Bool {
    guard let id = names[LinkName(link: link, name: name)] else { return false }
    return peers[id]?.sightings.contains { $0.link == link && $0.isFresh(at: now) } ?? false
  }
}

extension Neighbours.Sighting {
  /// Half of its time has not passed.
  fileprivate func isFresh(at now: Instant) -> Bool { now - heardAt < .seconds(Int64(ttlSeconds)) / 2 }

  fileprivate mutating func take(
    _ report: Neighbours.Report, _ configuration: Configuration, at now: Instant,
    counting counters: inout Counters
  ) {
    (name, heardAt, ttlSeconds) = (report.name, now, report.ttlSeconds)
    if report.isComplete { outdate(report, at: now) }
    let expiry = now + .seconds(Int64(report.ttlSeconds))
    for address in report.addresses {
      if let index = addresses.firstIndex(where: { $0.address == address }) {
        (addresses[index].source, addresses[index].heardAt) = (report.source, now)
        addresses[index].expiry = expiry
        continue
      }
      let hasRoom =
        addresses.count < configuration.addressesPerPeerMax
        && (!address.isFar || addresses.count { $0.address.isFar } < configuration.farAddressesPerPeerMax)
      guard hasRoom else {
        counters.excessAddresses += 1
        continue
      }
      addresses.append(.init(address: address, source: report.source, heardAt: now, expiry: expiry))
    }
  }

  /// What the same sender said more than a second ago and does not say now (RFC 6762, section 10.2).
  private mutating func outdate(_ report: Neighbours.Report, at now: Instant) {
    for index in addresses.indices
    where addresses[index].source == report.source && now - addresses[index].heardAt > .seconds(1) {
      addresses[index].expiry = min(addresses[index].expiry, now + .seconds(1))
    }
  }

  fileprivate mutating func end(by instant: Instant, from source: IPAddress) {
    for index in addresses.indices where addresses[index].source == source {
      addresses[index].expiry = min(addresses[index].expiry, instant)
    }
  }
}
