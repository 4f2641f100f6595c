import CLinux
import Glibc
import SansIO

/// SIGINT, SIGTERM and SIGHUP as something to read, instead of something that ends the process.
///
/// Make it on the main thread before other threads run: they inherit that these signals are blocked.
package final class EndingSignals: Sendable {
  package struct Signal: Sendable, Hashable {
    package let number: CInt
    /// Sent by the terminal to every process of the group, this one's children among them.
    package let isFromTerminal: Bool
  }

  private let descriptor: Descriptor

  package init() throws(LabError) {
    descriptor = Descriptor(
      try attempting("listen to signals") { () throws(SystemError) in
        try check(linux_signals_open(), "signalfd")
      })
  }

  var number: CInt { descriptor.number }

  /// One that has come, without waiting.
  package func next() -> Signal? {
    var isFromTerminal: CInt = 0
    let number = linux_signals_read(descriptor.number, &isFromTerminal)
    return number > 0 ? Signal(number: number, isFromTerminal: isFromTerminal != 0) : nil
  }

  /// Calls `body` on a thread of its own for each that comes. One sent to the whole group arrives twice,
  /// directly and through the outer process: what comes within half a second of another counts as the same.
  package func forEach(_ body: @escaping @Sendable (Signal) -> Void) throws(LabError) {
    _ = try attempting("listen to signals") { () throws(SystemError) in
      try Thread("lab-signals") { [self] in
        var last = Instant.zero
        while true {
          var polled = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
          _ = poll(&polled, 1, -1)
          while let signal = next() {
            let now = MonotonicClock.now
            if last != .zero, now - last < .milliseconds(500) { continue }
            last = now
            body(signal)
          }
        }
      }
    }
  }
}
