import Chat
package import NIOCore
import NIOPosix
import SansIO
package import Store

/// The store, on a thread of its own: what is written there is written in order, and the loop never waits for
/// a disk.
package final class Keeper {
  private let store: Store
  private let loop: any EventLoop
  private let thread = NIOThreadPool(numberOfThreads: 1)
  /// Writes that are under way.
  package private(set) var pending = 0

  package init(_ store: Store, loop: any EventLoop) {
    self.store = store
    self.loop = loop
    thread.start()
  }

  /// Keeps a batch. Both callbacks run on the loop: `problem` for each there was, then `done` with one
  /// outcome a write.
  func save(
    _ writes: [Write], problem: @escaping (Problem) -> Void, done: @escaping ([Outcome]) -> Void
  ) {
    pending += 1
    let now = Instant.now
    perform { store in
      let outcomes = store.apply(writes, at: now)
      return (outcomes, store.problems)
    }.whenSuccess { outcomes, problems in
      self.pending -= 1
      problems.forEach(problem)
      done(outcomes)
    }
  }

  /// Asks the store for something, after all that is under way.
  package func ask<Answer: Sendable>(
    _ question: @escaping @Sendable (Store) -> Answer
  ) -> EventLoopFuture<Answer> {
    perform(question).nonisolated()
  }

  private func perform<Answer: Sendable>(
    _ work: @escaping @Sendable (Store) -> Answer
  ) -> EventLoopFuture<Answer>.Isolated {
    let store = store
    // The thread ends only with `close`, after which nobody asks.
    return thread.runIfActive(eventLoop: loop) { work(store) }.assumeIsolated()
  }

  /// Ends the thread when all that is under way is done; the store is closed there.
  func close() {
    let store = store
    thread.submit { _ in store.close() }
    thread.shutdownGracefully { _ in }
  }
}

extension Store {
  /// What went wrong since it was last asked.
  var problems: [Problem] {
    var problems: [Problem] = []
    while let problem = nextProblem() { problems.append(problem) }
    return problems
  }
}
