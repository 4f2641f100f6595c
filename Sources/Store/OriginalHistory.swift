import Chat
import FoundationEssentials
import GRDB
import GRDBSQLite
import Identity

/// The database of the original app, `p2p_chat_<instance>.db`, read from its end to its beginning.
///
/// Its table: `messages(id, peerId, sender, text, timestamp)`; the sender is `ME` or a peer id, the timestamp
/// is in milliseconds, by the clock of that machine. To whom a message seemed to go (`peerId`) is left out,
/// because it was never on the wire. The file may be anybody's: it is opened read-only, only a plain table is
/// read, row by row, and what cannot be a message is skipped.
final class OriginalHistory {
  private let path: String
  private let own: PeerID
  private let database: DatabaseQueue
  /// Rows from here on have been read.
  private var end = Int64.max
  private var left = messagesMax
  private(set) var skipped: UInt64 = 0

  /// The newest of a history longer than anybody has typed.
  private static let messagesMax = 1_000_000
  /// Kept in one transaction.
  private static let batchMessages = 1_000

  init(path: String, own: PeerID) throws(StoreError) {
    self.path = path
    self.own = own
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    configuration.prepareDatabase { db in
      sqlite3_limit(db.sqliteConnection, SQLITE_LIMIT_LENGTH, CInt(Limits.valueBytesMax))
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0")
    }
    let isTable: Bool
    do {
      database = try DatabaseQueue(path: path, configuration: configuration)
      isTable = try database.read { db in
        try Bool.fetchOne(db, sql: Self.tableSQL) ?? false
      }
    } catch {
      throw .unreadable(path: path, reason: Refusal(error).text)
    }
    guard isTable else { throw .notTheOriginals(path: path) }
  }

  /// Nil at the beginning of the history. In the order in which they were written.
  func nextBatch() throws(StoreError) -> [Message]? {
    if left <= 0 { return nil }
    do {
      let rows = try database.read { db in
        try Int64.fetchAll(
          db, sql: "SELECT rowid FROM messages WHERE rowid < ? ORDER BY rowid DESC LIMIT ?",
          arguments: [end, min(left, Self.batchMessages)])
      }
      guard let last = rows.last else { return nil }
      end = last
      left -= rows.count
      let messages = try database.read { db in try rows.reversed().compactMap { try message(at: $0, db) } }
      skipped += UInt64(rows.count - messages.count)
      return messages
    } catch {
      throw .unreadable(path: path, reason: Refusal(error).text)
    }
  }

  private func message(at row: Int64, _ db: Database) throws -> Message? {
    do {
      return try Row.fetchOne(db.cachedStatement(sql: Self.messageSQL), arguments: [row])
        .flatMap { message($0, row: row) }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_TOOBIG {
      return nil
    }
  }

  private func message(_ columns: Row, row: Int64) -> Message? {
    guard let sender = columns.text(0, bytesMax: Limits.idBytesMax), let timeMs = columns.number(2),
      let text = columns.text(1, bytesMax: Limits.textBytesMax)
    else { return nil }
    let isOwn = sender == "ME"
    guard let author = isOwn ? own : try? PeerID(sender) else { return nil }
    return Message(
      key: MessageKey(author: author, id: hex(UInt64(bitPattern: timeMs)) + hex(UInt64(bitPattern: row))),
      conversation: .global, sequence: 0, text: text, sentMs: isOwn ? timeMs : nil, receivedMs: timeMs,
      state: isOwn ? .sent : .received)
  }

  /// The same each time, so that a second import finds what the first one brought.
  private func hex(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static let tableSQL = """
    SELECT count(*) = 4 FROM pragma_table_info('messages')
    WHERE name IN ('peerId', 'sender', 'text', 'timestamp') AND EXISTS
      (SELECT 1 FROM sqlite_master WHERE name = 'messages' AND type = 'table' AND sql LIKE 'CREATE TABLE%'
        AND sql NOT LIKE '%WITHOUT%ROWID%')
    """

  private static let messageSQL = """
    SELECT CAST(sender AS BLOB), CAST(text AS BLOB), timestamp FROM messages
    WHERE rowid = ? AND typeof(sender) = 'text' AND typeof(text) = 'text' AND typeof(timestamp) = 'integer'
    """
}

extension Ledger {
  /// Puts messages, oldest first, before all that is here: they are older, whenever they came. They count as
  /// read. Returns how many were new.
  func insertBeforeAll(_ messages: [Message]) throws -> Int {
    try transaction { db in
      // These come before what is indexed, and so would not come to it later.
      try index(db)
      let first = try Int64.fetchOne(db, sql: "SELECT min(row) FROM messages") ?? 1
      let (start, overflow) = first.subtractingReportingOverflow(Int64(messages.count))
      var new = 0
      for (index, message) in messages.enumerated() {
        let conversation = try numberOrNew(for: message.conversation, db)
        let row = overflow ? nil : start + Int64(index)
        guard try insert(message, conversation: conversation, row: row, db) else { continue }
        new += 1
        if row == nil { continue }
        try db.run(
          "INSERT INTO search (rowid, words) SELECT row, words FROM wordsOfMessages WHERE row = ?",
          [db.lastInsertedRowID])
      }
      try trimMessages(db)
      return new
    }
  }
}
