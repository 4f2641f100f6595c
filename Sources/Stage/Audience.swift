import Lab
import SansIO
import Scenario
import Verdict

/// What the nodes have said so far, for steps that wait.
final class Audience: Sendable {
  private let events: EventLog
  private let cast: Cast
  private let seen = Monitor(Seen())

  private struct Seen {
    var states = NodeStates()
    var position = 0
  }

  init(_ events: EventLog, _ cast: Cast) {
    self.events = events
    self.cast = cast
  }

  func hears(_ fact: Fact) -> Bool {
    seen.withLock { seen in
      let new = events.events(from: seen.position)
      seen.position += new.count
      for event in new {
        switch event.kind {
        case .started: seen.states.started(event.host)
        case .api(_, let line):
          if let event = NodeEvent(host: event.host, at: event.at, line: line, cast.host(of:)) {
            seen.states.receive(event)
          }
        case .line, .ended, .note: break
        }
      }
      return seen.states.holds(fact)
    }
  }

  func missing(for fact: Fact) -> [String] { seen.peek { $0.states.missing(for: fact) } }

  /// Until there is something new, or the deadline.
  func awaitMore(until deadline: Instant) {
    var position = seen.peek { $0.position }
    _ = events.next(from: &position, until: deadline) { _ in true }
  }
}
