import Chat
import GRDB

extension Ledger {
  /// What is in here, the newest of the messages and all that waits to be sent, as the writes that would make
  /// it elsewhere. Of a damaged file, as much as can be read.
  func contents() -> [Write] {
    var writes: [Write] = []
    func add(_ read: (Database) throws -> [Write]) {
      // What was read counts, even when the damage met on the way spoils the end of the transaction.
      try? database.read { db in writes += try read(db) }
    }
    add { db in try rooms(joined: false, db).map { .room($0, isJoined: false) } }
    add { db in try rooms(joined: true, db).map { .room($0, isJoined: true) } }
    add { db in try authors(db).map { .author($0.peer, sequence: $0.sequence) } }
    add { db in try peers(db).map { .peer($0.peer, addresses: $0.addresses, seenMs: $0.seenMs) } }
    add { db in carriedMessages(db).flatMap(writesMaking) }
    add { db in try readPositions(db) }
    return writes
  }

  /// In the order of their rows, which is kept.
  private func carriedMessages(_ db: Database) -> [Message] {
    let newest = rows("SELECT row FROM messages ORDER BY row DESC LIMIT \(limits.messagesInMemory)", db)
    let waiting = rows("\(Self.waitingSQL) ORDER BY 1 DESC LIMIT \(limits.outbox)", db)
    return Set(newest + waiting).sorted().compactMap { row in try? message(at: row, db) }
  }

  /// As far as they can be read.
  private func rows(_ sql: String, _ db: Database) -> [Int64] {
    var rows: [Int64] = []
    guard let cursor = try? Int64.fetchCursor(db, sql: sql) else { return [] }
    while let row = try? cursor.next() { rows.append(row) }
    return rows
  }

  /// Where the message is known already, it is its state that may be new.
  private func writesMaking(_ message: Message) -> [Write] {
    message.state == .received
      ? [.insert(message)] : [.insert(message), .state(message.key, message.state)]
  }

  private func readPositions(_ db: Database) throws -> [Write] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT CAST(c.room AS BLOB), people.peer, author.peer, CAST(m.id AS BLOB)
        FROM conversations c
        JOIN messages m ON m.row = c.readRow
        LEFT JOIN people ON people.number = c.peer
        LEFT JOIN people author ON author.number = m.author
        """)
    return rows.compactMap { row in
      guard let conversation = row.conversation(0), let key = row.key(2) else { return nil }
      return .read(conversation, upTo: key)
    }
  }
}
