import Chat
import GRDB
import Identity
import Wire

extension Ledger {
  func snapshot() throws -> Snapshot {
    try database.read { db in
      var snapshot = Snapshot()
      snapshot.outbox = try outbox(db)
      snapshot.authors = try authors(db)
      snapshot.rooms = try rooms(joined: true, db).filter { $0 != Self.globalRoom }
      snapshot.sequences = try sequences(db)
      snapshot.peers = try peers(db).map { (peer: $0.peer, addresses: $0.addresses) }
      return snapshot
    }
  }

  private static let globalRoom = "global"

  /// Oldest first.
  private func outbox(_ db: Database) throws -> [Message] {
    let rows = try Int64.fetchCursor(db, sql: "\(Self.waitingSQL) ORDER BY 1")
    var waiting: [Message] = []
    while waiting.count < limits.outbox, let row = try rows.next() {
      if let message = try message(at: row, db) { waiting.append(message) }
    }
    return waiting
  }

  /// Oldest first.
  func authors(_ db: Database) throws -> [(peer: PeerID, sequence: UInt64)] {
    let rows = try Row.fetchAll(
      db, sql: "SELECT peer, sequence FROM authors ORDER BY position DESC LIMIT ?",
      arguments: [limits.authors])
    return valid(rows) { row in
      guard let peer = row.peer(0), let sequence = row.sequence(1) else { return nil }
      return (peer, sequence)
    }.reversed()
  }

  /// In the order in which they were first heard of.
  func rooms(joined: Bool, _ db: Database) throws -> [String] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT CAST(room AS BLOB) FROM conversations WHERE room IS NOT NULL AND isJoined = ?
        ORDER BY number LIMIT ?
        """, arguments: [joined, limits.conversations])
    return valid(rows) { $0.text(0, bytesMax: Limits.roomBytesMax) }
  }

  private func sequences(_ db: Database) throws -> [Conversation: UInt64] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT CAST(c.room AS BLOB), people.peer, c.ownSequence
        FROM conversations c LEFT JOIN people ON people.number = c.peer WHERE c.ownSequence IS NOT NULL
        """)
    let pairs = valid(rows) { row -> (Conversation, UInt64)? in
      guard let conversation = row.conversation(0), let sequence = row.sequence(2) else { return nil }
      return (conversation, sequence)
    }
    return Dictionary(pairs, uniquingKeysWith: max)
  }

  /// Seen last first.
  func peers(_ db: Database) throws -> [(peer: PeerID, addresses: [Multiaddr], seenMs: Int64)] {
    let rows = try Row.fetchAll(
      db, sql: "SELECT peer, CAST(addresses AS BLOB), seenMs FROM peers ORDER BY seenMs DESC LIMIT ?",
      arguments: [limits.peers])
    return valid(rows) { row in
      guard let peer = row.peer(0), let lines = row.text(1, bytesMax: Limits.textBytesMax),
        let seenMs = row.number(2)
      else { return nil }
      let addresses = lines.split(separator: "\n").prefix(limits.addresses).compactMap {
        try? Multiaddr(String($0))
      }
      return (peer, addresses, seenMs)
    }
  }

  func conversations() throws -> [ConversationState] {
    try database.read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT CAST(c.room AS BLOB), people.peer, c.unread, author.peer, CAST(read.id AS BLOB),
            (SELECT max(row) FROM messages WHERE conversation = c.number) AS last
          FROM conversations c
          LEFT JOIN people ON people.number = c.peer
          LEFT JOIN messages read ON read.row = c.readRow
          LEFT JOIN people author ON author.number = read.author
          ORDER BY last DESC NULLS LAST, c.number LIMIT ?
          """, arguments: [limits.conversations])
      return try rows.compactMap { row in
        guard let conversation = row.conversation(0), let unread = row.number(2).flatMap({ Int(exactly: $0) })
        else {
          count(skipped: 1)
          return nil
        }
        return ConversationState(
          conversation: conversation, unreadCount: max(unread, 0),
          lastMessage: try row.number(5).flatMap { try message(at: $0, db) }, readUpTo: row.key(3))
      }
    }
  }

  /// What the rows hold, without those that hold nothing of ours, which are counted.
  private func valid<Value>(_ rows: [Row], _ decode: (Row) -> Value?) -> [Value] {
    let values = rows.compactMap(decode)
    count(skipped: rows.count - values.count)
    return values
  }
}
