/// The methods of the interface, by their names on the wire.
enum ControlMethod: String, CaseIterable, Sendable {
  case nodeInfo = "node.info"
  case nodeRefresh = "node.refresh"
  case nodeShutdown = "node.shutdown"
  case peersList = "peers.list"
  case peersConnect = "peers.connect"
  case peersDisconnect = "peers.disconnect"
  case peersPing = "peers.ping"
  case chatSend = "chat.send"
  case chatHistory = "chat.history"
  case chatSearch = "chat.search"
  case chatList = "chat.list"
  case chatJoin = "chat.join"
  case chatLeave = "chat.leave"
  case eventsSubscribe = "events.subscribe"

  /// In the order in which they stand when a client sends them as an array.
  var parameterNames: [String] {
    switch self {
    case .nodeInfo, .nodeRefresh, .nodeShutdown, .peersList: []
    case .peersConnect: ["addr"]
    case .peersDisconnect: ["peerId"]
    case .peersPing: ["peerId", "count"]
    case .chatSend: ["text", "room", "to"]
    case .chatHistory: ["room", "peer", "limit", "before"]
    case .chatSearch: ["text", "room", "peer", "limit"]
    case .chatList: []
    case .chatJoin, .chatLeave: ["room"]
    case .eventsSubscribe: ["after"]
    }
  }

  init(named name: String) throws(RPCError) {
    guard let method = ControlMethod(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue)
      throw .unknownMethod(
        "there is no method \"\(name.prefix(64))\""
          + (Nearest.suggestion(for: name, among: names) ?? "; there are \(names.joined(separator: ", "))"))
    }
    self = method
  }
}
