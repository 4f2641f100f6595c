import Dispatch
import Glibc

/// Turns SIGINT and SIGTERM into a shutdown request. A second one ends the process where it stands.
public final class TerminationSignals {
  private let sources: [any DispatchSourceSignal]

  /// Watches the two signals as long as it lives.
  public init(_ shutdowns: ShutdownRequests) {
    let queue = DispatchQueue(label: "signals")
    // Only ever touched on that queue.
    nonisolated(unsafe) var received = 0
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        received += Int(source.data)
        if received > 1 { _exit(1) }
        shutdowns.request(number == SIGINT ? "interrupted" : "terminated")
      }
      source.resume()
      return source
    }
  }
}
