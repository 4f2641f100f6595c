package import Identity

/// Where a message belongs.
package enum Conversation: Hashable, Sendable {
  /// A public room, by its name. `global` is the original app's.
  case room(String)
  /// Direct messages with one peer.
  case peer(PeerID)

  package static let global = Conversation.room("global")
}
