import Chat
import GRDB
import Glibc
import SansIO
import Testing

@testable import Store

/// Damaged files, and rows that this program never wrote.
@Suite("Damage") struct DamageTests {
  static let pageBytes = 4096

  /// A file of some forty pages whose log is in it, and its bytes.
  static func filled() -> (desk: Desk, bytes: [UInt8]) {
    let desk = Desk()
    for number in 1...200 {
      desk.insert(message(number, "message \(number) " + String(repeating: "x", count: number * 7 % 900)))
    }
    desk.shut()
    return (desk, desk.directory.read("history.sqlite"))
  }

  /// Everything is asked of the store and something written; nothing may trap.
  static func use(_ store: Store) {
    _ = store.load()
    _ = store.conversations()
    _ = store.search("message x", in: tea, limit: 999)
    _ = store.history(of: tea, limit: 999)
    for number in stride(from: 1, to: 200, by: 7) { _ = store.message(for: key(number)) }
    #expect(store.apply([.insert(message(1_000))], at: .zero) == [.inserted])
    #expect(store.history(of: tea, limit: 1).numbers == [1_000])
    #expect(store.search("message 1000", limit: 9).numbers == [1_000])
  }

  @Test(arguments: [
    Array("not a database at all".utf8), Array(repeating: 0, count: 5000),
    Array(repeating: 0xFF, count: 8192), Array("SQLite format 3\0".utf8),
    Array("SQLite format 3\0".utf8) + Array(repeating: 0xAA, count: 9000),
  ])
  func whatIsNoDatabaseIsPutAside(bytes: [UInt8]) {
    let desk = Desk()
    desk.shut()
    desk.directory.write(bytes, to: "history.sqlite")
    desk.open()
    #expect(desk.problems == [.corrupt])
    #expect(desk.store.isOnFile)
    #expect(desk.directory.read("history.sqlite.corrupt-1") == bytes)
    desk.insert(1...3)
    desk.restart()
    #expect(desk.problems == [])
    #expect(desk.store.history(of: tea, limit: 9).numbers == [1, 2, 3])
  }

  @Test func aNewNameForEachDamagedFile() {
    let desk = Desk()
    for number in 1...3 {
      desk.shut()
      desk.directory.write([1, UInt8(number)], to: "history.sqlite")
      desk.open()
      let problem = desk.store.nextProblem()
      #expect(problem?.text.contains("was put aside as \(desk.path).corrupt-\(number); a new one") == true)
      #expect(desk.directory.read("history.sqlite.corrupt-1") == [1, 1])
    }
  }

  @Test func anyPageMayBeDamaged() {
    let (desk, bytes) = Self.filled()
    let pages = bytes.count / Self.pageBytes
    #expect(pages > 30)
    var generator = SeededGenerator(seed: 2)
    var found = 0
    for page in stride(from: 0, to: pages, by: 2) {
      var damaged = bytes
      for index in 0..<Self.pageBytes where page > 0 || index > 100 {
        damaged[page * Self.pageBytes + index] = UInt8.random(in: .min ... .max, using: &generator)
      }
      desk.directory.write(damaged, to: "history.sqlite")
      desk.open()
      Self.use(desk.store)
      let problems = desk.problems
      #expect(problems.allSatisfy { $0 == .corrupt || $0 == .failing }, "page \(page): \(problems)")
      found += problems.isEmpty ? 0 : 1
      desk.shut()
      for name in desk.directory.names where name.contains("corrupt") { unlink(desk.directory.file(name)) }
    }
    #expect(found > pages / 4, "most pages matter to somebody")
  }

  @Test func anyBitMayBeFlipped() {
    let (desk, bytes) = Self.filled()
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<30 {
      var damaged = bytes
      for _ in 0..<8 {
        let bit = UInt8(1) << Int.random(in: 0..<8, using: &generator)
        damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^= bit
      }
      desk.directory.write(damaged, to: "history.sqlite")
      desk.open()
      _ = desk.store.load()
      _ = desk.store.conversations()
      _ = desk.store.search("message x", in: tea, limit: 999)
      _ = desk.store.history(of: tea, limit: 999)
      #expect(desk.store.apply([.insert(message(1_000))], at: .zero) == [.inserted])
      desk.shut()
      for name in desk.directory.names where name.contains("corrupt") { unlink(desk.directory.file(name)) }
    }
  }

  @Test func aFileMayEndAnywhere() {
    let (desk, bytes) = Self.filled()
    for length in [2, 15, 16, 99, 100, 512, 4095, 4096, 4097, 9_000, bytes.count / 2, bytes.count - 4096] {
      desk.directory.write(Array(bytes[..<length]), to: "history.sqlite")
      desk.open()
      Self.use(desk.store)
      #expect(desk.problems.contains(.corrupt), "\(length) bytes")
      #expect(desk.store.isOnFile)
      desk.shut()
      for name in desk.directory.names where name.contains("corrupt") { unlink(desk.directory.file(name)) }
    }
  }

  /// SQLite takes a log for empty from where its checksums end. The database without it is as it was.
  @Test func garbageInPlaceOfTheLog() {
    let (desk, _) = Self.filled()
    var generator = SeededGenerator(seed: 4)
    let garbage = (0..<100_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    for log in [[0], garbage, Array(repeating: 0, count: 5_000), [0x37, 0x7F, 0x06, 0x82] + garbage] {
      desk.directory.write(log, to: "history.sqlite-wal")
      desk.open()
      #expect(desk.store.history(of: tea, limit: 999).count == 200)
      desk.shut()
      #expect(desk.problems == [])
    }
  }

  @Test func whatCanBeReadOfADamagedFileIsCarriedOver() {
    let (desk, _) = Self.filled()
    desk.open()
    desk.insert(message(400, in: .peer(bob), .queued))
    desk.apply(.room("tea", isJoined: true))
    desk.shut()
    // A page of messages in the middle: what is newer can be read, and all that is elsewhere.
    var damaged = desk.directory.read("history.sqlite")
    let mark = Array("message 123 ".utf8)
    guard let place = (0..<damaged.count - mark.count).first(where: { damaged[$0...].starts(with: mark) })
    else {
      Issue.record("the message is not in the file")
      return
    }
    let page = place / Self.pageBytes
    for index in 0..<Self.pageBytes { damaged[page * Self.pageBytes + index] = 0xFF }
    desk.directory.write(damaged, to: "history.sqlite")
    desk.open()
    #expect(desk.store.isOnFile)
    let history = desk.store.history(of: tea, limit: 999)
    #expect(desk.problems == [.corrupt])
    #expect(history.numbers.last == 200)
    #expect(history.count > 50)
    #expect(desk.store.load().outbox.numbers == [400])
    #expect(desk.store.load().rooms == ["tea"])
    desk.shut()
    #expect(desk.directory.read("history.sqlite.corrupt-1") == damaged)
  }

  // MARK: Rows

  @Test(arguments: [
    "UPDATE people SET peer = x'00' WHERE number = (SELECT author FROM messages WHERE row = 2)",
    "UPDATE people SET peer = zeroblob(40) WHERE number = (SELECT author FROM messages WHERE row = 2)",
    "UPDATE messages SET author = 77 WHERE row = 2", "UPDATE messages SET conversation = 77 WHERE row = 2",
    "UPDATE messages SET id = '' WHERE row = 2", "UPDATE messages SET id = hex(zeroblob(99)) WHERE row = 2",
    "UPDATE messages SET id = CAST(zeroblob(2000000) AS TEXT) WHERE row = 2",
    "UPDATE messages SET sequence = x'' WHERE row = 2",
    "UPDATE messages SET sequence = x'01020304050607' WHERE row = 2",
    "UPDATE messages SET sequence = zeroblob(2000000) WHERE row = 2",
    "UPDATE messages SET state = -1 WHERE row = 2", "UPDATE messages SET state = 5 WHERE row = 2",
    "UPDATE messages SET state = 9223372036854775807 WHERE row = 2",
    "UPDATE messages SET text = hex(zeroblob(40000)) WHERE row = 2",
    "UPDATE messages SET text = hex(zeroblob(2000000)) WHERE row = 2",
  ])
  func aRowThatIsNoMessageIsSkipped(sql: String) throws {
    let desk = Desk()
    desk.insert(message(1), message(2, by: bob), message(3))
    desk.shut()
    try edit(desk.path, sql)
    desk.open()
    #expect(desk.store.search("message", limit: 9).numbers == [3, 1])
    #expect(desk.store.counters.skippedRows == 1)
    _ = desk.store.history(of: tea, limit: 9)
    #expect(desk.store.history(of: tea, limit: 2).numbers == [1, 3])
    _ = desk.store.message(for: key(2, by: bob))
    desk.insert(message(4))
    #expect(desk.store.conversations().first?.lastMessage == message(4))
    #expect(desk.problems == [])
  }

  @Test func numbersAtTheirEnds() throws {
    let desk = Desk()
    desk.insert(1...3)
    desk.shut()
    try edit(
      desk.path,
      """
      UPDATE messages SET row = 9223372036854775807 WHERE row = 3;
      UPDATE messages SET row = -9223372036854775808, sentMs = -9223372036854775808 WHERE row = 1;
      UPDATE messages SET receivedMs = 9223372036854775807;
      UPDATE conversations SET unread = -9223372036854775808, readRow = 9223372036854775807,
        ownSequence = x'00', isJoined = 77;
      INSERT INTO authors VALUES (9223372036854775807, x'01', x'');
      INSERT INTO peers VALUES (x'', 'nonsense' || char(10) || '/ip4/1.2.3.4', 9223372036854775807);
      """)
    desk.open()
    #expect(desk.store.conversations().map(\.unreadCount) == [0])
    #expect(desk.store.load().authors.isEmpty)
    #expect(desk.store.load().peers.isEmpty)
    #expect(desk.store.load().sequences.isEmpty)
    desk.insert(message(4), message(5))
    desk.apply(.author(ann, sequence: 1), .peer(ann, addresses: [], seenMs: 1), .read(tea, upTo: key(2)))
    #expect(Set(desk.store.history(of: tea, limit: 9).numbers).isSuperset(of: [1, 2, 4, 5]))
    #expect(desk.store.load().authors.map(\.peer) == [ann])
    #expect(desk.problems == [])
  }

  @Test func bytesThatAreNoTextAreReplaced() throws {
    let desk = Desk()
    desk.insert(1...2)
    desk.shut()
    try edit(desk.path, "UPDATE messages SET text = CAST(x'61FF62' AS TEXT) WHERE row = 1")
    desk.open()
    #expect(desk.store.history(of: tea, limit: 9).texts == ["a\u{FFFD}b", "message 2"])
  }

  /// A schema that is not ours: nothing is done to it.
  @Test(arguments: [
    "DROP TABLE peers", "DROP TABLE messages", "ALTER TABLE messages RENAME COLUMN text TO words",
    "DROP TABLE search", "CREATE TRIGGER t BEFORE INSERT ON messages BEGIN SELECT raise(ABORT, 'no'); END",
  ])
  func aSchemaThatIsNotOurs(sql: String) throws {
    let desk = Desk()
    desk.insert(1...3)
    desk.shut()
    if sql.contains("RENAME") { try edit(desk.path, "DROP VIEW wordsOfMessages") }
    try edit(desk.path, sql)
    desk.open()
    desk.insert(4...6)
    _ = desk.store.load()
    #expect(desk.problems == [.failing])
    #expect(desk.store.history(of: tea, limit: 9).numbers.suffix(3) == [4, 5, 6])
    desk.shut()
    #expect(!desk.directory.names.contains { $0.contains("corrupt") })
  }
}
