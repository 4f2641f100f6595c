import Glibc
package import SansIO

/// The time of day, for people and for other machines. Nothing in a node is decided by it.
package enum WallClock {
  /// Milliseconds since the Unix epoch.
  package static var nowMs: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  /// When something happened that the node's clock saw.
  package static func ms(at instant: Instant) -> Int64 {
    let ago = (Instant.now - instant).components
    return nowMs - ago.seconds * 1000 - ago.attoseconds / 1_000_000_000_000_000
  }
}
