import GRDB

/// The tables, and how each version of them came from the one before.
///
/// A version that was published is never changed; a new one is added at the end of `migrator`.
enum Schema {
  /// Written in every file, at byte 68, so that no file of another program is taken for ours: `mesh`.
  static let applicationID: Int32 = 0x6D65_7368

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { try $0.execute(sql: first) }
    migrator.registerMigration("2") { try $0.execute(sql: second) }
    return migrator
  }

  /// Looks at a file before anything is written to it.
  static func examine(_ db: Database) throws {
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    if application == applicationID {
      if try migrator.hasBeenSuperseded(db) {
        throw Refusal(.newer, "was written by a newer version of this program")
      }
      return
    }
    let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
    if application != 0 || !isEmpty { throw Refusal(.foreign, "is the database of another program") }
  }

  /// - `people` gives a number to each peer id, so that a message needs a byte or two instead of 38.
  /// - `messages.row` is the order of arrival, by which pages are turned: clocks lie. It is not the order of
  ///   `sentMs`.
  /// - Sequence numbers take all 64 bits, which SQLite's integers do not; as eight bytes, the highest first,
  ///   they keep their order.
  /// - `conversations.unread` is counted along, because counting a million rows takes time.
  /// - `search` is the full-text index. It holds no positions and no text: the view gives it the text, and a
  ///   word that names the conversation in front of it, which nobody types, so that searching one
  ///   conversation does not go through all. The lengths for which it keeps beginnings of words are those of
  ///   `SearchPattern`. `Ledger` fills it, not a trigger: in a file that anybody may have written,
  ///   SQLite rightly lets the schema do nothing but harmless things.
  private static let first = """
    PRAGMA application_id = \(applicationID);

    CREATE TABLE people (
      number INTEGER PRIMARY KEY,
      peer BLOB NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE conversations (
      number INTEGER PRIMARY KEY,
      room TEXT UNIQUE,
      peer INTEGER UNIQUE REFERENCES people,
      isJoined INTEGER,
      unread INTEGER NOT NULL DEFAULT 0,
      readRow INTEGER,
      ownSequence BLOB,
      CHECK ((room IS NULL) <> (peer IS NULL))
    ) STRICT;

    CREATE TABLE messages (
      row INTEGER PRIMARY KEY,
      conversation INTEGER NOT NULL REFERENCES conversations,
      author INTEGER NOT NULL REFERENCES people,
      id TEXT NOT NULL,
      sequence BLOB NOT NULL,
      text TEXT NOT NULL,
      sentMs INTEGER,
      receivedMs INTEGER NOT NULL,
      state INTEGER NOT NULL,
      reason TEXT,
      UNIQUE (author, id)
    ) STRICT;
    CREATE INDEX messagesOfConversation ON messages (conversation);
    CREATE INDEX messagesWaiting ON messages (state, conversation) WHERE state IN (1, 2);

    CREATE TABLE authors (
      position INTEGER PRIMARY KEY,
      peer BLOB NOT NULL UNIQUE,
      sequence BLOB NOT NULL
    ) STRICT;

    CREATE TABLE peers (
      peer BLOB NOT NULL UNIQUE,
      addresses TEXT NOT NULL,
      seenMs INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX peersBySeen ON peers (seenMs);

    CREATE VIEW wordsOfMessages (row, words) AS
      SELECT row, char(0xE000) || conversation || ' ' || text FROM messages;
    CREATE VIRTUAL TABLE search USING fts5 (
      words, content = 'wordsOfMessages', content_rowid = 'row', detail = none, columnsize = 0,
      tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3 4 5 6 7 8'
    );
    """

  /// - `indexed` says which rows are in `search`: those up to this one. Until now all were.
  private static let second = """
    CREATE TABLE indexed (row INTEGER NOT NULL) STRICT;
    INSERT INTO indexed SELECT ifnull(max(row), 0) FROM messages;
    """
}
