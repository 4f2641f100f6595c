import Glibc
import Synchronization

/// Where tasks leave news for the thread that waits for keys; a file descriptor tells it that there are some.
package final class Inbox: Sendable {
  /// What may wait here. Who tells of events waits when there is no room; answers are as many as a person
  /// asks.
  static let limit = 1024

  private struct State {
    var news: [News] = []
    var waiting: [CheckedContinuation<Void, Never>] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  /// Readable while there may be news.
  package let descriptor: CInt
  private let signal: CInt

  package init() {
    var ends: [CInt] = [0, 0]
    let made = pipe(&ends)
    precondition(made == 0, "no pipe for the terminal: errno \(errno)")
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    (descriptor, signal) = (ends[0], ends[1])
  }

  deinit {
    Glibc.close(descriptor)
    Glibc.close(signal)
  }

  /// Leaves it here, at once.
  package func post(_ news: News) {
    state.withLock { $0.news.append(news) }
    wake()
  }

  /// Leaves it here when there is room.
  package func put(_ news: News) async {
    await withCheckedContinuation { continuation in
      let hasRoom = state.withLock { state in
        if state.news.count < Self.limit || state.isClosed { return true }
        state.waiting.append(continuation)
        return false
      }
      if hasRoom { continuation.resume() }
    }
    post(news)
  }

  /// Makes the descriptor readable.
  package func wake() {
    var byte: UInt8 = 0
    // A full pipe wakes as well.
    _ = Glibc.write(signal, &byte, 1)
  }

  /// Everything that is here.
  package func drain() -> [News] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    while Glibc.read(descriptor, &bytes, bytes.count) == bytes.count {}
    let (news, waiting) = state.withLock { state in
      defer { (state.news, state.waiting) = ([], []) }
      return (state.news, state.waiting)
    }
    for continuation in waiting { continuation.resume() }
    return news
  }

  /// Nobody waits for room any more.
  package func close() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      state.isClosed = true
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
