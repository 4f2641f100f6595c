import DequeModule
import Identity
import SansIO

/// IWANTs that wait for their messages. Of each, one id chosen at random is watched: a peer that announces
/// what it does not have is caught soon enough (gossipsub v1.1, "Spam Protection Measures").
struct Promises: Sendable {
  private struct Promise {
    let id: MessageID
    let peer: PeerID
    let deadline: Instant
  }

  private let limit: Int
  private let patience: Duration
  /// Who promised each id that is still missing.
  private var missing: [MessageID: [PeerID]] = [:]
  /// In the order of their deadlines. May hold promises already kept.
  private var order: Deque<Promise> = []

  init(limit: Int, patience: Duration) {
    self.limit = limit
    self.patience = patience
  }

  var count: Int { order.count }

  mutating func add(_ id: MessageID, by peer: PeerID, at now: Instant) {
    // Over the limit peers go unwatched for a while, which costs nobody.
    guard order.count < limit, !(missing[id]?.contains(peer) ?? false) else { return }
    missing[id, default: []].append(peer)
    order.append(Promise(id: id, peer: peer, deadline: now + patience))
  }

  /// The message came, from whomever.
  mutating func fulfil(_ id: MessageID) {
    if !missing.isEmpty { missing[id] = nil }
  }

  /// The next peer whose promise was not kept in time.
  mutating func popBroken(at now: Instant) -> PeerID? {
    while let first = order.first, first.deadline <= now {
      order.removeFirst()
      guard let index = missing[first.id]?.firstIndex(of: first.peer) else { continue }
      missing[first.id]?.remove(at: index)
      if missing[first.id]?.isEmpty ?? false { missing[first.id] = nil }
      return first.peer
    }
    return nil
  }
}
