import DequeModule

/// The last events, numbered: a ring that every subscriber reads at its own pace.
///
/// A subscriber is a number, the last event it has seen; nothing is queued for it, so any number of slow ones
/// cost nothing. One that falls behind the ring is told how much it missed.
struct EventLog {
  /// Hours of an ordinary node, a second of a busy one; under 2 MiB.
  static let limit = 4096

  private let limit: Int
  private var events: Deque<Event> = []
  private(set) var last: UInt64 = 0

  init(limit: Int = EventLog.limit) {
    self.limit = limit
  }

  @discardableResult
  mutating func append(_ payload: Event.Payload, timeMs: Int64) -> Event {
    last += 1
    if events.count == limit { events.removeFirst() }
    let event = Event(sequence: last, timeMs: timeMs, payload: payload)
    events.append(event)
    return event
  }

  /// The event after number `sequence`, or a gap up to the oldest kept one. Nil when there is none yet.
  ///
  /// A number that has not been given yet comes from an earlier run of the node: everything kept follows it.
  func event(after sequence: UInt64, timeMs: Int64) -> Event? {
    guard let first = events.first?.sequence else { return nil }
    let seen = sequence > last ? 0 : sequence
    if seen == last { return nil }
    if seen + 1 < first {
      return Event(sequence: first - 1, timeMs: timeMs, payload: .gap(missed: first - 1 - seen))
    }
    return events[Int(seen + 1 - first)]
  }
}
