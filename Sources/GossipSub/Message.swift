package import Identity
package import NIOCore

/// A message whose author was proven by its signature.
package struct Message: Hashable, Sendable {
  package let id: MessageID
  package let topic: Topic
  /// Who wrote and signed it.
  package let author: PeerID
  /// The author's number for it. Unique for the author; most implementations count up from the time of their
  /// start.
  package let sequence: UInt64
  package let data: ByteBuffer
  /// The peer that passed it on to us first.
  package let receivedFrom: PeerID
}

/// What the application says of a message that waits for validation (gossipsub v1.1, "Extended Validators").
package enum Verdict: Hashable, Sendable, CaseIterable {
  /// Pass it on.
  case accept
  /// Drop it and count it against everyone who sent it (P4).
  case reject
  /// Drop it; nobody is to blame.
  case ignore
}

/// A message in the form it travels in, shared by every queue and cache that holds it.
struct SharedMessage: Sendable {
  let id: MessageID
  /// What peers that make ids the other way call it.
  let otherID: MessageID
  let author: PeerID
  /// A whole RPC with its length before it.
  let frame: ByteBuffer
}
