package import Meshwork

/// What a chat needs of a node.
package protocol ChatBackend: Sendable {
  var peerID: PeerID { get }

  /// Tells what happens, from the node's start on, until the node is gone or the task is cancelled. Waits
  /// while `tell` does.
  func follow(_ tell: (News) async -> Void) async

  func peers() async -> [Peer]
  func rooms() async -> [String]
  func conversations() async throws -> [ConversationInfo]
  /// Oldest first.
  func history(of conversation: Conversation, limit: Int, before: ChatMessage?) async throws -> [ChatMessage]
  /// Newest first.
  func search(_ words: String, limit: Int) async throws -> [ChatMessage]
  func send(_ text: String, to conversation: Conversation) async throws -> ChatMessage
  func join(room: String) async throws -> String
  func leave(room: String) async throws
  func markRead(upTo message: ChatMessage) async
  /// What there is to say about the new connection.
  func connect(to address: String) async throws -> String
  func refresh() async
  /// Lines about the node.
  func status() async -> [String]
}
