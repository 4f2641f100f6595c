import CLinux

/// Starts threads that come before all ordinary ones.
///
/// SCHED_FIFO is a privilege that root in a user namespace does not have, so the outer process gives it to
/// the inner one as that starts. It can be handed on but not taken up again: the main thread leaves it to a
/// thread that does nothing but start others, which inherit it.
package enum RealTimeThreads {
  private struct Request: Sendable {
    let name: String
    let stackBytes: Int
    let body: @Sendable () -> Void
    let outcome: Monitor<Result<Thread, SystemError>?>
  }

  private struct Office {
    var isOpen = false
    var requests: [Request] = []
  }

  private static let office = Monitor(Office())

  /// Called once on the main thread, before there are others.
  static func open() {
    if linux_is_fifo() == 0 { return }
    let thread = try? Thread("lab-real-time") {
      while let request = office.wait({ $0.requests.popLast() }) {
        let result: Result<Thread, SystemError>
        do throws(SystemError) {
          result = .success(try Thread(request.name, stackBytes: request.stackBytes, request.body))
        } catch {
          result = .failure(error)
        }
        request.outcome.withLock { $0 = result }
      }
    }
    office.withLock { $0.isOpen = thread != nil }
    _ = linux_schedule_ordinary()
  }

  /// A thread of real time, or an ordinary one where that was not permitted.
  package static func start(
    _ name: String, stackBytes: Int, _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) -> Thread {
    let outcome = Monitor<Result<Thread, SystemError>?>(nil)
    let isRequested = office.withLock { office in
      if office.isOpen {
        office.requests.append(Request(name: name, stackBytes: stackBytes, body: body, outcome: outcome))
      }
      return office.isOpen
    }
    guard isRequested, let result = outcome.wait({ $0 }) else {
      return try Thread(name, stackBytes: stackBytes, body)
    }
    return try result.get()
  }
}
