package import Chat
import GRDB
import Identity

extension Store {
  /// The newest message of a conversation that has this identifier, whoever wrote it.
  package func key(ofMessage id: String, in conversation: Conversation) -> MessageKey? {
    ask(otherwise: nil) { ledger throws in try ledger.key(ofMessage: id, in: conversation) }
  }
}

extension Ledger {
  /// One look into the index of authors and identifiers for each author there is.
  fileprivate func key(ofMessage id: String, in conversation: Conversation) throws -> MessageKey? {
    try database.read { db in
      guard let number = try number(of: conversation, db) else { return nil }
      let row = try Int64.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT m.row FROM people JOIN messages m ON m.author = people.number AND m.id = ?
            WHERE m.conversation = ? ORDER BY m.row DESC LIMIT 1
            """), arguments: [id, number])
      return try row.flatMap { try message(at: $0, db)?.key }
    }
  }
}
