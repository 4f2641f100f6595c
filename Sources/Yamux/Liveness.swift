import SansIO

/// Pings: is the peer there, and how far away. One is on its way at a time.
struct Liveness: Sendable {
  enum Ping: Hashable, Sendable {
    case none
    case owed(since: Instant)
    case flying(value: UInt32, sentAt: Instant)
  }

  private(set) var ping = Ping.none
  /// Smoothed over the last few.
  private(set) var roundTrip: Duration?
  private var measuredAt: Instant
  private var lastHeard: Instant
  private var nextValue: UInt32 = 0

  init(now: Instant) {
    measuredAt = now
    lastHeard = now
  }

  var owesPing: Bool {
    if case .owed = ping { true } else { false }
  }

  mutating func heard(at now: Instant) {
    lastHeard = now
  }

  /// Asks for a ping, unless one is under way.
  mutating func request(at now: Instant) {
    if ping == .none { ping = .owed(since: now) }
  }

  /// Data is arriving: window tuning wants an estimate that is not too old.
  mutating func measure(at now: Instant, _ configuration: Configuration) {
    guard ping == .none else { return }
    if roundTrip == nil || now - measuredAt >= configuration.roundTripInterval { request(at: now) }
  }

  /// The ping leaves; the value to send.
  mutating func sent(at now: Instant) -> UInt32 {
    let value = nextValue
    nextValue &+= 1
    ping = .flying(value: value, sentAt: now)
    return value
  }

  enum OnPong: Hashable { case measured(Duration), unexpected }

  mutating func pongReceived(_ value: UInt32, at now: Instant) -> OnPong {
    guard case .flying(value, let sentAt) = ping else { return .unexpected }
    let sample = now - sentAt
    roundTrip = roundTrip.map { ($0 + sample) / 2 } ?? sample
    measuredAt = now
    ping = .none
    return .measured(sample)
  }

  func deadline(_ configuration: Configuration) -> Instant? {
    switch ping {
    case .none: configuration.keepAliveInterval.map { lastHeard + $0 }
    case .owed(let since): since + configuration.keepAliveTimeout
    case .flying(_, let sentAt): sentAt + configuration.keepAliveTimeout
    }
  }

  enum OnAdvance: Hashable { case nothing, pingDue, silent }

  mutating func advance(to now: Instant, _ configuration: Configuration) -> OnAdvance {
    guard let deadline = deadline(configuration), now >= deadline else { return .nothing }
    switch ping {
    case .none:
      request(at: now)
      return .pingDue
    case .owed(let asked), .flying(_, let asked):
      // Go drops answers when many are asked for, and an answer can be stuck behind data: a peer that said
      // anything since is there, and only the measurement is given up.
      let isThere = lastHeard > asked || configuration.keepAliveInterval == nil
      ping = .none
      return isThere ? .nothing : .silent
    }
  }
}
