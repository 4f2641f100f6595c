import Chat
import Dispatch
import GRDB
import Synchronization
import Testing

@testable import Store

/// What is kept without waiting, and what is put off for it.
@Suite("At once") struct AtOnceTests {
  @Test(arguments: Place.allCases)
  func isKeptLikeAnythingElse(place: Place) {
    let desk = Desk(place)
    #expect(desk.store.applyAtOnce([.insert(message(1)), .insert(message(2))]) == [.inserted, .inserted])
    #expect(desk.store.applyAtOnce([.insert(message(1))]) == [.duplicate])
    #expect(desk.apply(.insert(message(2))) == [.duplicate])
    #expect(desk.store.history(of: tea, limit: 9).numbers == [1, 2])
    #expect(desk.store.search("mess", limit: 9).numbers == [2, 1])
  }

  @Test func waitsForNobody() {
    let desk = Desk()
    let outcomes = desk.store.custody.withLock { _ in
      let answered = DispatchSemaphore(value: 0)
      let outcomes = Mutex<[Outcome]?>([.done])
      let store = desk.store
      DispatchQueue.global().async {
        let kept = store.applyAtOnce([.insert(message(1))])
        outcomes.withLock { $0 = kept }
        answered.signal()
      }
      answered.wait()
      return outcomes.withLock { $0 }
    }
    #expect(outcomes == nil)
    #expect(desk.store.history(of: tea, limit: 9) == [])
  }

  @Test func notWhileTheFileIsToBeTriedAgain() {
    let desk = Desk()
    let other = Store(at: .file(desk.path))
    #expect(other.applyAtOnce([.insert(message(1))]) == nil)
    #expect(other.history(of: tea, limit: 9) == [])
    other.close()
  }

  @Test func notOnceTheFileFails() throws {
    let desk = Desk()
    try desk.onConnection("PRAGMA max_page_count = 1")
    #expect(desk.store.applyAtOnce([.insert(message(1, String(repeating: "long ", count: 3000)))]) == nil)
    #expect(desk.problems == [], "it is for the call that may take its time to find out")
    #expect(desk.store.isOnFile)
    #expect(desk.store.history(of: tea, limit: 9) == [])
  }

  @Test func whatIsPutOffHasALimit() throws {
    let desk = Desk()
    let many = Limits.writesUntendedMax
    for number in 1...many { #expect(desk.store.applyAtOnce([.insert(message(number))]) == [.inserted]) }
    #expect(try indexed(desk) == 0)
    #expect(desk.store.applyAtOnce([.insert(message(many + 1))]) == nil)
    #expect(desk.apply(.insert(message(many + 1))) == [.inserted])
    #expect(try indexed(desk) == many + 1)
    #expect(desk.store.applyAtOnce([.insert(message(many + 2))]) == [.inserted])
    #expect(try indexed(desk) == many + 1)
    #expect(desk.store.search("\(many + 2)", limit: 9).numbers == [many + 2])
    #expect(try indexed(desk) == many + 2)
    desk.shut()
    #expect(try damage(in: desk.path) == [])
  }

  /// In memory the oldest go, whether they are in the index or not.
  @Test func whatGoesMayNotBeInTheIndexYet() throws {
    let desk = Desk(.memory) { $0.messagesInMemory = 3 }
    for number in 1...5 { desk.insert(message(number)) }
    #expect(desk.store.search("message", limit: 9).numbers == [5, 4, 3])
    for number in 6...10 { desk.insert(message(number)) }
    #expect(desk.store.search("message", limit: 9).numbers == [10, 9, 8])
    try desk.onConnection("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
  }

  private func indexed(_ desk: Desk) throws -> Int? {
    let ledger = desk.store.custody.withLock { $0.ledger }
    return try ledger?.database.read { try Int.fetchOne($0, sql: "SELECT row FROM indexed") }
  }
}
