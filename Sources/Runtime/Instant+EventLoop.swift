import NIOCore
package import SansIO

extension Instant {
  /// The event loop's clock: monotonic, its origin the machine's start.
  package static var now: Instant { Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds) }
}

extension NIODeadline {
  /// The loop's name for an instant; what lies beyond its range is clamped to its end.
  init(_ instant: Instant) {
    self = .uptimeNanoseconds(min(instant.nanoseconds, UInt64(Int64.max)))
  }
}

extension TimeAmount {
  init(_ duration: Duration) {
    self = .nanoseconds(duration.clampedNanoseconds)
  }
}
