import CLinux
import Glibc
package import SansIO

/// The one clock of a run: CLOCK_MONOTONIC, which is also what node processes and captures are timed by.
package enum MonotonicClock {
  package static var now: Instant { Instant(nanoseconds: linux_monotonic_nanoseconds()) }
}

/// Where the Unix epoch lies on the run's clock, taken once: a run's times agree among each other even when
/// somebody sets the time of day while it lasts.
package struct WallClockOrigin: Sendable, Hashable {
  /// Add to an instant's nanoseconds for nanoseconds since the Unix epoch.
  package let offsetNanoseconds: Int64

  package init() {
    var wall = timespec()
    clock_gettime(CLOCK_REALTIME, &wall)
    let wallNanoseconds = Int64(wall.tv_sec) * 1_000_000_000 + Int64(wall.tv_nsec)
    offsetNanoseconds = wallNanoseconds - Int64(clamping: MonotonicClock.now.nanoseconds)
  }

  /// Nanoseconds since the Unix epoch.
  package func wallNanoseconds(_ instant: Instant) -> Int64 {
    Int64(clamping: instant.nanoseconds) &+ offsetNanoseconds
  }
}
