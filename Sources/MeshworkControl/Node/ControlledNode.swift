public import Meshwork
public import NIOCore

/// What the JSON-RPC server needs of a node. `MeshNode` is one; tests bring their own.
///
/// Values are in the units of the interface: milliseconds since the Unix epoch (`…Ms`) or durations.
/// What these calls throw goes to the client as the error's description, so it must be a sentence to act on.
public protocol ControlledNode: Sendable {
  /// Where events are told. The server lives there too, so that nothing comes between.
  var loop: any EventLoop { get }
  /// What `node.info` answers.
  func nodeReport() async -> NodeReport
  /// What `peers.list` answers, in a stable order.
  func peerReports() async -> [PeerReport]
  /// Dials, upgrades and waits for the connection to stand.
  func connectReport(to address: Multiaddr) async throws -> ConnectReport
  /// Closes every connection with the peer.
  func disconnect(_ peer: PeerID) async throws
  /// Round trips, one after the other.
  func ping(_ peer: PeerID, count: Int) async throws -> [Duration]
  /// Announces the node now.
  func refresh() async
  /// Writes a message.
  func send(_ text: String, to conversation: Conversation) async throws -> ChatMessage
  /// The newest messages, or the newest before the one of that identifier: oldest first.
  func history(of conversation: Conversation, limit: Int, beforeID: String?) async throws -> [ChatMessage]
  /// The newest messages with these words, newest first.
  func search(_ text: String, in conversation: Conversation?, limit: Int) async throws -> [ChatMessage]
  /// Every conversation there was, and what is unread in it.
  func conversations() async throws -> [ConversationInfo]
  /// Joins a room; returns its name in its one spelling.
  func join(room: String) async throws -> String
  /// Leaves a room.
  func leave(room: String) async throws
  /// Has every event from the first one kept on told, in order, on `loop`; nil when the node has ended.
  func observeReports(_ observer: @escaping @Sendable (NumberedEvent?) -> Void) async
}
