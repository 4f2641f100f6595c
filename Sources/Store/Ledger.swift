import Chat
import GRDB
import GRDBSQLite
import Synchronization

/// One open database, on a file or in memory. What is asked of it, it does or throws; that nobody has to care
/// is the work of `Custody`.
final class Ledger: Sendable {
  let database: DatabaseQueue
  let limits: Limits
  /// Messages to keep; nil for as many as the disk takes.
  let messagesMax: Int?
  let numbers = Numbers()
  private let counted = Mutex(Store.Counters())
  /// Writes since the index and the database were last brought up to date.
  private let untended = Mutex(0)
  /// Authors written since those heard longest ago were last dropped.
  private let untrimmedAuthors = Mutex(0)

  private init(_ database: DatabaseQueue, limits: Limits, messagesMax: Int?) {
    self.database = database
    self.limits = limits
    self.messagesMax = messagesMax
  }

  /// The database in a file, for this process alone; made when the file is empty.
  static func open(_ path: String, limits: Limits) throws -> Ledger {
    let database = try DatabaseQueue(path: path, configuration: configuration(examined: true))
    try database.writeWithoutTransaction { db in
      guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
        throw Refusal(.failing, "the file system allows no write-ahead log")
      }
      // In WAL the database is consistent at any moment without waiting for the disk at every commit.
      try db.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = \(Limits.logBytesMax)")
      // Moving the log into the database does wait for the disk: see `apply`.
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
    }
    try Schema.migrator.migrate(database)
    let ledger = Ledger(database, limits: limits, messagesMax: nil)
    // What a killed process left behind. An index that cannot be written is noticed now, too.
    try database.write { try ledger.index($0) }
    return ledger
  }

  /// The database in a file that cannot be written, as far as it can be read without writing.
  static func read(_ path: String, limits: Limits) throws -> Ledger {
    var configuration = configuration(examined: true)
    configuration.readonly = true
    let escaped = path.utf8.map { byte in
      let isPlain = byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") || isLetterOrDigit(byte)
      return isPlain ? String(UnicodeScalar(byte)) : "%" + hex(byte)
    }
    // Immutable: no lock and no shared memory, which would have to be made beside the file.
    let database = try DatabaseQueue(
      path: "file:\(escaped.joined())?immutable=1", configuration: configuration)
    return Ledger(database, limits: limits, messagesMax: nil)
  }

  static func inMemory(limits: Limits) throws -> Ledger {
    let database = try DatabaseQueue(configuration: configuration(examined: false))
    try Schema.migrator.migrate(database)
    return Ledger(database, limits: limits, messagesMax: limits.messagesInMemory)
  }

  var counters: Store.Counters { counted.withLock { $0 } }

  func count(skipped rows: Int = 0, forgotten messages: Int = 0) {
    counted.withLock {
      $0.skippedRows &+= UInt64(rows)
      $0.forgottenMessages &+= UInt64(messages)
    }
  }

  /// Whether authors are to be dropped now that more were written. Finding those to drop means passing by all
  /// that stay, so it is not done for every message.
  func isTimeToTrim(authors more: Int) -> Bool {
    untrimmedAuthors.withLock { count in
      count += more
      if count <= limits.authors / 8 { return false }
      count = 0
      return true
    }
  }

  /// Whether the index and the database are to be brought up to date with so many more writes.
  func isTimeToTend(writes more: Int) -> Bool { untended.withLock { $0 + more > Limits.writesUntendedMax } }

  func wrote(_ count: Int, tended: Bool) { untended.withLock { $0 = tended ? 0 : $0 + count } }

  /// Gives the file back. What is not in the index or the database is not lost: it stays beside it, and is
  /// put there later.
  func close() {
    try? database.write { try index($0) }
    try? database.close()
  }

  private static func configuration(examined: Bool) -> GRDB.Configuration {
    var configuration = GRDB.Configuration()
    configuration.label = "history"
    configuration.prepareDatabase { db in
      sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, CInt(Limits.valueBytesMax))
      // Exclusive: nobody else writes here, and there is no shared memory that could be damaged.
      try db.execute(
        sql: """
          PRAGMA locking_mode = EXCLUSIVE;
          PRAGMA trusted_schema = OFF;
          PRAGMA cell_size_check = ON;
          PRAGMA cache_size = -\(Limits.cacheKiB);
          PRAGMA mmap_size = 0;
          PRAGMA temp_store = MEMORY;
          """)
      if examined { try Schema.examine(db) }
    }
    return configuration
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
