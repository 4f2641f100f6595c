import Chat
import Node
import Runtime
import SansIO
import Store

/// Rooms, direct messages and history. All of it throws ``MeshError/notAMessenger`` on a node without a
/// ``Configuration/messenger``.
extension MeshNode {
  /// Writes a message and returns once it is kept: no crash loses it from then on. It leaves when there is
  /// somebody to give it to; the event ``Event/Payload/messageState(id:_:)`` tells how far it comes.
  ///
  /// - Parameter text: at most 16 KiB, any characters.
  @discardableResult
  public func send(_ text: String, to conversation: Conversation = .global) async throws -> ChatMessage {
    try await withCheckedThrowingContinuation { continuation in
      do {
        try command { node, now throws(ChatError) in
          let message = try node.send(text, to: conversation.chat, at: now)
          // Within the command, before anything can have been kept.
          switchboard.whenKept(message.key) { continuation.resume(returning: ChatMessage(message)) }
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  /// Joins a public room, for good; returns its name in its one spelling.
  @discardableResult
  public func join(room: String) throws -> String {
    try command { node, now throws(ChatError) in try node.join(room, at: now) }
  }

  /// Leaves a room. What waits there for somebody to read it has failed.
  public func leave(room: String) throws {
    try command { node, now throws(ChatError) in try node.leave(room, at: now) }
  }

  /// The rooms that are joined, `global` first.
  public func rooms() -> [String] { shell.turn { node, _ in node.rooms } }

  /// The newest messages of a conversation, or the newest before one of them: oldest first.
  public func history(
    of conversation: Conversation, limit: Int = 100, before: ChatMessage? = nil
  ) async throws -> [ChatMessage] {
    let (chat, key) = (conversation.chat, before?.key)
    return try await ask { $0.history(of: chat, limit: limit, before: key).map(ChatMessage.init) }
  }

  /// The same by an identifier, for those who have no more than that.
  public func history(
    of conversation: Conversation, limit: Int, beforeID id: String?
  ) async throws -> [ChatMessage] {
    guard let id else { return try await history(of: conversation, limit: limit) }
    let chat = conversation.chat
    guard let key = try await ask({ $0.key(ofMessage: id, in: chat) }) else {
      throw MeshError.refused("there is no message \(id.prefix(64)) in this conversation")
    }
    return try await ask { $0.history(of: chat, limit: limit, before: key).map(ChatMessage.init) }
  }

  /// The newest messages that have all the words; of the last word the beginning is enough. Newest first.
  public func search(
    _ text: String, in conversation: Conversation? = nil, limit: Int = 100
  ) async throws -> [ChatMessage] {
    let chat = conversation?.chat
    return try await ask { $0.search(text, in: chat, limit: limit).map(ChatMessage.init) }
  }

  /// Every conversation there was, the one with the newest message first.
  public func conversations() async throws -> [ConversationInfo] {
    try await ask { $0.conversations().map(ConversationInfo.init) }
  }

  /// Notes that everything up to and with this message has been read.
  public func markRead(upTo message: ChatMessage) {
    shell.turn { $0.markRead(message.conversation.chat, upTo: message.key, at: $1) }
  }

  // MARK: How

  private func command<Answer>(
    _ body: (Node, Instant) throws(ChatError) -> Answer
  ) throws -> Answer {
    guard configuration.messenger != nil else { throw MeshError.notAMessenger }
    try checkRunning()
    let result = shell.turn { node, now in
      node.setWallClock(ms: WallClock.nowMs, at: now)
      return Result { () throws(ChatError) in try body(node, now) }
    }
    do { return try result.get() } catch { throw MeshError.refused("\(error)") }
  }

  private func ask<Answer: Sendable>(
    _ question: @escaping @Sendable (Store) -> Answer
  ) async throws -> Answer {
    guard let keeper = shell.keeper else { throw MeshError.notAMessenger }
    try checkRunning()
    return try await keeper.ask(question).get()
  }
}
