import DequeModule
import Identity
package import SansIO

// Leaving without a stampede: nothing new is taken, and those who are here go one after the other.
extension Service {
  struct Draining: Sendable {
    var waiting: Deque<PeerID>
    let interval: Duration
  }

  /// Takes no more reservations and circuits, and ends the reservations one by one, evenly over `period`.
  /// The protocol has no word for it: a peer learns that its slot is gone when its connection closes, which
  /// `release` asks for, and by then the driver should have let the bytes of its circuits leave.
  package mutating func drain(over period: Duration, at now: Instant) {
    self.now = now
    guard draining == nil else { return }
    let order = slots.sorted { left, right in
      (rank(left.key), left.value.number) < (rank(right.key), right.value.number)
    }
    draining = Draining(
      waiting: Deque(order.map(\.key)), interval: order.isEmpty ? .zero : period / order.count)
    drainNext()
  }

  private func rank(_ peer: PeerID) -> Int {
    switch configuration.drainOrder {
    case .idleFirst: min(circuitsPerPeer[peer], 1)
    case .oldestFirst: 0
    }
  }

  mutating func drainNext() {
    while let peer = draining?.waiting.popFirst() {
      // One that left by itself in the meantime needs no turn.
      guard slots[peer] != nil else { continue }
      release(peer)
      guard let interval = draining?.interval, interval > .zero else { continue }
      deadlines.set(.drain, to: now + interval)
      return
    }
    for id in circuits.keys.sorted() { close(id, .drained) }
    events.append(.drained)
  }

  private mutating func release(_ peer: PeerID) {
    endReservation(of: peer, .drained)
    let theirs = circuits.filter { $0.value.target == peer || $0.value.initiator == peer }
    for id in theirs.keys.sorted() { close(id, .drained) }
    events.append(.release(peer))
  }
}
