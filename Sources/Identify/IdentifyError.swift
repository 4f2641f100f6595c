// Why an identify stream is reset or its message dropped, and whose fault it is.

package import SansIO

package enum IdentifyError: AttributedError {
  /// A part is no protobuf message of this kind, or its length prefix is malformed.
  case malformedMessage
  /// The stream ended inside a part.
  case truncated
  /// The stream ended before any part.
  case noMessage
  /// The claimed key is no key that this node can read.
  case malformedPublicKey
  /// The claimed key belongs to another peer.
  case wrongPublicKey
  /// Bytes where the other side has nothing to say.
  case unexpectedBytes
  /// More than `MessageLimits.bytesMax` in all.
  case messageTooLarge
  /// More than `MessageLimits.partsMax` parts.
  case tooManyParts
  /// The message was not whole in time.
  case timedOut
  /// Our own message does not fit into what other implementations read.
  case ownMessageTooLarge(bytes: Int)

  package var fault: Fault {
    switch self {
    case .malformedMessage, .truncated, .noMessage, .malformedPublicKey, .wrongPublicKey, .unexpectedBytes:
      .peer
    case .messageTooLarge, .tooManyParts, .timedOut: .limit
    case .ownMessageTooLarge: .local
    }
  }
}
