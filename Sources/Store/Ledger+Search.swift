import Chat
import GRDB

extension Ledger {
  /// Newest first. Matches are read from the newest back until there are enough, so that a word which is in
  /// every message costs no more than a rare one; a rank by relevance would have to see them all first.
  func search(_ text: String, in conversation: Conversation?, limit: Int) throws -> [Message] {
    try database.write { try index($0) }
    return try database.read { db in
      let place: Int64?
      if let conversation {
        guard let number = try number(of: conversation, db) else { return [] }
        place = number
      } else {
        place = nil
      }
      guard let pattern = try SearchPattern(text, place: place, db) else { return [] }
      return try messages(matching: pattern, place: place, limit: min(limit, limits.pageMessages), db)
    }
  }

  private func messages(
    matching pattern: SearchPattern, place: Int64?, limit: Int, _ db: Database
  ) throws -> [Message] {
    // The condition on the conversation holds already, but for texts that were made to look like its word.
    let rows = try Int64.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT search.rowid FROM search CROSS JOIN messages m ON m.row = search.rowid
          WHERE search MATCH ?1 AND (?2 IS NULL OR m.conversation = ?2) ORDER BY search.rowid DESC
          """), arguments: [pattern.expression, place])
    var found: [Message] = []
    var rejected = 0
    while found.count < limit, rejected < Limits.searchRejectedMax, let row = try rows.next() {
      guard let message = try message(at: row, db) else { continue }
      if try pattern.accepts(message.text) { found.append(message) } else { rejected += 1 }
    }
    return found
  }

  /// Puts the messages into the index that are not in it yet.
  func index(_ db: Database) throws {
    try db.run(
      """
      INSERT INTO search (rowid, words)
      SELECT row, words FROM wordsOfMessages WHERE row > (SELECT row FROM indexed)
      """, [])
    if db.changesCount == 0 { return }
    try db.run("UPDATE indexed SET row = (SELECT max(row) FROM messages)", [])
  }
}
