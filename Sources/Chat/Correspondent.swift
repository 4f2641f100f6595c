import DequeModule
import SansIO

/// A peer that direct messages of ours wait for.
struct Correspondent: Sendable {
  enum Link: Hashable, Sendable {
    case none
    /// A stream was asked for. `progress`: the peer has kept a message on it.
    case stream(progress: Bool)
  }

  /// Messages of ours to this peer, in whatever state.
  var count = 0
  /// Kept and not on a stream, by identifier; oldest first.
  var waiting: Deque<String> = []
  /// On the stream and not confirmed; oldest first. Never more than a stream's window.
  var given: [String] = []
  var link = Link.none
  /// Attempts in a row that brought nothing.
  var failures = 0

  var hasStream: Bool { link != .none }

  /// The stream is gone; what was on it goes again, in the old order.
  mutating func streamLost() {
    link = .none
    waiting.insert(contentsOf: given, at: 0)
    given = []
  }

  mutating func remove(_ id: String) {
    waiting.removeAll { $0 == id }
    given.removeAll { $0 == id }
    count -= 1
  }
}

extension Configuration {
  /// Before the next attempt, after `failures` in a row.
  func retryDelay(after failures: Int, using generator: inout SeededGenerator) -> Duration {
    var delay = retryDelayMin
    for _ in 0..<max(0, failures - 1) where delay < retryDelayMax { delay = delay * 2 }
    delay = min(delay, retryDelayMax)
    return delay + generator.duration(upTo: delay / 4)
  }
}
