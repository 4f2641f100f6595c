import NIOCore
import SansIO

/// One scheduled callback that follows a deadline as it moves.
///
/// A deadline moves later far more often than earlier (every received byte pushes an idle timeout), so a
/// later deadline leaves the callback where it is: it fires early, finds nothing due and is armed again.
struct DeadlineTimer {
  private var armed: (instant: Instant, callback: NIOScheduledCallback)?

  mutating func follow(
    _ deadline: Instant?, on loop: any EventLoop, handler: some NIOScheduledCallbackHandler
  ) {
    guard let deadline else { return }
    if let armed, armed.instant <= deadline { return }
    cancel()
    // Fails only when the loop is already shut down, and then no deadline matters any more.
    guard
      let callback = try? loop.assumeIsolated().scheduleCallback(at: NIODeadline(deadline), handler: handler)
    else { return }
    armed = (deadline, callback)
  }

  mutating func fired() { armed = nil }

  mutating func cancel() {
    armed?.callback.cancel()
    armed = nil
  }
}
