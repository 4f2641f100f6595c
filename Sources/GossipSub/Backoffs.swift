import Identity
import SansIO

/// Until when a peer and we leave each other out of a topic's mesh (gossipsub v1.1, "PRUNE Backoff").
struct Backoffs: Sendable {
  private struct Pair: Hashable {
    let topic: Topic
    let peer: PeerID
  }

  private let limit: Int
  private var ends = DeadlineQueue<Pair>()

  init(limit: Int) {
    self.limit = limit
  }

  var count: Int { ends.count }

  /// Never shortens one that runs. Over the limit the one that ends first goes.
  mutating func extend(_ peer: PeerID, in topic: Topic, to end: Instant) {
    let pair = Pair(topic: topic, peer: peer)
    if let present = ends.deadline(of: pair) {
      if present >= end { return }
    } else if ends.count >= limit {
      _ = ends.popExpired(at: .distantFuture)
    }
    ends.set(pair, to: end)
  }

  func end(of peer: PeerID, in topic: Topic) -> Instant? {
    ends.deadline(of: Pair(topic: topic, peer: peer))
  }

  /// Forgets what ended before `instant`.
  mutating func expire(at instant: Instant) {
    while ends.popExpired(at: instant) != nil {}
  }
}
