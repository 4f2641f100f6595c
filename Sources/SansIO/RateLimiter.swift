/// `burst` at once, then one every `interval`.
package struct Rate: Hashable, Sendable {
  package var burst: Int
  package var interval: Duration

  package init(burst: Int, interval: Duration) {
    self.burst = burst
    self.interval = interval
  }
}

/// A token bucket for every key that asked lately; a full one is no different from none and is forgotten.
package struct RateLimiter<Key: Hashable & Sendable>: Sendable {
  private let rate: Rate
  private let keysMax: Int
  private var fullAt = DeadlineQueue<Key>()

  /// - Parameter keysMax: buckets kept; beyond, the fullest is forgotten.
  package init(_ rate: Rate, keysMax: Int) {
    self.rate = rate
    self.keysMax = keysMax
  }

  /// Whether one more is allowed; if so it is counted. What has no key is not limited.
  package mutating func allows(_ key: Key?, at now: Instant) -> Bool {
    guard let key else { return true }
    while fullAt.popExpired(at: now) != nil {}
    let known = fullAt.deadline(of: key)
    var bucket = TokenBucket(interval: rate.interval, burst: rate.burst, fullAt: known ?? now)
    guard bucket.take(at: now) else { return false }
    if known == nil, fullAt.count >= keysMax { _ = fullAt.popExpired(at: .distantFuture) }
    fullAt.set(key, to: bucket.fullAt)
    return true
  }
}
