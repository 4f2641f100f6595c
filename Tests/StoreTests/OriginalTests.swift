import Chat
import GRDB
import Testing

@testable import Store

/// The history of the original app.
@Suite("Original") struct OriginalTests {
  static let schema = """
    CREATE TABLE messages (
      id INTEGER PRIMARY KEY AUTOINCREMENT, peerId TEXT NOT NULL, sender TEXT NOT NULL, text TEXT NOT NULL,
      timestamp INTEGER NOT NULL);
    PRAGMA user_version = 1;
    """

  /// A database as that app makes it, with some more SQL.
  static func original(_ desk: Desk, _ sql: String = "", schema: String = schema) throws -> String {
    let path = desk.directory.file("p2p_chat_test.db")
    try edit(path, schema)
    try edit(path, sql)
    return path
  }

  static let talk = """
    INSERT INTO messages (peerId, sender, text, timestamp) VALUES
      ('\(ann)', '\(ann)', 'hello', 100), ('\(ann)', 'ME', 'hello yourself', 200),
      ('\(bob)', '\(bob)', 'Grüße', 300);
    """

  @Test(arguments: Place.allCases)
  func itComesBeforeAllThatIsHere(place: Place) throws {
    let desk = Desk(place)
    desk.insert(message(1, in: .global), message(2, in: .global, sequence: 9, .sent))
    let path = try Self.original(desk, Self.talk)
    #expect(try desk.store.importOriginal(path: path, own: me) == 3)
    let history = desk.store.history(of: .global, limit: 9)
    #expect(history.texts == ["hello", "hello yourself", "Grüße", "message 1", "message 2"])
    #expect(history.map(\.key.author) == [ann, me, bob, ann, me])
    #expect(history.map(\.receivedMs).prefix(3) == [100, 200, 300])
    #expect(history.map(\.sentMs).prefix(3) == [nil, 200, nil])
    #expect(history.map(\.state).prefix(3) == [.received, .sent, .received])
    #expect(desk.store.conversations().map(\.unreadCount) == [1], "it was read long ago")
    #expect(desk.store.load().outbox == [])
    #expect(desk.store.load().sequences == [.global: 9])
    #expect(desk.store.search("grusse", limit: 9) == [])
    #expect(desk.store.search("gruße", limit: 9).texts == ["Grüße"])
  }

  @Test(arguments: Place.allCases)
  func aSecondTimeBringsOnlyWhatIsNew(place: Place) throws {
    let desk = Desk(place)
    let path = try Self.original(desk, Self.talk)
    #expect(try desk.store.importOriginal(path: path, own: me) == 3)
    #expect(try desk.store.importOriginal(path: path, own: me) == 0)
    try edit(path, "INSERT INTO messages (peerId, sender, text, timestamp) VALUES ('', 'ME', 'late', 400)")
    #expect(try desk.store.importOriginal(path: path, own: me) == 1)
    #expect(desk.store.history(of: .global, limit: 9).count == 4)
  }

  @Test func thousandsInTheirOrder() throws {
    let desk = Desk()
    let path = try Self.original(
      desk,
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
      INSERT INTO messages (peerId, sender, text, timestamp) SELECT '', 'ME', 'number ' || i, i FROM n
      """)
    desk.insert(message(1, in: .global))
    #expect(try desk.store.importOriginal(path: path, own: me) == 2500)
    var texts: [String] = []
    var before: MessageKey?
    while case let page = desk.store.history(of: .global, limit: 700, before: before), !page.isEmpty {
      texts = page.texts + texts
      before = page.first?.key
    }
    #expect(texts == (1...2500).map { "number \($0)" } + ["message 1"])
    #expect(desk.store.search("number", limit: 2).texts == ["number 2500", "number 2499"])
    desk.shut()
    #expect(try damage(in: desk.path) == [])
  }

  @Test func whatIsNoMessageIsSkippedAndCounted() throws {
    let desk = Desk()
    let loose = "CREATE TABLE messages (id INTEGER PRIMARY KEY, peerId, sender, text, timestamp)"
    let path = try Self.original(
      desk,
      """
      INSERT INTO messages (sender, text, timestamp) VALUES
        (NULL, 'a', 1), ('', 'a', 1), ('nobody', 'a', 1), ('12D3KooW', 'a', 1), (7, 'a', 1),
        (x'4D45', 'a', 1), ('ME', NULL, 1), ('ME', 7, 1), ('ME', x'61', 1), ('ME', 'a', NULL),
        ('ME', 'a', 'b'),
        ('ME', 'a', 1.5), ('ME', hex(zeroblob(40000)), 1), ('ME', hex(zeroblob(3000000)), 1),
        (hex(zeroblob(3000000)), 'a', 1), ('ME', 'a', zeroblob(3000000)),
        ('ME', 'right', 1), ('ME', 'of old', -9223372036854775808),
        ('ME', CAST(x'00FF' AS TEXT), 9223372036854775807);
      UPDATE messages SET id = 9223372036854775806 WHERE text = 'right';
      """, schema: loose)
    #expect(try desk.store.importOriginal(path: path, own: me) == 3)
    #expect(desk.store.counters.skippedOriginals == 16)
    #expect(Set(desk.store.history(of: .global, limit: 99).texts) == ["right", "of old", "\0\u{FFFD}"])
    #expect(desk.problems == [])
  }

  @Test(arguments: [
    "", "CREATE TABLE other (a)", "CREATE TABLE messages (id INTEGER PRIMARY KEY, text)",
    "CREATE VIEW messages AS SELECT 1 AS id, 2 AS peerId, 3 AS sender, 4 AS text, 5 AS timestamp",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY, peerId, sender, text, timestamp) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE messages USING fts5 (peerId, sender, text, timestamp)",
  ])
  func anotherDatabase(schema: String) throws {
    let desk = Desk()
    let path = try Self.original(desk, schema: schema)
    #expect(throws: StoreError.notTheOriginals(path: path)) {
      try desk.store.importOriginal(path: path, own: me)
    }
  }

  @Test func aFileThatCannotBeRead() throws {
    let desk = Desk()
    let missing = desk.directory.file("missing.db")
    #expect { try desk.store.importOriginal(path: missing, own: me) } throws: {
      "\($0)".contains("\(missing): cannot be read") && "\($0)".contains("To go on: close the original app")
    }
    desk.directory.write(Array("no database".utf8), to: "text.db")
    #expect(throws: StoreError.self) {
      try desk.store.importOriginal(path: desk.directory.file("text.db"), own: me)
    }
    #expect(desk.directory.read("text.db") == Array("no database".utf8))
    #expect(!desk.directory.names.contains("missing.db"))
    #expect(desk.problems == [])
  }

  @Test func theOriginalIsNotChanged() throws {
    let desk = Desk()
    let path = try Self.original(desk, Self.talk)
    let before = desk.directory.read("p2p_chat_test.db")
    _ = try desk.store.importOriginal(path: path, own: me)
    #expect(desk.directory.read("p2p_chat_test.db") == before)
  }
}
