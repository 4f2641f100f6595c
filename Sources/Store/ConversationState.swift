package import Chat

/// A conversation as a list of them shows it.
package struct ConversationState: Hashable, Sendable {
  package let conversation: Conversation
  /// Messages of others after the read position.
  package let unreadCount: Int
  /// The one that came last.
  package let lastMessage: Message?
  /// The last message that was read. Nil when none was.
  package let readUpTo: MessageKey?
}
