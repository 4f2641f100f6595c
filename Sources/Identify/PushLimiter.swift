// How often a peer may push.

package import Identity
package import SansIO

/// A token bucket for every peer that has pushed lately.
///
/// Of a bucket only the instant is kept at which it will be full again; a full one is no different from none
/// and is forgotten. Keep the limiter longer than the connections: reconnecting must not fill a bucket.
package struct PushLimiter: Sendable {
  private let interval: Duration
  private let burst: Int
  private let peersMax: Int
  private var fullAt = DeadlineQueue<PeerID>()

  /// - Parameters:
  ///   - burst: pushes a quiet peer may send at once.
  ///   - interval: what one more costs. The defaults are go-libp2p's for one address.
  ///   - peersMax: buckets kept; beyond, the fullest is forgotten.
  package init(burst: Int = 10, interval: Duration = .seconds(5), peersMax: Int = 4096) {
    precondition(burst > 0 && peersMax > 0, "a burst of \(burst) for \(peersMax) peers lets nothing through")
    self.interval = interval
    self.burst = burst
    self.peersMax = peersMax
  }

  /// Whether this push may be read; if so it is counted.
  package mutating func allowsPush(from peer: PeerID, at now: Instant) -> Bool {
    while fullAt.popExpired(at: now) != nil {}
    let known = fullAt.deadline(of: peer)
    var bucket = TokenBucket(interval: interval, burst: burst, fullAt: known ?? now)
    guard bucket.take(at: now) else { return false }
    if known == nil, fullAt.count >= peersMax {
      _ = fullAt.popExpired(at: .distantFuture)
    }
    fullAt.set(peer, to: bucket.fullAt)
    return true
  }

  /// Peers with a bucket that is not full.
  package var peerCount: Int { fullAt.count }
}
