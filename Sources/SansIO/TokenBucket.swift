/// A rate limit: `burst` at once, then one every `interval`; what is refused costs nothing.
///
/// All it changes is one instant, the one at which it will be full again (the generic cell rate algorithm,
/// ITU-T I.371), so whoever has thousands may keep those alone.
package struct TokenBucket: Sendable {
  package let interval: Duration
  package let burst: Int
  /// When the bucket will be full again; how far ahead of now it lies says how much is spent.
  package private(set) var fullAt: Instant

  package init(interval: Duration, burst: Int, fullAt: Instant) {
    precondition(burst > 0 && interval > .zero, "a bucket of \(burst) every \(interval)")
    self.interval = interval
    self.burst = burst
    self.fullAt = fullAt
  }

  /// A full one.
  package init(interval: Duration, burst: Int, now: Instant) {
    self.init(interval: interval, burst: burst, fullAt: now)
  }

  /// Takes a token, or says that there is none.
  package mutating func take(at now: Instant) -> Bool {
    let refilled = max(fullAt, now)
    guard refilled + interval - now <= interval * burst else { return false }
    fullAt = refilled + interval
    return true
  }

  /// True when nothing is spent, so that the bucket can be forgotten.
  package func isFull(at now: Instant) -> Bool { fullAt <= now }
}
