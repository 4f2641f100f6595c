// How often a peer may push.

package import Identity
package import SansIO

/// A token bucket for every peer that has pushed lately.
///
/// A bucket is one instant, the one at which it will be full again (the generic cell rate algorithm, ITU-T
/// I.371); a full one is no different from none and is forgotten. Keep the limiter longer than the
/// connections: reconnecting must not fill a bucket.
package struct PushLimiter: Sendable {
  private let interval: Duration
  /// How far ahead of now a bucket may be from full and still give a token.
  private let tolerance: Duration
  private let peersMax: Int
  private var fullAt = DeadlineQueue<PeerID>()

  /// - Parameters:
  ///   - burst: pushes a quiet peer may send at once.
  ///   - interval: what one more costs. The defaults are go-libp2p's for one address.
  ///   - peersMax: buckets kept; beyond, the fullest is forgotten.
  package init(burst: Int = 10, interval: Duration = .seconds(5), peersMax: Int = 4096) {
    precondition(burst > 0 && peersMax > 0, "a burst of \(burst) for \(peersMax) peers lets nothing through")
    self.interval = interval
    self.peersMax = peersMax
    tolerance = interval * (burst - 1)
  }

  /// Whether this push may be read; if so it is counted.
  package mutating func allowsPush(from peer: PeerID, at now: Instant) -> Bool {
    while fullAt.popExpired(at: now) != nil {}
    let isFullAt = fullAt.deadline(of: peer) ?? now
    guard isFullAt - now <= tolerance else { return false }
    if fullAt.deadline(of: peer) == nil, fullAt.count >= peersMax {
      _ = fullAt.popExpired(at: .distantFuture)
    }
    fullAt.set(peer, to: isFullAt + interval)
    return true
  }

  /// Peers with a bucket that is not full.
  package var peerCount: Int { fullAt.count }
}
