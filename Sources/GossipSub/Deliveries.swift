import Identity
import SansIO

/// Messages between arrival and verdict, and for a moment after it: who sent each, so that credit and blame
/// find all of them.
struct Deliveries: Sendable {
  enum State: Sendable {
    /// The application has been asked.
    case awaiting(Message, SharedMessage)
    /// Accepted; a copy that comes until then is as good as the first (P3).
    case accepted(Topic, until: Instant)
  }

  private struct Record {
    var state: State
    /// All who sent it, first come first.
    var senders: [PeerID]
  }

  /// Enough for a mesh and those who answered our asking; more copies change nothing.
  private static let sendersMax = 32

  private let limit: Int
  private var records: [MessageID: Record] = [:]
  private var ends = DeadlineQueue<MessageID>()

  init(limit: Int) {
    self.limit = limit
  }

  var count: Int { records.count }
  var isFull: Bool { records.count >= limit }

  mutating func insert(_ id: MessageID, _ state: State, from senders: [PeerID], until end: Instant) {
    records[id] = Record(state: state, senders: senders)
    ends.set(id, to: end)
  }

  /// Notes a further copy. The topic, if it counts as delivered in time and the peer had not delivered
  /// before.
  mutating func duplicate(_ id: MessageID, from peer: PeerID, at now: Instant) -> Topic? {
    guard !records.isEmpty, let index = records.index(forKey: id) else { return nil }
    let senders = records.values[index].senders
    guard senders.count < Self.sendersMax, !senders.contains(peer) else { return nil }
    records.values[index].senders.append(peer)
    switch records.values[index].state {
    case .awaiting: return nil  // credited with the verdict
    case .accepted(let topic, let end): return now <= end ? topic : nil
    }
  }

  /// Takes a message that awaits its verdict.
  mutating func takeAwaiting(_ id: MessageID) -> (message: Message, shared: SharedMessage, senders: [PeerID])?
  {
    guard let record = records[id], case .awaiting(let message, let shared) = record.state else { return nil }
    records[id] = nil
    ends.set(id, to: nil)
    return (message, shared, record.senders)
  }

  /// Forgets what is over, and counts the messages among it that never had a verdict.
  mutating func expire(at now: Instant) -> UInt64 {
    var forgotten: UInt64 = 0
    while let id = ends.popExpired(at: now) {
      if case .awaiting = records.removeValue(forKey: id)?.state { forgotten += 1 }
    }
    return forgotten
  }
}
