package import Meshwork

/// Something that a chat wants done. What comes of it is told as ``News``.
package enum Action: Hashable, Sendable {
  case send(String, to: Conversation)
  /// The newest messages, or those before one.
  case loadHistory(Conversation, before: ChatMessage?)
  case search(String)
  case join(String)
  case leave(String)
  case markRead(ChatMessage)
  case connect(String)
  case names
  case refresh
  case status
  /// Draw everything anew.
  case redraw
  case quit
}
