import Chat
import GRDB
import Synchronization
import Testing

@testable import Store

/// The full-text index, which lags behind.
@Suite("Index") struct IndexTests {
  @Test func whatIsPutOffHasALimit() throws {
    let desk = Desk()
    let many = Limits.writesUntendedMax
    for number in 1...many { #expect(desk.apply(.insert(message(number))) == [.inserted]) }
    #expect(try indexed(desk) == 0)
    #expect(desk.apply(.insert(message(many + 1))) == [.inserted])
    #expect(try indexed(desk) == many + 1)
    #expect(desk.apply(.insert(message(many + 2))) == [.inserted])
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
