package import SansIO

/// All events of a laboratory, in the order in which it learnt of them. Any number of threads follow it,
/// each with a position of its own.
package final class EventLog: Sendable {
  /// A run of an hour with 50 nodes that each say 5 things a second; beyond it events are only counted.
  private let eventsMax: Int
  /// Of what programs say, as they may say it in lines of a megabyte.
  private let bytesMax: Int

  private struct State {
    var events: [LabEvent] = []
    var bytes = 0
    var lost = 0
  }

  private let state = Monitor(State())

  package init(eventsMax: Int = 1 << 20, bytesMax: Int = 512 << 20) {
    self.eventsMax = eventsMax
    self.bytesMax = bytesMax
  }

  func append(_ event: LabEvent) {
    state.withLock { state in
      if state.events.count < eventsMax, state.bytes < bytesMax {
        state.events.append(event)
        state.bytes += event.bytes
      } else {
        state.lost += 1
      }
    }
  }

  /// The position behind the last event.
  package var end: Int { state.peek { $0.events.count } }
  /// Events that were not kept.
  package var lost: Int { state.peek { $0.lost } }

  /// What is there from a position on.
  package func events(from position: Int = 0) -> [LabEvent] {
    state.peek { position < $0.events.count ? Array($0.events[max(0, position)...]) : [] }
  }

  /// Waits for the first event from `position` on that `matches`; moves the position behind it, or, when the
  /// deadline came first, behind what was looked at.
  package func next(
    from position: inout Int, until deadline: Instant, where matches: (LabEvent) -> Bool
  ) -> LabEvent? {
    var cursor = max(0, position)
    defer { position = cursor }
    return state.wait(until: deadline) { state in
      while cursor < state.events.count {
        cursor += 1
        if matches(state.events[cursor - 1]) { return state.events[cursor - 1] }
      }
      return nil
    }
  }
}
