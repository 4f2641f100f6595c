import Glibc
package import SansIO

/// State that several threads share, and on which a thread can wait for a change: a mutex and a condition.
///
/// Threads, not tasks, because what happens in a namespace happens on the thread that lives in it.
package final class Monitor<State>: @unchecked Sendable {  // every access holds the mutex
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state: State

  package init(_ state: sending State) {
    self.state = state
    // A reader that was preempted with the mutex in hand must not hold up the fabric: it inherits its
    // priority.
    var mutexAttributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&mutexAttributes)
    pthread_mutexattr_setprotocol(&mutexAttributes, CInt(PTHREAD_PRIO_INHERIT))
    pthread_mutex_init(mutex, &mutexAttributes)
    pthread_mutexattr_destroy(&mutexAttributes)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Reads or changes the state, and wakes all that wait.
  package func withLock<Result, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return try body(&state)
  }

  /// Reads the state, and wakes nobody.
  package func peek<Result>(_ body: (borrowing State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(state)
  }

  /// Waits until `body` finds what it wants in the state (and may take it); nil when the deadline came first.
  package func wait<Result>(until deadline: Instant = .distantFuture, _ body: (inout State) -> Result?)
    -> Result?
  {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let found = body(&state) {
        pthread_cond_broadcast(condition)
        return found
      }
      if deadline == .distantFuture {
        pthread_cond_wait(condition, mutex)
      } else {
        if MonotonicClock.now >= deadline { return nil }
        var time = timespec(
          tv_sec: Int(deadline.nanoseconds / 1_000_000_000),
          tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &time)
      }
    }
  }
}
