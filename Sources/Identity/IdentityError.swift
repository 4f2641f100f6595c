package import SansIO
public import Wire

/// What is wrong with a key, a peer id or something signed.
public enum IdentityError: Error, Hashable, Sendable {
  /// Text or bytes that are no peer id.
  case malformedPeerID(WireError)
  /// Bytes that are no key in its one deterministic encoding, or whose content its kind cannot have.
  case malformedKey
  /// A key of a kind that this node does not verify or sign with.
  case unsupportedKeyKind(KeyKind)
  /// The public half kept beside a private key does not belong to it.
  case mismatchedPublicKey
  /// Entropy for a key that is not 32 bytes.
  case wrongSeedSize(bytes: Int)
  /// Bytes that are no envelope.
  case malformedEnvelope
  /// An envelope or record over a limit of ours.
  case tooLarge(limit: Int)
  /// A signature that the key did not make over these bytes.
  case invalidSignature
  /// An envelope of something else than was asked for.
  case unexpectedPayloadType
  /// Bytes that are no peer record.
  case malformedRecord
  /// A peer record about another peer than the one that signed or sent it.
  case recordOfAnotherPeer
}

extension IdentityError: AttributedError {
  /// Whose fault it is when the input came from a peer.
  package var fault: Fault {
    switch self {
    case .unsupportedKeyKind, .tooLarge: .limit
    case .wrongSeedSize: .local
    case .malformedPeerID, .malformedKey, .mismatchedPublicKey, .malformedEnvelope, .invalidSignature,
      .unexpectedPayloadType, .malformedRecord, .recordOfAnotherPeer:
      .peer
    }
  }
}

extension IdentityError: CustomStringConvertible {
  /// The cause in words, without the input it was found in and without secrets.
  public var description: String {
    switch self {
    case .malformedPeerID(.malformedPeerID): "\(WireError.malformedPeerID)"
    case .malformedPeerID(let cause): "not a peer id: \(cause)"
    case .malformedKey: "not a libp2p key in protobuf form"
    case .unsupportedKeyKind(let kind): "keys of the kind \(kind) are not supported; use Ed25519"
    case .mismatchedPublicKey: "the public key kept with the private key does not belong to it"
    case .wrongSeedSize(let bytes): "a key is made from 32 bytes of entropy, not \(bytes)"
    case .malformedEnvelope: "not a signed envelope"
    case .tooLarge(let limit): "larger than the limit of \(limit) bytes"
    case .invalidSignature: "the signature does not belong to the key and the content"
    case .unexpectedPayloadType: "the envelope holds something else than expected"
    case .malformedRecord: "not a peer record"
    case .recordOfAnotherPeer: "the peer record is about another peer than its signer and sender"
    }
  }
}
