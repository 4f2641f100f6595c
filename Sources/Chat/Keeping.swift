package import Identity
package import Wire

/// Something to keep. What belongs together is kept together: in one transaction or not at all.
package enum Write: Hashable, Sendable {
  /// The outcome is `.inserted`, or `.duplicate` when a message with this key is known.
  case insert(Message)
  /// How far a message of ours has come.
  case state(MessageKey, DeliveryState)
  /// Everything up to here has been read.
  case read(Conversation, upTo: MessageKey)
  /// The highest gossip sequence number seen from a chat author.
  case author(PeerID, sequence: UInt64)
  /// A peer worth dialling again.
  case peer(PeerID, addresses: [Multiaddr], seenMs: Int64)
  case room(String, isJoined: Bool)
}

/// What became of one write.
package enum Outcome: Hashable, Sendable {
  case done
  case inserted
  case duplicate
}

/// Names a batch of writes; the batch's outcomes come back under it, one for each write, in order.
package struct SaveID: Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }
}

/// What a node starts with.
package struct Snapshot: Sendable {
  /// Ours: queued, or sent to a peer who has not confirmed it. Oldest first.
  package var outbox: [Message] = []
  /// Oldest first.
  package var authors: [(peer: PeerID, sequence: UInt64)] = []
  /// Joined, besides `global`.
  package var rooms: [String] = []
  /// The highest of our own sequence numbers in each conversation.
  package var sequences: [Conversation: UInt64] = [:]
  /// Latest seen first, bounded.
  package var peers: [(peer: PeerID, addresses: [Multiaddr])] = []

  package init() {}
}
