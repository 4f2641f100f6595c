import Chat
import Identity

/// What the writer writes, so that whoever reads it later knows what must be there.
enum Batch {
  static let conversation = Conversation.room("writer")

  /// From one message to twenty, some longer than a page of the database.
  static func messages(_ batch: Int) -> [Message] {
    if batch < 0 { return [] }
    return (0..<(batch * 7 % 20 + 1)).map { index in
      let id = String(batch * 100 + index, radix: 16)
      return Message(
        key: MessageKey(author: author, id: String(repeating: "0", count: 32 - id.count) + id),
        conversation: conversation, sequence: UInt64(batch * 100 + index),
        text: "message \(batch * 100 + index) "
          + String(repeating: "longer ", count: batch % 11 * index * 20),
        sentMs: nil, receivedMs: Int64(batch), state: .sent)
    }
  }

  private static let author: PeerID = {
    do {
      return try PeerID("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA")
    } catch {
      preconditionFailure("the writer's own id is none: \(error)")
    }
  }()
}
