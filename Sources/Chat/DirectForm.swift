package import NIOCore
package import SansIO
package import Wire

// What goes over a stream of `/meshwork/chat/1`: the opener's messages and the acceptor's answers, each
// behind its length.

/// A message as it came from a stream, from a peer that is proven.
package struct DirectMessage: Hashable, Sendable {
  package let id: String
  package let sequence: UInt64
  package let sentMs: Int64?
  /// Nil when the body is of a kind that this version does not know.
  package let text: String?

  package init(id: String, sequence: UInt64, sentMs: Int64?, text: String?) {
    self.id = id
    self.sequence = sequence
    self.sentMs = sentMs
    self.text = text
  }
}

/// What became of a message at its recipient.
package enum Acknowledgement: Hashable, Sendable {
  /// It has been kept; or was known, which is as good.
  case kept
  /// It will not be taken, however often it is sent. The reason is printable, on one line and short.
  case refused(reason: String)
}

/// Why a stream of direct messages is reset, and whose fault it is.
package enum DirectError: AttributedError {
  /// A frame that is over the limit, or whose length is malformed.
  case malformedFrame(WireError)
  /// A frame that is no message of this protocol.
  case malformedMessage
  /// More messages than may be on the way unconfirmed.
  case windowExceeded
  /// A message with the identifier of one that waits for its confirmation.
  case repeatedID
  /// A confirmation of nothing.
  case unexpectedAcknowledgement
  /// The stream ended inside a frame, or before what was owed.
  case endedEarly
  /// No confirmation in time.
  case timedOut
  /// Nothing happened for long, and the peer did not end the stream.
  case idle

  package var fault: Fault {
    switch self {
    case .malformedFrame, .malformedMessage, .windowExceeded, .repeatedID, .unexpectedAcknowledgement,
      .endedEarly:
      .peer
    case .timedOut, .idle: .limit
    }
  }
}

/// The numbers of the protocol: both sides must agree on them.
package enum DirectForm {
  /// Messages on the way unconfirmed. Enough for a second of typing at any distance, and it bounds what a
  /// recipient must hold: it need not read faster than it keeps.
  package static let windowMessages = 16
  /// A message's other fields take some 50 bytes; the rest is so that a longer text is refused with a reason
  /// instead of a reset.
  package static let frameBytesMax = 32 * 1024
  package static let acknowledgementBytesMax = 512
  package static let reasonBytesMax = 200

  // MARK: Messages

  /// Nil for a message without an identifier of this form.
  static func encode(_ message: Message) -> ByteBuffer? {
    guard let id = Hexadecimal.bytes(message.key.id, count: MessageKey.idBytes) else { return nil }
    var send = Chat_Send()
    send.id = id.protobufBytes()
    send.sequence = message.sequence
    if let sentMs = message.sentMs { send.sentMs = sentMs }
    send.text = message.text
    return send.encodedBuffer()
  }

  package static func decodeMessage(_ frame: ByteBuffer) throws(DirectError) -> DirectMessage {
    let send: Chat_Send
    do { send = try Chat_Send(decoding: frame) } catch { throw .malformedMessage }
    guard send.id.count == MessageKey.idBytes else { throw .malformedMessage }
    let text: String? = if case .text(let text)? = send.body { text } else { nil }
    return DirectMessage(
      id: Hexadecimal.text([UInt8](send.id)), sequence: send.sequence,
      sentMs: send.hasSentMs ? send.sentMs : nil, text: text)
  }

  // MARK: Answers

  static func encode(_ acknowledgement: Acknowledgement, of id: [UInt8]) -> ByteBuffer {
    var ack = Chat_Ack()
    ack.id = id.protobufBytes()
    switch acknowledgement {
    case .kept: ack.kept = Chat_Ack.Kept()
    case .refused(let reason): ack.refused.reason = Text.line(reason, bytesMax: reasonBytesMax)
    }
    return ack.encodedBuffer()
  }

  package static func decodeAcknowledgement(
    _ frame: ByteBuffer
  ) throws(DirectError) -> (id: String, acknowledgement: Acknowledgement) {
    let ack: Chat_Ack
    do { ack = try Chat_Ack(decoding: frame) } catch { throw .malformedMessage }
    guard ack.id.count == MessageKey.idBytes, let outcome = ack.outcome else { throw .malformedMessage }
    let acknowledgement: Acknowledgement =
      switch outcome {
      case .kept: .kept
      case .refused(let refused): .refused(reason: Text.line(refused.reason, bytesMax: reasonBytesMax))
      }
    return (Hexadecimal.text([UInt8](ack.id)), acknowledgement)
  }
}
