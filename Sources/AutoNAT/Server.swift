import DequeModule
package import Identity
package import NIOCore
package import SansIO
package import Wire

/// Tells peers whether they can be reached, by trying. How it is driven, and what the driver owes it, stands
/// in AutoNAT.swift.
package struct Server: Sendable {
  package enum Event: Hashable, Sendable {
    /// Connect there and nowhere else, from a fresh port; answer with `dialed` or `dialFailed`.
    case dial(DialKey, Multiaddr, expecting: PeerID)
    /// Nobody waits for it any more.
    case cancelDial(DialKey)
    /// Answer with `opened` or `openFailed`.
    case open(OpenID, ProtocolName, on: ConnectionID)
    /// A connection that was dialled has served.
    case closeConnection(ConnectionID)
    case write(ByteBuffer, on: StreamHandle)
    case consumed(Int, on: StreamHandle)
    /// Nothing more will be sent on it.
    case finish(StreamHandle)
    case reset(StreamHandle)
  }

  package let configuration: ServerConfiguration
  package internal(set) var counters = ServerCounters()

  var generator: SeededGenerator
  var now: Instant
  var events: Deque<Event> = []
  /// Of each stream that a peer has opened, whatever its request waits for.
  var deadlines = DeadlineQueue<StreamHandle>()
  var rule: DialRule

  var requests: [StreamHandle: Request] = [:]
  var streamsOfPeer: [PeerID: Int] = [:]
  var unansweredOfPeer: [PeerID: Int] = [:]
  /// What is asked of the driver, and for which stream.
  var dials: [DialKey: StreamHandle] = [:]
  var opening: [OpenID: StreamHandle] = [:]
  var dialBacks: [StreamHandle: StreamHandle] = [:]
  var dialNumber: UInt64 = 0
  var openNumber: UInt64 = 0
  var limiters: [Version: Limiters]
  var dataRate: TokenBucket

  /// Rates of one version.
  struct Limiters: Sendable {
    private var all: TokenBucket
    private var ofPeer: RateLimiter<PeerID>
    private var ofHost: RateLimiter<AddressPrefix>

    init(_ all: Rate, _ perPeer: Rate, _ perHost: Rate, keysMax: Int, now: Instant) {
      self.all = TokenBucket(interval: all.interval, burst: all.burst, now: now)
      ofPeer = RateLimiter(perPeer, keysMax: keysMax)
      ofHost = RateLimiter(perHost, keysMax: keysMax)
    }

    /// The peer's and the address' own come first: who asks too often takes nothing of what others share.
    mutating func allow(_ peer: PeerID, from ip: IPAddress?, at now: Instant) -> Bool {
      let host = ip.flatMap { $0.isLoopback ? nil : AddressPrefix.host(of: $0) }
      return ofPeer.allows(peer, at: now) && ofHost.allows(host, at: now) && all.take(at: now)
    }
  }

  /// - Parameters:
  ///   - transports: what this node is able to dial.
  ///   - generator: for delays and amounts; a fork of the node's.
  package init(
    transports: Transports, configuration: ServerConfiguration = .init(), generator: SeededGenerator,
    now: Instant
  ) {
    self.configuration = configuration
    self.generator = generator
    self.now = now
    rule = DialRule(transports: transports, allowsPrivate: configuration.allowsPrivate)
    let keysMax = configuration.ratesMax
    limiters = [
      .v1: Limiters(
        configuration.v1Rate, configuration.v1RatePerPeer, configuration.v1RatePerAddress, keysMax: keysMax,
        now: now),
      .v2: Limiters(
        configuration.v2Rate, configuration.v2RatePerPeer, configuration.v2RatePerAddress, keysMax: keysMax,
        now: now),
    ]
    dataRate = TokenBucket(
      interval: configuration.v2RateOfData.interval, burst: configuration.v2RateOfData.burst, now: now)
  }

  // MARK: Commands

  /// What this node is able to dial.
  package var transports: Transports {
    get { rule.transports }
    set { rule.transports = newValue }
  }

  /// Ours, as far as we know: nobody is told anything about them.
  package mutating func ownAddressesChanged(_ addresses: [Multiaddr]) {
    rule.own = Set(addresses.compactMap { $0.isCircuit ? nil : $0.host?.ip?.unmapped })
  }

  // MARK: What there is

  package var streamCount: Int { requests.count }
  /// Dials that the driver has not answered and that somebody waits for.
  package var dialCount: Int { dials.count }

  // MARK: Time

  package var deadline: Instant? {
    mutating get { deadlines.earliest }
  }

  package mutating func advance(to now: Instant) {
    self.now = now
    while let stream = deadlines.popExpired(at: now) { isDue(stream) }
  }

  private mutating func isDue(_ stream: StreamHandle) {
    guard let request = requests[stream] else { return }
    switch request.phase {
    case .reading, .collecting: violated(stream, .timedOut)
    case .trying: trialIsOver(stream)
    case .delaying(let choice): dial(choice, for: stream)
    case .dialing(let choice, _):
      counters.dialsFailed += 1
      abandon(request.phase)
      answer(stream, choice, .dialError)
    case .opening(let choice, _, _), .greeting(let choice, _, _, _):
      counters.dialBacksFailed += 1
      abandon(request.phase)
      answer(stream, choice, .dialBackError)
    case .answered:
      forget(stream)
      events.append(.reset(stream))
    }
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? { events.popFirst() }
}
