// Identify: who are you, what do you speak, where can you be reached, and where do you see me?
//
// `/ipfs/id/1.0.0`: who was asked sends its message and finishes the stream. `/ipfs/id/push/1.0.0`: who has
// news opens a stream, sends what changed and finishes it. The message is the same; it may come in several
// length-prefixed parts, which are merged. (libp2p specs, identify/README.md)
//
// A message is a claim. What of it is believed is decided in one place, `Message.apply(to:)`:
// - The public key must be the authenticated peer's, or nothing of the message counts.
// - A signed record by the peer counts, and then unsigned addresses do not; a bad or stale one counts as
//   absent.
// - What the peer observed of us over a relay is the relay's address, and is ignored.
// - Text is shown to people, so it is cut and stripped of what terminals obey.
//
// One value per stream side: `Sender` on the side that has something to say, `Receiver` on the other. The
// driver hands in what arrived and the time, pulls events until nil, drains, and finishes its half of the
// stream when `outboundFinished` says so. An error thrown by `nextEvent` means: reset the stream.
//
// Reading order: Message, PeerDescription, Sender, Receiver, PushLimiter, IdentifyError.

package import Wire

extension ProtocolName {
  package static let identify: ProtocolName = "/ipfs/id/1.0.0"
  package static let identifyPush: ProtocolName = "/ipfs/id/push/1.0.0"
}

/// What a message may hold, ours and theirs.
package enum MessageLimits {
  /// Of one part we send: rust-libp2p reads no larger one, and no second one.
  package static let sentPartBytesMax = 4096
  /// Of all parts together, sent or received: go-libp2p's bound for a message with a signed record.
  package static let bytesMax = 8192
  /// Parts we read, like go-libp2p.
  package static let partsMax = 10
  /// Entries we keep, like go-libp2p. The rest is counted and dropped.
  package static let protocolsMax = 1024
  package static let listenAddrsMax = 500
  /// UTF-8 bytes of agent and protocol version we keep.
  package static let versionBytesMax = 256
}
