import Identity
import NIOCore

/// Strict signing (pubsub/README.md, "Message Signing").
enum Signing {
  /// Before what is signed.
  static let prefix = [UInt8]("libp2p-pubsub:".utf8)

  /// A message of ours. The key is not sent: it is in the name of its author.
  static func sealed(
    _ data: ByteBuffer, to topic: Topic, sequence: UInt64, by identity: KeyPair
  ) -> ByteBuffer {
    var raw = ByteBuffer()
    raw.reserveCapacity(data.readableBytes + topic.bytes.count + 140)
    raw.writeField(1, bytes: identity.peerID.bytes)
    raw.writeField(2, message: data)
    raw.writeFieldHeader(3, length: 8)
    raw.writeInteger(sequence)
    raw.writeField(4, bytes: topic.bytes)
    let signature = identity.sign(prefix + [UInt8](raw.readableBytesView))
    raw.writeField(5, bytes: signature)
    return raw
  }

  /// What the author signed: all that was received but signature and key, so that unknown fields count.
  static func signedBytes(of message: WireMessage) -> [UInt8] {
    let raw = message.raw.readableBytesView
    var bytes: [UInt8] = []
    bytes.reserveCapacity(prefix.count + raw.count)
    bytes += prefix
    bytes += raw[raw.startIndex..<message.signedHead]
    bytes += raw[message.signedTail...]
    return bytes
  }
}
