import Chat
import GRDB
import Identity

extension Ledger {
  func history(of conversation: Conversation, limit: Int, before: MessageKey?) throws -> [Message] {
    try database.read { db in
      guard let number = try number(of: conversation, db) else { return [] }
      var end = Int64.max
      if let before {
        guard let row = try row(of: before, db) else { return [] }
        end = row
      }
      let rows = try Int64.fetchCursor(
        db.cachedStatement(
          sql: "SELECT row FROM messages WHERE conversation = ? AND row < ? ORDER BY row DESC"),
        arguments: [number, end])
      return try messages(at: rows, limit: limit, db).reversed()
    }
  }

  func message(for key: MessageKey) throws -> Message? {
    try database.read { db in
      try row(of: key, db).flatMap { try message(at: $0, db) }
    }
  }

  /// The messages in these rows, as many as there may be. Rows that hold no message are skipped and counted.
  func messages(at rows: some Cursor<Int64>, limit: Int, _ db: Database) throws -> [Message] {
    var found: [Message] = []
    let limit = min(limit, limits.pageMessages)
    while found.count < limit, let row = try rows.next() {
      if let message = try message(at: row, db) { found.append(message) }
    }
    return found
  }

  /// Nil, and counted, when what stands there is no message.
  func message(at row: Int64, _ db: Database) throws -> Message? {
    let found: Row?
    do {
      found = try Row.fetchOne(db.cachedStatement(sql: Self.messageSQL), arguments: [row])
    } catch let error as DatabaseError where error.resultCode == .SQLITE_TOOBIG {
      found = nil
    }
    guard let message = found.flatMap(Message.init) else {
      count(skipped: 1)
      return nil
    }
    return message
  }

  private static let messageSQL = """
    SELECT CAST(c.room AS BLOB), partner.peer, author.peer, CAST(m.id AS BLOB), m.sequence,
      CAST(m.text AS BLOB), m.sentMs, m.receivedMs, m.state, CAST(m.reason AS BLOB)
    FROM messages m
    LEFT JOIN people author ON author.number = m.author
    LEFT JOIN conversations c ON c.number = m.conversation
    LEFT JOIN people partner ON partner.number = c.peer
    WHERE m.row = ?
    """
}

extension Message {
  fileprivate init?(_ row: Row) {
    guard let conversation = row.conversation(0), let key = row.key(2), let sequence = row.sequence(4),
      let text = row.text(5, bytesMax: Limits.textBytesMax), let receivedMs = row.number(7),
      let state = row.state(8)
    else { return nil }
    self.init(
      key: key, conversation: conversation, sequence: sequence, text: text, sentMs: row.number(6),
      receivedMs: receivedMs, state: state)
  }
}

// Where things stand.
extension Ledger {
  func row(of key: MessageKey, _ db: Database) throws -> Int64? {
    guard let author = try number(of: key.author, db) else { return nil }
    return try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT row FROM messages WHERE author = ? AND id = CAST(? AS TEXT)"),
      arguments: [author, textBytes(key.id)])
  }

  func number(of peer: PeerID, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT number FROM people WHERE peer = ?"), arguments: [bytes(peer)])
  }

  func number(of conversation: Conversation, _ db: Database) throws -> Int64? {
    switch conversation {
    case .room(let name):
      try Int64.fetchOne(
        db.cachedStatement(sql: "SELECT number FROM conversations WHERE room = CAST(? AS TEXT)"),
        arguments: [textBytes(name)])
    case .peer(let peer):
      try Int64.fetchOne(
        db.cachedStatement(
          sql: "SELECT number FROM conversations WHERE peer = (SELECT number FROM people WHERE peer = ?)"),
        arguments: [bytes(peer)])
    }
  }
}
