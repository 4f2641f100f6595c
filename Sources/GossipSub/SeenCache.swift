import DequeModule
import SansIO

/// Message ids seen within the last two minutes: of the bounded past, the newest.
struct SeenCache: Sendable {
  private let limit: Int
  private let lifetime: Duration
  private var ids: Set<MessageID> = []
  /// In the order of insertion, which is that of expiry: seeing an id again does not renew it.
  private var order: Deque<(id: MessageID, expiry: Instant)> = []

  init(limit: Int, lifetime: Duration) {
    self.limit = limit
    self.lifetime = lifetime
  }

  var count: Int { ids.count }

  func contains(_ id: MessageID) -> Bool { ids.contains(id) }

  mutating func insert(_ id: MessageID, at now: Instant) {
    guard ids.insert(id).inserted else { return }
    if order.count >= limit, let oldest = order.popFirst() { ids.remove(oldest.id) }
    order.append((id, now + lifetime))
  }

  mutating func expire(at now: Instant) {
    while let oldest = order.first, oldest.expiry <= now {
      order.removeFirst()
      ids.remove(oldest.id)
    }
  }
}
