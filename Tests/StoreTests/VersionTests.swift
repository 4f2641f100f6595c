import Chat
import GRDB
import Testing

@testable import Store

/// Files of every version that was published are opened by this one.
@Suite("Versions") struct VersionTests {
  /// Made by SQLite's `.dump` of a file of that version; never changed.
  static let version1 = """
    PRAGMA application_id = 1835365224;
    PRAGMA journal_mode = WAL;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES ('1');
    CREATE TABLE people (number INTEGER PRIMARY KEY, peer BLOB NOT NULL UNIQUE) STRICT;
    CREATE TABLE conversations (number INTEGER PRIMARY KEY, room TEXT UNIQUE, peer INTEGER UNIQUE REFERENCES
      people, isJoined INTEGER, unread INTEGER NOT NULL DEFAULT 0, readRow INTEGER, ownSequence BLOB,
      CHECK ((room IS NULL) <> (peer IS NULL))) STRICT;
    CREATE TABLE messages (row INTEGER PRIMARY KEY, conversation INTEGER NOT NULL REFERENCES conversations,
      author INTEGER NOT NULL REFERENCES people, id TEXT NOT NULL, sequence BLOB NOT NULL, text TEXT NOT NULL,
      sentMs INTEGER, receivedMs INTEGER NOT NULL, state INTEGER NOT NULL, reason TEXT,
      UNIQUE (author, id)) STRICT;
    CREATE INDEX messagesOfConversation ON messages (conversation);
    CREATE INDEX messagesWaiting ON messages (state, conversation) WHERE state IN (1, 2);
    CREATE TABLE authors (position INTEGER PRIMARY KEY, peer BLOB NOT NULL UNIQUE,
      sequence BLOB NOT NULL) STRICT;
    CREATE TABLE peers (peer BLOB NOT NULL UNIQUE, addresses TEXT NOT NULL, seenMs INTEGER NOT NULL) STRICT;
    CREATE INDEX peersBySeen ON peers (seenMs);
    CREATE VIEW wordsOfMessages (row, words) AS
      SELECT row, char(0xE000) || conversation || ' ' || text FROM messages;
    CREATE VIRTUAL TABLE search USING fts5 (words, content = 'wordsOfMessages', content_rowid = 'row',
      detail = none, columnsize = 0, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3 4 5 6 7 8');
    INSERT INTO people VALUES
      (1, CAST(x'002408011220'
        || x'0101010101010101010101010101010101010101010101010101010101010101' AS BLOB)),
      (2, CAST(x'002408011220'
        || x'0000000000000000000000000000000000000000000000000000000000000000' AS BLOB));
    INSERT INTO conversations VALUES (1, 'tea', NULL, 1, 1, 1, x'0000000000000003');
    INSERT INTO messages VALUES
      (1, 1, 1, '00000000000000000000000000000001', x'0000000000000001', 'message 1', 5, 1001, 0, NULL),
      (2, 1, 1, '00000000000000000000000000000002', x'0000000000000002', 'message 2', 5, 1002, 0, NULL),
      (3, 1, 2, '00000000000000000000000000000003', x'0000000000000003', 'message 3', 5, 1003, 4, 'why');
    INSERT INTO search (search) VALUES ('rebuild');
    """

  /// With a message that is not in the index yet.
  static let version2 =
    version1 + """

      INSERT INTO grdb_migrations VALUES ('2');
      CREATE TABLE indexed (row INTEGER NOT NULL) STRICT;
      INSERT INTO indexed VALUES (2);
      INSERT INTO search (search, rowid, words)
        SELECT 'delete', row, words FROM wordsOfMessages WHERE row = 3;
      """

  @Test(arguments: [version1, version2])
  func isRead(version: String) throws {
    let desk = Desk()
    desk.shut()
    try replaceFile(of: desk, with: version)
    desk.open()
    #expect(desk.problems == [])
    #expect(
      desk.store.history(of: tea, limit: 9)
        == [message(1), message(2), message(3, .failed(reason: "why"))])
    #expect(desk.store.search("mess", in: tea, limit: 9).numbers == [3, 2, 1])
    #expect(desk.store.conversations().map(\.unreadCount) == [1])
    #expect(desk.store.load().rooms == ["tea"])
    #expect(desk.apply(.insert(message(2)), .insert(message(4))) == [.duplicate, .inserted])
    desk.shut()
    #expect(try damage(in: desk.path) == [])
  }

  /// Whoever changes a published version finds out here.
  @Test func versionsAreWhatTheyWere() throws {
    let desk = Desk()
    desk.shut()
    let made = try shapes(of: desk.path)
    #expect(made.count > 10)
    try replaceFile(of: desk, with: Self.version1)
    desk.restart()
    desk.shut()
    #expect(try shapes(of: desk.path) == made)
    try replaceFile(of: desk, with: Self.version2)
    #expect(try shapes(of: desk.path) == made)
    #expect(Schema.migrator.migrations == ["1", "2"], "a new version wants its own test here")
  }

  private func replaceFile(of desk: Desk, with sql: String) throws {
    desk.directory.write([], to: "history.sqlite")
    try edit(desk.path, sql)
  }

  /// What a database consists of, whatever its spaces and line breaks.
  private func shapes(of path: String) throws -> [String] {
    let database = try DatabaseQueue(path: path)
    defer { try? database.close() }
    return try database.read { db in
      try String.fetchAll(db, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").map {
        $0.filter { !$0.isWhitespace && $0 != "\"" }
      }
    }
  }
}
