/// A point on a monotonic time line that only its driver knows the origin of: the event loop's clock in the
/// real world, a counter in tests and the simulation.
///
/// Machines never read a clock; every input carries the instant it happens at. Arithmetic saturates, because
/// a duration may come from a peer.
@usableFromInline package struct Instant: Hashable, Comparable, Sendable {
  /// Nanoseconds since the driver's origin.
  @usableFromInline package var nanoseconds: UInt64

  package static let zero = Instant(nanoseconds: 0)
  package static let distantFuture = Instant(nanoseconds: .max)

  package init(nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
  }

  @inlinable package static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The instant `duration` later; saturates at both ends of the line.
  package static func + (instant: Instant, duration: Duration) -> Instant {
    let shift = duration.clampedNanoseconds
    if shift >= 0 {
      let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(UInt64(shift))
      return overflow ? .distantFuture : Instant(nanoseconds: sum)
    }
    let (difference, underflow) = instant.nanoseconds.subtractingReportingOverflow(shift.magnitude)
    return underflow ? .zero : Instant(nanoseconds: difference)
  }

  package static func += (instant: inout Instant, duration: Duration) {
    instant = instant + duration
  }

  /// Signed time from `earlier` to `later`, saturating at about ±292 years.
  package static func - (later: Instant, earlier: Instant) -> Duration {
    if later >= earlier {
      return .nanoseconds(Int64(clamping: later.nanoseconds - earlier.nanoseconds))
    }
    return .nanoseconds(-Int64(clamping: earlier.nanoseconds - later.nanoseconds))
  }
}

extension Duration {
  /// Whole nanoseconds, rounded towards zero and clamped to what an `Int64` holds.
  package var clampedNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carry) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carry ? (seconds < 0 ? .min : .max) : sum
  }

  /// Milliseconds with fraction, for reports.
  package var milliseconds: Double {
    Double(clampedNanoseconds) / 1_000_000
  }
}
