package import Meshwork

/// Something a chat should know: it happened to the node, or came of an action.
package enum News: Hashable, Sendable {
  case messageReceived(ChatMessage)
  case messageState(id: String, ChatMessage.State)
  case messagesMissing(room: String, author: PeerID, count: UInt64)
  case peerOnline(PeerID)
  case peerOffline(PeerID, Event.OfflineReason, silentSeconds: Int)
  /// So many events went by unseen.
  case missed(UInt64)
  case warning(String)

  /// Everybody who is known now.
  case peers([Peer])
  /// The rooms that are joined.
  case rooms([String])
  case conversations([ConversationInfo])
  /// A page of history, oldest first.
  case history(Conversation, [ChatMessage], before: ChatMessage?, hasOlder: Bool)
  /// Newest first.
  case found([ChatMessage], words: String)
  case sent(ChatMessage)
  case notSent(String, to: Conversation, reason: String)
  case joined(String)
  case left(String)
  /// Answers ``Action/names``.
  case names
  /// What came of another action.
  case notice(String)
  /// Something asked for that did not happen.
  case failure(String)
  /// The node goes, or somebody wants the chat to end.
  case leaving
}
