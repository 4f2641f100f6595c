import DequeModule
package import Identity
package import NIOCore
import OrderedCollections
package import SansIO
package import Wire

/// Finds out whether others can reach us, and at which addresses. How it is driven, and what the driver owes
/// it, stands in AutoNAT.swift.
///
/// Addresses are asked about with version 2, and one that is called public was reached: somebody connected to
/// us and said the nonce. Servers that speak only version 1 are asked about the node as a whole, and so are
/// others as long as we have no address to ask about.
package struct Client: Sendable {
  package enum Event: Hashable, Sendable {
    /// Open a stream on a direct connection to this peer; answer with `opened` or `openFailed`.
    case open(OpenID, ProtocolName, to: PeerID)
    case write(ByteBuffer, on: StreamHandle)
    case consumed(Int, on: StreamHandle)
    /// Nothing more will be sent on it.
    case finish(StreamHandle)
    case reset(StreamHandle)
    /// What is known of one of our addresses has changed.
    case addressChanged(Multiaddr, Reachability)
    /// What is known of the node, or which addresses are known to work, has changed.
    case reachability(Reachability, [Multiaddr])
  }

  enum Due: Hashable, Sendable {
    case asking
    case question(PeerID)
    /// A stream that has served, or a dial-back one.
    case stream(StreamHandle)
  }

  package let own: PeerID
  package let configuration: ClientConfiguration
  package internal(set) var counters = ClientCounters()
  /// What was told last.
  package internal(set) var reachability = Reachability.unknown
  package internal(set) var confirmedAddresses: [Multiaddr] = []

  var generator: SeededGenerator
  var now: Instant
  var events: Deque<Event> = []
  var deadlines = DeadlineQueue<Due>()

  var servers: OrderedDictionary<PeerID, KnownServer> = [:]
  /// In the order in which they are asked about.
  var candidates: OrderedDictionary<Multiaddr, Candidate> = [:]
  var ownIPs: Set<IPAddress> = []
  var node = Inquiry()
  var inquiries: [Multiaddr: Inquiry] = [:]

  /// In flight, by who is asked.
  var questions: OrderedDictionary<PeerID, Question> = [:]
  var opening: [OpenID: PeerID] = [:]
  var streams: [StreamHandle: PeerID] = [:]
  var openNumber: UInt64 = 0
  var dialBacks: [StreamHandle: DialBack] = [:]
  var dialDataBudget: TokenBucket
  /// Nothing is asked before.
  var quietUntil: Instant

  /// - Parameters:
  ///   - own: who we are.
  ///   - generator: for jitter and nonces, which need only be unlikely to be guessed by somebody who is not
  ///     asked; a fork of the node's.
  package init(
    own: PeerID, configuration: ClientConfiguration = .init(), generator: SeededGenerator, now: Instant
  ) {
    self.own = own
    self.configuration = configuration
    self.generator = generator
    self.now = now
    quietUntil = now + configuration.bootDelay
    dialDataBudget = TokenBucket(
      interval: configuration.dialDataRate.interval, burst: configuration.dialDataRate.burst, now: now)
  }

  // MARK: Commands

  /// A peer speaks these versions, or others than before. Only of peers with a direct connection.
  /// - Parameter remote: where that connection leads.
  package mutating func serverFound(
    _ peer: PeerID, speaks versions: Set<Version>, at remote: Multiaddr, now: Instant
  ) {
    self.now = now
    guard !versions.isEmpty else { return serverLost(peer, at: now) }
    guard !remote.isCircuit, let ip = remote.host?.ip?.unmapped,
      ip.isDialable(privateToo: configuration.allowsPrivate)
    else {
      counters.serversDropped += 1
      return serverLost(peer, at: now)
    }
    if servers[peer]?.ip == ip {
      servers[peer]?.versions = versions
    } else {
      serverLost(peer, at: now)
      let server = KnownServer(versions, at: ip, rank: generator.next(), now: now)
      let neighbours = servers.values.count { $0.network == server.network }
      guard servers.count < configuration.serversMax, neighbours < configuration.serversPerNetworkMax else {
        counters.serversDropped += 1
        return
      }
      servers[peer] = server
    }
    ask()
  }

  /// The last direct connection to a peer is gone.
  package mutating func serverLost(_ peer: PeerID, at now: Instant) {
    self.now = now
    if servers[peer] == nil { return }
    if questions[peer] != nil {
      counters.requestsFailed += 1
      drop(peer)
    }
    servers.removeValue(forKey: peer)
    ask()
  }

  /// All the addresses that others might reach us at, best first among those of one source. What is known of
  /// those that stay is kept.
  package mutating func candidatesChanged(_ changed: [Candidate], at now: Instant) {
    self.now = now
    var kept: OrderedDictionary<Multiaddr, Candidate> = [:]
    var observed = 0
    let askable = changed.compactMap { $0.askable(privateToo: configuration.allowsPrivate) }
    for source in [Candidate.Source.announced, .listened, .agreed, .observed] {
      for candidate in askable where candidate.source == source && kept[candidate.address] == nil {
        guard kept.count < configuration.candidatesMax else { break }
        if source == .observed {
          observed += 1
          guard observed <= configuration.observedMax else { break }
        }
        kept[candidate.address] = candidate
      }
    }
    counters.candidatesDropped += UInt64(changed.count - kept.count)
    candidates = kept
    ownIPs = Set(kept.keys.compactMap { $0.host?.ip?.unmapped })
    inquiries = inquiries.filter { kept[$0.key] != nil }
    for address in kept.keys where inquiries[address] == nil { inquiries[address] = Inquiry() }
    review()
    ask()
  }

  /// We are somewhere else now: nothing that was known holds.
  package mutating func networkChanged(at now: Instant) {
    self.now = now
    for peer in questions.keys { drop(peer) }
    let known = candidates.keys.filter { reachability(of: $0) != .unknown }
    node = Inquiry()
    inquiries = inquiries.mapValues { _ in Inquiry() }
    for address in known { events.append(.addressChanged(address, .unknown)) }
    quietUntil = now + configuration.bootDelay
    review()
    ask()
  }

  // MARK: What there is

  package func reachability(of address: Multiaddr) -> Reachability {
    address.withoutPeer.flatMap { inquiries[$0] }?.votes.conclusion ?? .unknown
  }
  package var serverCount: Int { servers.count }
  package var candidateCount: Int { candidates.count }
  package var questionCount: Int { questions.count }

  // MARK: Time

  package var deadline: Instant? {
    mutating get { deadlines.earliest }
  }

  package mutating func advance(to now: Instant) {
    self.now = now
    while let due = deadlines.popExpired(at: now) {
      switch due {
      case .asking:
        forgetOldVotes()
        ask()
      case .question(let peer): questionIsLate(peer)
      case .stream(let stream):
        dialBackIsLate(stream)
        events.append(.reset(stream))
      }
    }
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? { events.popFirst() }
}
