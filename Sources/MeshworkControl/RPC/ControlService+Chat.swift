import Meshwork

// Rooms, direct messages and history.
extension ControlService {
  static let messagesMax: Int64 = 1000
  static let messagesDefault: Int64 = 50

  func chat(_ method: ControlMethod, _ arguments: RPCArguments) async throws(RPCError) -> JSONValue {
    switch method {
    case .chatSend:
      let text = try arguments.text("text")
      let conversation = try Self.conversation(arguments, peer: "to") ?? .global
      return try await Self.attempt {
        let message = try await node.send(text, to: conversation)
        return ["id": .string(message.id), "state": .string(message.state.name)]
      }
    case .chatHistory:
      let conversation = try Self.conversation(arguments, peer: "peer") ?? .global
      let limit = try Self.limit(arguments)
      let before = try arguments.optionalText("before")
      return try await Self.attempt {
        .array(try await node.history(of: conversation, limit: limit, beforeID: before).map(\.json))
      }
    case .chatSearch:
      let text = try arguments.text("text")
      let conversation = try Self.conversation(arguments, peer: "peer")
      let limit = try Self.limit(arguments)
      return try await Self.attempt {
        .array(try await node.search(text, in: conversation, limit: limit).map(\.json))
      }
    case .chatList:
      return try await Self.attempt { .array(try await node.conversations().map(\.json)) }
    case .chatJoin:
      let room = try arguments.text("room")
      return try await Self.attempt { ["room": .string(try await node.join(room: room))] }
    case .chatLeave:
      let room = try arguments.text("room")
      return try await Self.attempt {
        try await node.leave(room: room)
        return .null
      }
    case .nodeInfo, .nodeRefresh, .nodeShutdown, .peersList, .peersConnect, .peersDisconnect, .peersPing,
      .eventsSubscribe:
      preconditionFailure("\(method.rawValue) is not chat")
    }
  }

  private static func limit(_ arguments: RPCArguments) throws(RPCError) -> Int {
    Int(try arguments.whole("limit", in: 1...messagesMax, default: messagesDefault))
  }

  /// The room or the peer that was named; nil when none was.
  private static func conversation(
    _ arguments: RPCArguments, peer name: String
  ) throws(RPCError) -> Conversation? {
    let room = try arguments.optionalText("room")
    guard try arguments.optionalText(name) != nil else { return room.map(Conversation.room) }
    guard room == nil else {
      throw .invalidParams("\"room\" and \"\(name)\" are one too many: name one of them")
    }
    return .peer(try peer(arguments, name))
  }
}

extension ChatMessage {
  /// As `chat.history` and `message.received` have it. A direct message has `peer` in place of `room`.
  var members: [JSONValue.Member] {
    conversation.members + [
      .init("from", .string(from.description)), .init("text", .string(text)),
      .init("sentMs", .optional(sentMs)),
    ]
  }

  var json: JSONValue {
    .object(
      [.init("id", .string(id))] + members + [
        .init("receivedMs", .integer(receivedMs)), .init("state", .string(state.name)),
      ] + state.members)
  }
}

extension ChatMessage.State {
  var members: [JSONValue.Member] {
    if case .failed(let reason) = self { [.init("reason", .string(reason))] } else { [] }
  }
}

extension Conversation {
  var members: [JSONValue.Member] {
    switch self {
    case .room(let name): [.init("room", .string(name))]
    case .peer(let peer): [.init("room", .null), .init("peer", .string(peer.description))]
    }
  }
}

extension ConversationInfo {
  var json: JSONValue {
    .object(
      conversation.members + [
        .init("unread", .integer(Int64(unread))), .init("last", lastMessage?.json ?? .null),
      ])
  }
}
