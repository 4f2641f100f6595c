import Chat
public import Identity

/// Where messages belong.
public enum Conversation: Sendable, Hashable {
  /// A public room, by its name: anybody may read and write there.
  case room(String)
  /// Messages between this node and one peer.
  case peer(PeerID)

  /// The room that everybody is in.
  public static let global = Conversation.room("global")
}

/// A message, this node's or another's.
public struct ChatMessage: Sendable, Hashable {
  /// Unique among its author's messages.
  public let id: String
  /// Where it belongs.
  public let conversation: Conversation
  /// Who wrote it: proven.
  public let from: PeerID
  /// As it was written. May hold any character: see ``safeText`` for showing it.
  public let text: String
  /// When it was written by the author's clock, in milliseconds since the Unix epoch; nil where the room has
  /// no place for it.
  public let sentMs: Int64?
  /// When it came here, or was written here.
  public let receivedMs: Int64
  /// How far it has come.
  public let state: State

  /// How far a message has come.
  public enum State: Sendable, Hashable {
    /// Another's, and here.
    case received
    /// This node's: kept, and not given to anybody yet.
    case queued
    /// This node's: given to at least one peer. In a room that is all that can be known.
    case sent
    /// This node's: the peer has it, and said so.
    case delivered
    /// This node's: given up, and why.
    case failed(reason: String)

    /// Its word on the wire.
    public var name: String {
      switch self {
      case .received: "received"
      case .queued: "queued"
      case .sent: "sent"
      case .delivered: "delivered"
      case .failed: "failed"
      }
    }
  }

  /// A message with all that is known of it.
  public init(
    id: String, conversation: Conversation, from: PeerID, text: String, sentMs: Int64?, receivedMs: Int64,
    state: State
  ) {
    self.id = id
    self.conversation = conversation
    self.from = from
    self.text = text
    self.sentMs = sentMs
    self.receivedMs = receivedMs
    self.state = state
  }

  /// The text, made harmless for a terminal: nothing in it is obeyed, turns the line around or is unseen.
  public var safeText: String { SafeText.lines(text) }
}

/// A conversation with what is new in it.
public struct ConversationInfo: Sendable, Hashable {
  /// Which one.
  public let conversation: Conversation
  /// Others' messages that came after what was read.
  public let unread: Int
  /// The newest message.
  public let lastMessage: ChatMessage?

  /// A conversation and what is new in it.
  public init(conversation: Conversation, unread: Int, lastMessage: ChatMessage?) {
    self.conversation = conversation
    self.unread = unread
    self.lastMessage = lastMessage
  }
}
