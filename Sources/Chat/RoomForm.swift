package import Identity
package import NIOCore
import Wire

/// The two forms of a message in a room: bare text in `global`, an envelope elsewhere.
package enum RoomForm {
  /// An envelope's other fields take some 80 bytes; the rest is for versions to come.
  static let envelopeBytesMax = Configuration.textBytesMax + 1024

  /// What a published message says, judged to be right.
  package struct Content: Hashable {
    package let key: MessageKey
    package let sequence: UInt64
    package let text: String
    package let sentMs: Int64?
  }

  // MARK: Writing

  /// Nil for a message that has no identifier of the room's form.
  static func encode(_ message: Message, in room: String) -> ByteBuffer? {
    if room == RoomName.global { return ByteBuffer(string: message.text) }
    guard let id = Hexadecimal.bytes(message.key.id, count: MessageKey.idBytes) else { return nil }
    var envelope = Chat_Envelope()
    envelope.id = id.protobufBytes()
    envelope.author = message.key.author.bytes.protobufBytes()
    envelope.sequence = message.sequence
    if let sentMs = message.sentMs { envelope.sentMs = sentMs }
    envelope.text = message.text
    return envelope.encodedBuffer()
  }

  // MARK: Reading

  package static func decode(
    _ data: ByteBuffer, room: String, author: PeerID, gossipSequence: UInt64
  ) throws(Flaw) -> Content {
    guard room != RoomName.global else {
      return Content(
        key: MessageKey(author: author, gossipSequence: gossipSequence), sequence: gossipSequence,
        text: try text(of: data), sentMs: nil)
    }
    guard data.readableBytes <= envelopeBytesMax else { throw .tooLong }
    let envelope: Chat_Envelope
    do { envelope = try Chat_Envelope(decoding: data) } catch { throw .malformed }
    guard [UInt8](envelope.author) == author.bytes else { throw .foreignAuthor }
    guard envelope.id.count == MessageKey.idBytes, envelope.sequence > 0, envelope.sentMs >= 0 else {
      throw .malformed
    }
    guard case .text(let text)? = envelope.body else { throw .unreadable }
    guard !text.isEmpty else { throw .empty }
    guard text.utf8.count <= Configuration.textBytesMax else { throw .tooLong }
    return Content(
      key: MessageKey(author: author, idBytes: [UInt8](envelope.id)), sequence: envelope.sequence, text: text,
      sentMs: envelope.hasSentMs ? envelope.sentMs : nil)
  }

  private static func text(of data: ByteBuffer) throws(Flaw) -> String {
    guard data.readableBytes > 0 else { throw .empty }
    guard data.readableBytes <= Configuration.textBytesMax else { throw .tooLong }
    guard let text = String(validating: data.readableBytesView, as: UTF8.self) else { throw .notText }
    return text
  }

  /// The original app takes every text that begins like an announcement for one and shows nothing. A space
  /// before it makes it text for everybody.
  static func writable(_ text: String, in room: String) -> String {
    room == RoomName.global && text.utf8.starts(with: "ANNOUNCE:".utf8) ? " " + text : text
  }
}
