import DequeModule
import Identity
import SansIO

/// A budget for each peer. Beyond the limit, the first met are forgotten.
struct Budgets: Sendable {
  private let limit: Int
  private let rate: Configuration.Rate
  private var buckets: [PeerID: TokenBucket] = [:]
  private var order: Deque<PeerID> = []

  init(limit: Int, rate: Configuration.Rate) {
    self.limit = limit
    self.rate = rate
  }

  mutating func take(from peer: PeerID, at now: Instant) -> Bool {
    if buckets[peer] == nil {
      if order.count >= limit, let oldest = order.popFirst() { buckets[oldest] = nil }
      buckets[peer] = rate.bucket(at: now)
      order.append(peer)
    }
    return buckets[peer]?.take(at: now) ?? false
  }
}
