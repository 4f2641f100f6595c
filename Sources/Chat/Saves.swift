import DequeModule

/// What waits to be kept, and why: one batch on its way, the next gathering.
struct Saves: Sendable {
  /// What follows when a write has been kept.
  enum Purpose: Hashable, Sendable {
    /// Ours; it may leave.
    case outgoing(Message)
    /// Of a room; it is told.
    case room(Message, String)
    /// Of a peer; it is confirmed, and told.
    case direct(Message)
    /// It is told.
    case state(MessageKey, DeliveryState)
    case nothing
  }

  private let batchMax: Int
  private var waiting: Deque<(write: Write, purpose: Purpose)> = []
  private var inFlight: (id: SaveID, purposes: [Purpose])?
  private var nextID: UInt64 = 1
  /// Messages of others, waiting or on their way.
  private(set) var incomingCount = 0

  init(batchMax: Int) {
    self.batchMax = batchMax
  }

  /// Nothing is left to be kept.
  var isIdle: Bool { waiting.isEmpty && inFlight == nil }

  mutating func append(_ write: Write, _ purpose: Purpose) {
    waiting.append((write, purpose))
    if purpose.isIncoming { incomingCount += 1 }
  }

  /// The next batch, when none is on its way.
  mutating func nextBatch() -> (id: SaveID, writes: [Write])? {
    guard inFlight == nil, !waiting.isEmpty else { return nil }
    let batch = waiting.prefix(batchMax)
    waiting.removeFirst(batch.count)
    let id = SaveID(rawValue: nextID)
    nextID += 1
    inFlight = (id, batch.map(\.purpose))
    return (id, batch.map(\.write))
  }

  /// Whoever keeps messages answers each batch once and in full: anything else is our own mistake.
  mutating func saved(_ id: SaveID, _ outcomes: [Outcome]) -> [(purpose: Purpose, outcome: Outcome)] {
    guard let (expected, purposes) = inFlight, expected == id, purposes.count == outcomes.count else {
      preconditionFailure(
        "\(outcomes.count) outcomes of \(id) while \(inFlight?.purposes.count ?? 0) are awaited of "
          + "\(String(describing: inFlight?.id))")
    }
    inFlight = nil
    incomingCount -= purposes.count(where: \.isIncoming)
    return [(purpose: Purpose, outcome: Outcome)](zip(purposes, outcomes).map { ($0, $1) })
  }
}

extension Saves.Purpose {
  var isIncoming: Bool {
    switch self {
    case .room, .direct: true
    case .outgoing, .state, .nothing: false
    }
  }
}
