import Chat
import SansIO
import Testing

@testable import Store

/// A process that dies at any moment.
@Suite("Crash", .timeLimit(.minutes(2))) struct CrashTests {
  static let writers = Conversation.room("writer")

  /// Messages in all batches before this one.
  static func count(before batch: Int) -> Int { (0..<batch).reduce(0) { $0 + $1 * 7 % 20 + 1 } }

  @Test func whatWasKeptSurvivesKilling() throws {
    let desk = Desk()
    desk.shut()
    var generator = SeededGenerator(seed: 1)
    var next = 0
    for round in 0..<12 {
      let writer = try Writer("write", desk.path, "\(next)")
      for _ in 0..<Int.random(in: 1...25, using: &generator) {
        #expect(writer.line() == "\(next)"); next += 1
      }
      // Some way into the next batch.
      for _ in 0..<Int.random(in: 0...20_000, using: &generator) { _ = generator.next() }
      writer.kill()
      next += writer.lines().count

      // The batch after the last one that was told is there as a whole or not at all.
      desk.open()
      #expect(desk.problems == [], "round \(round)")
      let last = try #require(desk.store.history(of: Self.writers, limit: 1).last)
      let found = Int(last.sequence) / 100 + 1
      #expect(found == next || found == next + 1, "round \(round)")
      #expect(desk.store.search("message", in: Self.writers, limit: 1) == [last], "round \(round)")
      next = found
      try expectAll(desk.store, batches: next, round: round)
      desk.shut()
      #expect(try damage(in: desk.path) == [], "round \(round)")
    }
    #expect(desk.directory.names == ["history.sqlite", "history.sqlite.lock"])
  }

  private func expectAll(_ store: Store, batches: Int, round: Int) throws {
    var read: [UInt64] = []
    var before: MessageKey?
    while case let page = store.history(of: Self.writers, limit: 1000, before: before), !page.isEmpty {
      // Only the last batch waits for the word that it was delivered.
      #expect(page.allSatisfy { ($0.state == .sent) == (Int($0.sequence) / 100 == batches - 1) })
      read = page.map(\.sequence) + read
      before = page.first?.key
    }
    let expected = (0..<batches).flatMap { batch in
      (0..<(batch * 7 % 20 + 1)).map { UInt64(batch * 100 + $0) }
    }
    #expect(read == expected, "round \(round)")
    #expect(store.load().sequences == [Self.writers: read.last ?? 0])
  }

  /// The limit is the process's own, so a process of its own runs into it. The system refuses to write, as it
  /// does on a full disk or beyond a quota.
  @Test func theProcessRunsOutOfSpaceAndFindsSomeAgain() throws {
    let desk = Desk()
    desk.shut()
    let lines = try Writer("cramped", desk.path, "300000").lines()
    try #require(lines.count == 5, "\(lines)")
    #expect(lines[0] == "on file: false")
    #expect(lines[1].contains("history.sqlite: reading or writing failed: disk I/O error"))
    #expect(lines[1].contains("check the disk: its space"))
    #expect(lines[2] == "on file: true")
    #expect(lines[3].hasPrefix("recovered: "))
    let batches = try #require(Int(lines[4]))
    #expect(batches > 5)

    desk.open()
    #expect(desk.problems == [])
    let kept = desk.store.search("message", limit: .max).map(\.sequence)
    #expect(kept.count == Self.count(before: batches))
    #expect(Set(kept).count == kept.count)
    desk.shut()
    #expect(try damage(in: desk.path) == [])
  }
}
