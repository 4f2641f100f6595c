package import Chat
package import GossipSub
package import Identify
package import Identity
package import Noise
package import Wire

/// What an item says. Closed, so that whoever judges can match exactly.
package enum What: Hashable, Sendable {
  case tcp(TCPFact)
  case udp(UDPFact)
  case multistream(MultistreamFact)
  case noise(NoiseFact)
  case yamux(YamuxFact)
  /// A whole message; the item's protocol tells whether it was pushed.
  case identify(Identify.Message)
  case ping(PingFact)
  case gossip(GossipFact)
  case chat(ChatFact)
  case perf(PerfFact)
  case relay(RelayFact)
  case punch(PunchFact)
  case autoNAT(AutoNATFact)
  /// Bytes of a protocol that is not known here.
  case opaque(OpaqueBytes)
  /// What stands between the reader and the rest.
  case note(Note)
}

/// What a segment says beside its bytes.
package enum TCPFact: Hashable, Sendable {
  /// `isRepeated` for the same SYN again.
  case syn(isRepeated: Bool)
  /// The answer to a SYN.
  case synAck(isRepeated: Bool)
  /// Both ends have said SYN before either answered; said once, with the packet that shows it.
  case simultaneousOpen
  /// The connection came of it (RFC 9293, 3.5); said once, with the packet that completes it. Where not both
  /// ends have answered with SYN-ACK, one of them has not had the other's SYN before its own was answered:
  /// for that one it was an ordinary open.
  case simultaneouslyOpened(bothAnswered: Bool)
  case fin
  /// `isRefusal` before the connection was open.
  case reset(isRefusal: Bool)
}

/// A datagram of UDP; it belongs to no connection.
package struct UDPFact: Hashable, Sendable {
  /// Of what it carries.
  package var bytes: Int
}

/// A line of multistream-select.
package enum MultistreamFact: Hashable, Sendable {
  /// `/multistream/1.0.0`.
  case header(Level)
  case proposed(Level, ProtocolName)
  case accepted(Level, ProtocolName)
  /// `na`, in answer to this name.
  case rejected(Level, ProtocolName)

  /// What is being agreed on.
  package enum Level: String, Hashable, Sendable, CaseIterable {
    case security, muxer, stream
  }
}

package enum NoiseFact: Hashable, Sendable {
  /// One of the three of the handshake, with its bytes on the wire after the length. Message 1 introduces
  /// nobody; the others do when they could be opened.
  case handshake(HandshakeMessage, bytes: Int, introducing: Introduction?)
  /// A message after the handshake that could not be opened, with its bytes after the length, tag included.
  case sealed(bytes: Int)

  package struct Introduction: Hashable, Sendable {
    package let peer: PeerID
    /// Offered for early negotiation, best first.
    package let muxers: [ProtocolName]
  }
}

/// A frame of Yamux that is no data. The stream is the item's.
package enum YamuxFact: Hashable, Sendable {
  case opened
  case acknowledged
  /// No more will be said by this side.
  case finished
  case reset(code: UInt32)
  /// Credit for the other side; told only when asked for, since it is by far the most frequent.
  case window(bytes: UInt32)
  case ping(value: UInt32)
  case pong(value: UInt32)
  case goAway(code: UInt32)
}

package enum PingFact: Hashable, Sendable {
  /// Counted from 1 on each stream.
  case request(number: Int)
  /// Nanoseconds from the request's packet to this one: the round trip for a capture at the asking end.
  case echo(number: Int, afterNanoseconds: Int64)
  /// Bytes came back that were not sent.
  case wrongEcho(number: Int)
}

package enum GossipFact: Hashable, Sendable {
  case subscribed(Topic)
  case unsubscribed(Topic)
  case published(RecordedMessage)
  case ihave(Topic, [MessageID])
  case iwant([MessageID])
  case graft(Topic)
  case prune(Topic, offers: Int, backoffSeconds: UInt64)
  case idontwant([MessageID])
}

package enum ChatFact: Hashable, Sendable {
  case message(DirectMessage)
  case acknowledgement(id: String, Acknowledgement)
}

package enum PerfFact: Hashable, Sendable {
  /// `uploadBytes` where the form declares it.
  case requested(uploadBytes: UInt64?, downloadBytes: UInt64)
  /// This side will send no more; payload bytes after the request.
  case ended(bytes: UInt64)
}

package struct OpaqueBytes: Hashable, Sendable {
  package let count: Int
  /// At most `beginningMax` of them.
  package let beginning: [UInt8]

  package static let beginningMax = 32
}

/// Why something is not shown, or not as it was.
package enum Note: Hashable, Sendable {
  /// The capture has no SYN of this connection; what is said before its first packet is not known.
  case beginsMidway
  /// Bytes that the capture does not have, though more follow. Nothing after them can be read.
  case missing(bytes: Int)
  /// No key log has this channel, which its initiator's ephemeral key names.
  case noKeys(ephemeral: [UInt8])
  /// The key log has keys for this channel, and they do not open this message of its handshake.
  case wrongHandshakeKeys(HandshakeMessage)
  /// They do not open the speaker's message of this number, from 1, after the handshake. From 2 on the bytes
  /// are wrong rather than the keys.
  case wrongTransportKeys(message: UInt64)
  /// A handshake that opens and is still not right.
  case untrustedHandshake(String)
  /// Not a conversation of libp2p; how it begins.
  case notLibp2p(beginning: [UInt8])
  /// A security protocol or a muxer that is not read here.
  case unreadable(ProtocolName)
  /// The stream's last proposal was never answered; its bytes are shown as if it had been accepted.
  case unanswered(ProtocolName)
  /// Bytes that are not what their protocol allows. The rest of this stream, or of this channel where there
  /// is no stream, is not read.
  case malformed(String)
  /// A limit of the reader, in words. As above, the rest is not read.
  case limit(String)
}
