import Glibc

/// The time of day, for people and for other machines. Nothing in a node is decided by it.
enum WallClock {
  /// Milliseconds since the Unix epoch.
  static var nowMs: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}
