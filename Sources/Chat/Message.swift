package import Identity

/// What names a message: its author and an identifier that the author gave it. Nobody can take the name of
/// another's message, because the author is proven.
package struct MessageKey: Hashable, Sendable {
  package let author: PeerID
  /// Lowercase hexadecimal: 16 random bytes, or in the room `global` the 8 of gossipsub's sequence number.
  package let id: String

  package init(author: PeerID, id: String) {
    self.author = author
    self.id = id
  }
}

/// A message of chat, ours or another's.
package struct Message: Hashable, Sendable {
  package let key: MessageKey
  package let conversation: Conversation
  /// The author's count of messages in this conversation, from 1; in `global` gossipsub's sequence number,
  /// which says nothing of gaps.
  package let sequence: UInt64
  /// As written; may hold any character. Never shown on a terminal as it is.
  package let text: String
  /// Milliseconds since the Unix epoch by the author's clock; nil where the form has no place for it.
  package let sentMs: Int64?
  /// By our clock; for our own, when it was written.
  package let receivedMs: Int64
  package var state: DeliveryState

  package init(
    key: MessageKey, conversation: Conversation, sequence: UInt64, text: String, sentMs: Int64?,
    receivedMs: Int64, state: DeliveryState
  ) {
    self.key = key
    self.conversation = conversation
    self.sequence = sequence
    self.text = text
    self.sentMs = sentMs
    self.receivedMs = receivedMs
    self.state = state
  }
}

/// How far a message has come.
package enum DeliveryState: Hashable, Sendable {
  /// Another's, and here.
  case received
  /// Ours: kept, and not given to anybody yet.
  case queued
  /// Ours: given to at least one peer. In a room, that is all that can be known.
  case sent
  /// Ours: the peer has kept it and said so.
  case delivered
  /// Ours: given up, and why.
  case failed(reason: String)
}
