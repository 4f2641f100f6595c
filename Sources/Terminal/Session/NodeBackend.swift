package import Meshwork

/// A node of this process.
package struct NodeBackend: ChatBackend {
  private let node: MeshNode

  package init(_ node: MeshNode) {
    self.node = node
  }

  package var peerID: PeerID { node.peerID }

  package func follow(_ tell: (News) async -> Void) async {
    for await event in await node.events(after: 0) {
      if event.payload.changesPeers { await tell(.peers(peers())) }
      if let news = News(event.payload) { await tell(news) }
    }
  }

  package func peers() async -> [Peer] {
    await node.peers().map {
      Peer($0.peerID, agent: $0.agent, isOnline: $0.isOnline, path: $0.path, lastSeenMs: $0.lastSeenMs)
    }
  }

  package func rooms() async -> [String] { await node.rooms() }

  package func conversations() async throws -> [ConversationInfo] { try await node.conversations() }

  package func history(
    of conversation: Conversation, limit: Int, before: ChatMessage?
  ) async throws -> [ChatMessage] {
    try await node.history(of: conversation, limit: limit, before: before)
  }

  package func search(_ words: String, limit: Int) async throws -> [ChatMessage] {
    try await node.search(words, limit: limit)
  }

  package func send(_ text: String, to conversation: Conversation) async throws -> ChatMessage {
    try await node.send(text, to: conversation)
  }

  package func join(room: String) async throws -> String { try await node.join(room: room) }

  package func leave(room: String) async throws { try await node.leave(room: room) }

  package func markRead(upTo message: ChatMessage) async { await node.markRead(upTo: message) }

  package func connect(to address: String) async throws -> String {
    let connection = try await node.connect(to: try Multiaddr(address))
    return "connected with \(connection.peerID.shortID) (\(connection.peerID)), \(connection.path.rawValue)"
  }

  package func refresh() async { await node.refresh() }

  package func status() async -> [String] {
    let info = await node.info()
    let addresses = info.listenAddresses.map { "listening on \($0)/p2p/\(info.peerID)" }
    let seen = info.observedAddresses.map { "seen at \($0)" }
    return ["you are \(info.peerID)", "reachability: \(info.reachability.rawValue)"] + addresses + seen
  }
}

extension Event.Payload {
  fileprivate var changesPeers: Bool {
    switch self {
    case .connectionOpened, .connectionClosed, .identified, .peerOnline, .peerOffline: true
    case .ready, .listening, .presenceSent, .messageReceived, .messageState, .messagesMissing, .reservation,
      .reachability, .holePunch, .drained, .warning, .gap:
      false
    }
  }
}

extension News {
  /// Nil for what a chat does not show.
  fileprivate init?(_ payload: Event.Payload) {
    switch payload {
    case .messageReceived(let message): self = .messageReceived(message)
    case .messageState(let id, let state): self = .messageState(id: id, state)
    case .messagesMissing(let room, let author, let sequences):
      self = .messagesMissing(
        room: room, author: author, count: (sequences.upperBound - sequences.lowerBound).addingOne)
    case .peerOnline(let peer, _): self = .peerOnline(peer)
    case .peerOffline(let peer, let reason, let silence):
      self = .peerOffline(peer, reason, silentSeconds: Int(clamping: silence.components.seconds))
    case .warning(let text, let detail): self = .warning("\(text): \(detail)")
    case .gap(let missed): self = .missed(missed)
    case .ready, .listening, .connectionOpened, .connectionClosed, .identified, .presenceSent, .reservation,
      .reachability, .holePunch, .drained:
      return nil
    }
  }
}

extension UInt64 {
  /// Of a count that a peer had a say in.
  fileprivate var addingOne: UInt64 { self == .max ? self : self + 1 }
}
