// GossipSub: messages on topics, through a mesh of a few peers for each topic, repaired by gossip about them.
//
// Specifications: github.com/libp2p/specs pubsub/README.md and pubsub/gossipsub/gossipsub-v1.0.md, v1.1 and
// v1.2. Where they are silent we do what the Go and Rust peers do, and the comment at that place says so.
//
// One `Router` a node. It is a value without sockets, clocks or callbacks. It knows peers, not connections:
// each peer has one stream that we write and one that it writes. To drive it:
//
//   router.peerConnected(…)                        before the first receive from that peer
//   router.receive(&bytes, from: peer, at: now)    bytes of the peer's stream, cut anywhere
//   router.subscribe / publish / validated / …
//   router.advance(to: now)                        no later than router.deadline
//   while let event = router.nextEvent()           after each of those
//   while let peer = router.nextPeerWithOutbound() { router.drainOutbound(for: peer, into: &wire, maxBytes:
//   …) }
//
// * A peer is named by `nextPeerWithOutbound` once and then not again until it was drained empty: whoever
//   cannot write all of it keeps the name and drains on when the stream takes more.
// * `.failed(peer, …)` means: reset the stream the peer writes. What else comes on it is ignored, until
//   `inboundOpened` says that the peer opened another.
// * A stream of ours that was lost while the connection lives: `peerConnected` again, which repeats what a
//   new stream must begin with.
// * `.message` was accepted and passed on. `.validate` waits for `validated(id, …)` and is passed on only
//   then: topics say which of the two they want.
//
// Invariants:
//
// * Every table and queue is bounded: by `Configuration`, by the number of peers and our own topics, or by
//   the bytes of one `receive`. What is dropped without being an error is counted: `Counters` is the whole
//   list.
// * No number from a peer enters arithmetic before it was clamped (CVE-2026-33040, CVE-2026-34219).
// * A message is encoded once. Every queue it waits in, the cache and the event share those bytes.
// * The same inputs and the same seed give the same outputs: no order of a hash table is ever seen outside.
//
// Reading order: Message, Topic, MessageID, WireMessage, Signing; then Router, Router+Peers, Router+Inbound,
// Router+Messages, Router+Publish, Router+Control, Router+Mesh, Router+Heartbeat, Router+Gossip. Beside them
// SeenCache, MessageCache, Deliveries (validation), Promises, Backoffs, Scores, PeerState and OutboundQueue.

package import Wire

/// What a peer's streams were agreed to speak.
package enum Version: Hashable, Comparable, Sendable, CaseIterable {
  /// Plain flooding: such a peer is sent everything it subscribed to and no control messages.
  case floodSub
  /// Mesh and gossip.
  case gossipSub10
  /// Scores and backoff.
  case gossipSub11
  /// IDONTWANT.
  case gossipSub12

  package var protocolName: ProtocolName {
    switch self {
    case .floodSub: "/floodsub/1.0.0"
    case .gossipSub10: "/meshsub/1.0.0"
    case .gossipSub11: "/meshsub/1.1.0"
    case .gossipSub12: "/meshsub/1.2.0"
    }
  }

  package init?(_ name: ProtocolName) {
    guard let version = Version.allCases.first(where: { $0.protocolName == name }) else { return nil }
    self = version
  }

  /// To propose and to accept, best first.
  package static let offered: [ProtocolName] = allCases.reversed().map(\.protocolName)

  var hasMesh: Bool { self >= .gossipSub10 }
  var hasBackoff: Bool { self >= .gossipSub11 }
  var hasDontWant: Bool { self >= .gossipSub12 }
}
