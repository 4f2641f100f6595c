import Identity
import SansIO
import Wire

/// What is known of one peer, and what goes on with it.
struct Upgrade: Sendable {
  struct Relayed: Sendable {
    let connection: ConnectionID
    let isInbound: Bool
  }

  /// What identify says.
  struct Description: Hashable, Sendable {
    var speaksDCUtR: Bool
    /// Worth a dial.
    var addresses: [Multiaddr]
  }

  /// B's, of one series.
  enum Phase: Sendable {
    case resting
    /// It would begin, but too many go on.
    case queued
    /// The plain dial alone.
    case dialling
    case opening(OpenID)
    case asking(StreamHandle, since: Instant)
    /// A has answered, but the plain dial's TCP stands: no SYNC before that has failed.
    case holding(StreamHandle, Exchange)
    /// SYNC is on its way.
    case timing(Exchange)
    case punching
  }

  /// Both CONNECTs.
  struct Exchange: Sendable {
    let theirs: Candidates
    let ours: Candidates
    let roundTrip: Duration
  }

  /// Dials that are on their way.
  struct Attempt: Sendable {
    let id: AttemptID
    let side: Side
    let number: Int
    let role: Role
    let startedAt: Instant
    let exchange: Exchange
    /// TCP stands, or stood.
    var isConnected = false
  }

  struct Dial: Sendable {
    let id: AttemptID
    let startedAt: Instant
    var isConnected = false
  }

  var relayed: [Relayed] = []
  var description: Description?
  var lastFailure: Failure?
  /// The roles are the other way round with this peer, by what was seen last.
  var isReversed = false

  // B's.
  var phase = Phase.resting
  /// Of the series that goes on, or the last one.
  var attempt = 0
  var attemptStartedAt = Instant.zero
  var dial: Dial?
  /// Series that failed, since one succeeded or something of ours changed.
  var failures = 0
  /// Before this no series begins.
  var notBefore = Instant.zero
  /// Something changed while a series went on, so that the next one is worth while soon.
  var isStale = false
  var saidNotSpoken = false
  var prompts: TokenBucket

  // A's.
  /// The peer's last attempt.
  var answered = 0
  var answeredAt = Instant.zero
  var streams: TokenBucket

  /// Of either side.
  var punch: Attempt?

  init(_ configuration: Configuration, now: Instant) {
    prompts = TokenBucket(
      interval: configuration.promptInterval, burst: configuration.promptsBurst, now: now)
    streams = TokenBucket(
      interval: configuration.streamInterval, burst: configuration.streamsPerPeerBurst, now: now)
  }

  /// Where our stream goes: the newest connection that the peer dialled.
  var inbound: ConnectionID? { relayed.last { $0.isInbound }?.connection }

  var isResting: Bool {
    if case .resting = phase { true } else { false }
  }

  var isQueued: Bool {
    if case .queued = phase { true } else { false }
  }

  /// A series of ours goes on.
  var isStarting: Bool { !isResting && !isQueued }

  /// A series of ours has come to a stream of its own.
  var isExchanging: Bool {
    switch phase {
    case .resting, .queued, .dialling: false
    case .opening, .asking, .holding, .timing, .punching: true
    }
  }

  /// Counts among those that go on at once.
  var isActive: Bool { isStarting || punch != nil }
}
