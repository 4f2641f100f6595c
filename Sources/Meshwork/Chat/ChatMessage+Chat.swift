import Chat
import Store

// The machine's values as the library's, and back.

extension Conversation {
  init(_ conversation: Chat.Conversation) {
    self =
      switch conversation {
      case .room(let name): .room(name)
      case .peer(let peer): .peer(peer)
      }
  }

  var chat: Chat.Conversation {
    switch self {
    case .room(let name): .room(name)
    case .peer(let peer): .peer(peer)
    }
  }
}

extension ChatMessage {
  init(_ message: Message) {
    id = message.key.id
    conversation = Conversation(message.conversation)
    from = message.key.author
    text = message.text
    sentMs = message.sentMs
    receivedMs = message.receivedMs
    state = State(message.state)
  }

  var key: MessageKey { MessageKey(author: from, id: id) }
}

extension ChatMessage.State {
  init(_ state: DeliveryState) {
    self =
      switch state {
      case .received: .received
      case .queued: .queued
      case .sent: .sent
      case .delivered: .delivered
      case .failed(let reason): .failed(reason: reason)
      }
  }
}

extension ConversationInfo {
  init(_ state: ConversationState) {
    conversation = Conversation(state.conversation)
    unread = state.unreadCount
    lastMessage = state.lastMessage.map(ChatMessage.init)
  }
}
