import Chat
import FoundationEssentials
import GRDB
import Identity
import Wire

extension Ledger {
  /// All of it, in one transaction, or nothing. Now and then, what was put off is done as well.
  func apply(_ writes: [Write]) throws -> [Outcome] {
    let tends = isTimeToTend(writes: writes.count)
    let outcomes = try transaction { db in
      let outcomes = try writes.map { try apply($0, db) }
      try trim(after: writes, db)
      if tends { try index(db) }
      return outcomes
    }
    // All is kept: a disk that fails here will be noticed by the next write.
    if tends { try? database.writeWithoutTransaction { _ = try $0.checkpoint(.passive) } }
    wrote(writes.count, tended: tends)
    return outcomes
  }

  /// Like GRDB's `write`, which has SQLite read the words BEGIN and COMMIT anew every time.
  func transaction<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try database.writeWithoutTransaction { db in
      try db.run("BEGIN IMMEDIATE", [])
      do {
        let result = try body(db)
        try db.run("COMMIT", [])
        return result
      } catch {
        numbers.forget()
        try? db.rollback()
        throw error
      }
    }
  }

  private func apply(_ write: Write, _ db: Database) throws -> Outcome {
    switch write {
    case .insert(let message): return try insert(message, db)
    case .state(let key, let state): try set(state, of: key, db)
    case .read(let conversation, let key): try read(conversation, upTo: key, db)
    case .author(let peer, let sequence): try hear(peer, sequence: sequence, db)
    case .peer(let peer, let addresses, let seenMs): try meet(peer, at: addresses, seenMs: seenMs, db)
    case .room(let name, let isJoined):
      let number = try numberOrNew(for: .room(name), db)
      try db.run("UPDATE conversations SET isJoined = ? WHERE number = ?", [isJoined, number])
    }
    return .done
  }

  // MARK: Messages

  private func insert(_ message: Message, _ db: Database) throws -> Outcome {
    let conversation = try numberOrNew(for: message.conversation, db)
    guard try insert(message, conversation: conversation, row: nil, db) else { return .duplicate }
    if message.state == .received {
      try db.run("UPDATE conversations SET unread = unread + 1 WHERE number = ?", [conversation])
    } else {
      try db.run(
        "UPDATE conversations SET ownSequence = max(ifnull(ownSequence, x''), ?) WHERE number = ?",
        [bytes(message.sequence), conversation])
    }
    return .inserted
  }

  /// False when there is a message of this name. It is not in the index yet.
  func insert(_ message: Message, conversation: Int64, row: Int64?, _ db: Database) throws -> Bool {
    let author = try numberOrNew(for: message.key.author, db)
    try db.run(
      """
      INSERT INTO messages
        (row, conversation, author, id, sequence, text, sentMs, receivedMs, state, reason)
      VALUES (?, ?, ?, CAST(? AS TEXT), ?, CAST(? AS TEXT), ?, ?, ?, CAST(? AS TEXT))
      ON CONFLICT (author, id) DO NOTHING
      """,
      [
        row, conversation, author, textBytes(message.key.id), bytes(message.sequence),
        textBytes(message.text), message.sentMs, message.receivedMs, message.state.code,
        message.state.reason,
      ])
    return db.changesCount > 0
  }

  private func set(_ state: DeliveryState, of key: MessageKey, _ db: Database) throws {
    guard let row = try row(of: key, db) else { return }
    try db.run(
      "UPDATE messages SET state = ?, reason = CAST(? AS TEXT) WHERE row = ?",
      [state.code, state.reason, row])
  }

  /// Only forward: what was read stays read.
  private func read(_ conversation: Conversation, upTo key: MessageKey, _ db: Database) throws {
    guard let number = try number(of: conversation, db), let row = try row(of: key, db) else { return }
    try db.run(
      """
      UPDATE conversations SET readRow = ?1, unread =
        (SELECT count(*) FROM messages WHERE conversation = ?2 AND row > ?1 AND state = 0)
      WHERE number = ?2 AND ifnull(readRow, ?1 - 1) < ?1
        AND EXISTS (SELECT 1 FROM messages WHERE row = ?1 AND conversation = ?2)
      """, [row, number])
  }

  // MARK: People

  private func hear(_ peer: PeerID, sequence: UInt64, _ db: Database) throws {
    // Replacing gives a new position, the last one.
    try db.run(
      """
      INSERT OR REPLACE INTO authors (peer, sequence)
      SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM authors WHERE peer = ?1 AND sequence >= ?2)
      """, [bytes(peer), bytes(sequence)])
  }

  private func meet(_ peer: PeerID, at addresses: [Multiaddr], seenMs: Int64, _ db: Database) throws {
    let lines = addresses.prefix(limits.addresses).map(\.description).joined(separator: "\n")
    try db.run(
      """
      INSERT INTO peers (peer, addresses, seenMs) VALUES (?, CAST(? AS TEXT), ?)
      ON CONFLICT (peer) DO UPDATE SET addresses = excluded.addresses, seenMs = excluded.seenMs
        WHERE excluded.seenMs >= seenMs
      """, [bytes(peer), textBytes(lines), seenMs])
  }

  private func numberOrNew(for peer: PeerID, _ db: Database) throws -> Int64 {
    try numbers.number(of: .person(peer)) {
      if let number = try number(of: peer, db) { return number }
      try db.run("INSERT INTO people (peer) VALUES (?)", [bytes(peer)])
      return db.lastInsertedRowID
    }
  }

  func numberOrNew(for conversation: Conversation, _ db: Database) throws -> Int64 {
    try numbers.number(of: .conversation(conversation)) {
      if let number = try number(of: conversation, db) { return number }
      switch conversation {
      case .room(let name):
        try db.run("INSERT INTO conversations (room) VALUES (CAST(? AS TEXT))", [textBytes(name)])
      case .peer(let peer):
        try db.run("INSERT INTO conversations (peer) VALUES (?)", [try numberOrNew(for: peer, db)])
      }
      return db.lastInsertedRowID
    }
  }

  // MARK: Bounds

  private func trim(after writes: [Write], _ db: Database) throws {
    var hasMessages = false
    var authors = 0
    var hasPeers = false
    for write in writes {
      switch write {
      case .insert: hasMessages = true
      case .author: authors += 1
      case .peer: hasPeers = true
      case .state, .read, .room: break
      }
    }
    if hasMessages { try trimMessages(db) }
    if authors > 0, isTimeToTrim(authors: authors) {
      try db.run(
        """
        DELETE FROM authors WHERE position <=
          (SELECT position FROM authors ORDER BY position DESC LIMIT 1 OFFSET ?)
        """, [limits.authors])
    }
    if hasPeers {
      try db.run(
        "DELETE FROM peers WHERE rowid IN (SELECT rowid FROM peers ORDER BY seenMs DESC LIMIT -1 OFFSET ?)",
        [limits.peers])
    }
  }

  /// In memory only: the oldest go, except what waits to be sent, the newest of it.
  func trimMessages(_ db: Database) throws {
    guard let messagesMax else { return }
    let excess = """
      row <= (SELECT row FROM messages ORDER BY row DESC LIMIT 1 OFFSET ?1)
        AND row NOT IN (\(Self.waitingSQL) ORDER BY 1 DESC LIMIT ?2)
      """
    let bounds: StatementArguments = [messagesMax, limits.outbox]
    try db.run(
      """
      INSERT INTO search (search, rowid, words)
      SELECT 'delete', row, words FROM wordsOfMessages
      WHERE row <= (SELECT row FROM indexed) AND \(excess)
      """, bounds)
    try db.run("DELETE FROM messages WHERE \(excess)", bounds)
    count(forgotten: db.changesCount)
  }

  /// The rows of our own messages that wait: for anybody to be there, or for a peer's word that it has them.
  static let waitingSQL = """
    SELECT row FROM messages WHERE state IN (1, 2) AND state = 1
    UNION ALL
    SELECT row FROM messages WHERE state IN (1, 2) AND state = 2
      AND conversation IN (SELECT number FROM conversations WHERE peer IS NOT NULL)
    """
}

extension Database {
  /// Executes one statement, which is compiled once.
  func run(_ sql: String, _ arguments: StatementArguments) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}
