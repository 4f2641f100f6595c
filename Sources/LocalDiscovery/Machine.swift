package import Identity
package import NIOCore
package import SansIO
package import Wire

import OrderedCollections

/// Discovery of peers on the machine's links, and our own announcement there.
package struct Machine: Sendable {
  package enum Event: Hashable, Sendable {
    /// Send this datagram from port 5353 through the link's socket.
    case send(ByteBuffer, on: Link, to: Destination)
    /// A peer is said to be at these addresses: all that are known now, at least one of them new. Without the
    /// peer at their end; link-local IPv6 addresses have their zone.
    case discovered(PeerID, [Multiaddr])
    /// Nothing that was said of a peer holds any longer. That it is not there does not follow.
    case expired(PeerID)
  }

  package enum Destination: Hashable, Sendable {
    /// ``Link/Family/group``, port 5353.
    case group
    case unicast(Endpoint)
  }

  /// RFC 6762, section 2.
  package static let port: UInt16 = 5353

  package let configuration: Configuration
  package internal(set) var counters = Counters()

  let own: PeerID
  /// Our random name, as short as it may be (libp2p specs, discovery/mdns.md).
  let label: [UInt8]
  var generator: SeededGenerator
  var now: Instant
  var interfaces: OrderedDictionary<InterfaceID, Interface> = [:]
  var rhythms: OrderedDictionary<Link, Rhythm> = [:]
  var announcements: [InterfaceID: Announcement] = [:]
  var ownAddresses = OwnAddresses()
  var neighbours: Neighbours
  var limiter: SourceLimiter
  /// The last question on each link, to know it when it comes back.
  var lastQuestions: [Link: ByteBuffer] = [:]
  var events: [Event] = []
  var hasLeft = false

  /// - Parameters:
  ///   - peer: who we are.
  ///   - generator: for our name and for delays; a fork of the node's.
  package init(
    peer: PeerID, configuration: Configuration = .init(), generator: SeededGenerator, now: Instant
  ) {
    own = peer
    self.configuration = configuration
    self.generator = generator
    self.now = now
    label = Self.randomLabel(using: &self.generator)
    neighbours = Neighbours(configuration: configuration)
    limiter = SourceLimiter(configuration: configuration, now: now)
  }

  private static func randomLabel(using generator: inout SeededGenerator) -> [UInt8] {
    let alphabet = [UInt8]("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    return (0..<32).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] }
  }

  // MARK: Inputs

  /// The interfaces there are now. Those that are new or have changed are asked and told anew; what was heard
  /// on those that are gone is forgotten.
  package mutating func interfaces(_ present: [Interface], at now: Instant) {
    self.now = now
    if hasLeft { return }
    let before = interfaces
    interfaces = [:]
    for interface in present { interfaces[interface.id] = interface }
    let links = interfaces.values.flatMap(\.links).prefix(configuration.linksMax)
    forget(Set(rhythms.keys).subtracting(links))
    let announcedBefore = announcements
    announce()
    for link in links {
      let hasChanged =
        before[link.interface] != interfaces[link.interface]
        || announcedBefore[link.interface] != announcements[link.interface]
      if rhythms[link] == nil || hasChanged { restart(link) }
    }
  }

  /// What we listen on: certain addresses, or `/ip4/0.0.0.0/…` and `/ip6/::/…` for every address there is.
  /// Each is announced on the interfaces it belongs to.
  package mutating func announce(_ addresses: [Multiaddr], at now: Instant) {
    self.now = now
    if hasLeft { return }
    ownAddresses.addresses = addresses
    let before = announcements
    announce()
    for link in Array(rhythms.keys) {
      guard let old = before[link.interface], old != announcements[link.interface] else { continue }
      // Nothing left to say: what was said before is taken back.
      if announcements[link.interface]?.addresses.isEmpty == true { sayGoodbye(on: link, of: old) }
      restart(link)
    }
  }

  /// Says goodbye on every link. Nothing is said, heard or due after that.
  package mutating func leave(at now: Instant) {
    self.now = now
    if hasLeft { return }
    for link in rhythms.keys {
      announcements[link.interface].map { sayGoodbye(on: link, of: $0) }
    }
    hasLeft = true
    rhythms = [:]
    neighbours = Neighbours(configuration: configuration)
  }

  // MARK: Time

  package var deadline: Instant? {
    mutating get {
      let first = rhythms.values.lazy.map(\.deadline).min()
      let expiry = neighbours.deadline
      return [first, expiry].compactMap { $0 }.min()
    }
  }

  package mutating func advance(to now: Instant) {
    self.now = now
    for peer in neighbours.expire(at: now) { events.append(.expired(peer)) }
    for link in Array(rhythms.keys) {
      if let topics = rhythms[link]?.takeAnswer(at: now) { multicastAnswer(to: topics, on: link) }
      if let due = rhythms[link]?.questionDue, due <= now { ask(on: link) }
    }
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? {
    events.isEmpty ? nil : events.removeFirst()
  }

  package var peerCount: Int { neighbours.count }

  // MARK: Links

  private mutating func announce() {
    announcements = interfaces.reduce(into: [:]) { announcements, entry in
      let all = ownAddresses.announced(on: entry.value)
      let fitting = all.filter {
        Announcement.text(of: $0, leadingTo: own).count <= Announcement.textBytesMax
      }
      let told = [Multiaddr](fitting.prefix(configuration.announcedAddressesMax))
      counters.addressesUntold += UInt64(all.count - told.count)
      announcements[entry.key] = Announcement(label: label, peer: own, addresses: told)
    }
  }

  private mutating func restart(_ link: Link) {
    if rhythms[link] == nil {
      rhythms[link] = Rhythm(configuration: configuration, generator: &generator, now: now)
    } else {
      rhythms[link]?.restart(configuration: configuration, generator: &generator, now: now)
    }
    guard announcements[link.interface]?.addresses.isEmpty == false else { return }
    rhythms[link]?.announce(
      after: configuration.delay(using: &generator), spacing: configuration.answerSpacing, now: now)
  }

  private mutating func forget(_ links: Set<Link>) {
    if links.isEmpty { return }
    rhythms.removeAll { links.contains($0.key) }
    for link in links { lastQuestions[link] = nil }
    for peer in neighbours.forget(links) { events.append(.expired(peer)) }
  }
}
