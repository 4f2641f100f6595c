package import Identity
package import SansIO
package import Wire

/// Why a handshake or a session ended. Every one is final: the connection it happened on is closed.
package enum NoiseError: AttributedError {
  /// A handshake message is shorter than the keys and tags it must hold.
  case messageTooShort(HandshakeMessage, bytes: Int)
  /// A handshake message announces more than we read before knowing who sends it.
  case messageTooLong(HandshakeMessage, bytes: Int, bytesMax: Int)
  /// Message 1 is sent in the clear and carries nothing in libp2p.
  case unexpectedPayload(bytes: Int)
  /// A Diffie-Hellman result is all zero: the peer's key has a small order, and the secret would be no
  /// secret.
  case weakPublicKey(HandshakeMessage)
  /// The tag does not fit: a wrong key, or bytes that were changed on the way.
  case handshakeNotAuthentic(HandshakeMessage)
  /// The payload is not the protobuf it must be.
  case malformedPayload
  /// The identity key cannot be used.
  case identityKey(IdentityError)
  /// The identity key did not sign the static key that was used.
  case badSignature
  /// Somebody answered, and proved to be somebody else.
  case wrongPeer(expected: PeerID, actual: PeerID)
  /// More stream muxers than we compare.
  case tooManyMuxers(count: Int, countMax: Int)
  /// Both named stream muxers, and share none.
  case noCommonMuxer(initiator: [ProtocolName], responder: [ProtocolName])
  /// A transport frame is shorter than its tag.
  case frameTooShort(bytes: Int)
  /// A transport frame's tag does not fit.
  case frameNotAuthentic
  /// 2⁶⁴ − 1 messages were sealed or opened with one key.
  case nonceExhausted

  package var fault: Fault {
    switch self {
    case .messageTooShort, .unexpectedPayload, .weakPublicKey, .handshakeNotAuthentic, .malformedPayload,
      .badSignature, .frameTooShort, .frameNotAuthentic:
      .peer
    case .identityKey(let error): error.fault
    case .messageTooLong, .tooManyMuxers, .nonceExhausted: .limit
    case .wrongPeer, .noCommonMuxer: .local
    }
  }
}

extension NoiseError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .messageTooShort(let message, let bytes): "Noise \(message) has only \(bytes) bytes"
    case .messageTooLong(let message, let bytes, let bytesMax):
      "Noise \(message) announces \(bytes) bytes, more than \(bytesMax)"
    case .unexpectedPayload(let bytes):
      "Noise message 1 carries a payload of \(bytes) bytes; it must be empty"
    case .weakPublicKey(let message): "Noise \(message) leads to an all-zero shared secret"
    case .handshakeNotAuthentic(let message): "Noise \(message) cannot be authenticated"
    case .malformedPayload: "the Noise handshake payload is not a valid protobuf message"
    case .identityKey(let error): "the Noise handshake payload has an unusable identity key: \(error)"
    case .badSignature: "the identity key did not sign the Noise static key"
    case .wrongPeer(let expected, let actual): "expected peer \(expected), but \(actual) answered"
    case .tooManyMuxers(let count, let countMax):
      "the peer names \(count) stream muxers, more than \(countMax)"
    case .noCommonMuxer(let initiator, let responder):
      // One of the two lists is a stranger's text.
      "no common stream muxer: the initiator speaks \(Self.shown(initiator)), "
        + "the responder \(Self.shown(responder))"
    case .frameTooShort(let bytes): "a Noise frame of \(bytes) bytes is shorter than its tag"
    case .frameNotAuthentic: "a Noise frame cannot be authenticated"
    case .nonceExhausted: "the Noise nonces of this connection are used up"
    }
  }

  private static func shown(_ names: [ProtocolName]) -> String {
    let some = names.prefix(4).map { name in
      name.rawValue.unicodeScalars.prefix(64).map { $0.escaped(asASCII: true) }.joined()
    }
    return some.joined(separator: ", ") + (names.count > some.count ? " …" : "")
  }
}
