import Glibc

/// Seconds on the clocks that benchmarks use.
enum Clock {
  /// Time as it passes: for whatever waits.
  static var wall: Double { seconds(CLOCK_MONOTONIC) }

  /// Processor time of this thread: for pure computing, whatever else the machine does.
  static var thread: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

  static func timed(_ clock: @autoclosure () -> Double, _ body: () throws -> Void) rethrows -> Double {
    let start = clock()
    try body()
    return clock() - start
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
