import CSodium
import Wire

/// A peer's public key. Its encoding decides the PeerID, so only the one deterministic encoding is accepted.
package struct PublicKey: Hashable, Sendable {
  package static let signatureBytes = Int(crypto_sign_BYTES)

  package let kind: KeyKind
  /// The key itself in the form its kind has: 32 bytes for Ed25519.
  package let rawBytes: [UInt8]
  /// The key as libp2p sends it, hashes it and keeps it.
  package let protobuf: [UInt8]

  /// Decodes the protobuf form (peer-ids.md, "Keys": both fields, in order, minimal, nothing else).
  package init(protobuf: [UInt8]) throws(IdentityError) {
    guard protobuf.count <= Self.protobufBytesMax else { throw .tooLarge(limit: Self.protobufBytesMax) }
    let message: Keys_PublicKey
    do { message = try Keys_PublicKey(decoding: protobuf) } catch { throw .malformedKey }
    guard message.hasType, let kind = KeyKind(message.type) else { throw .malformedKey }
    let rawBytes = [UInt8](message.data)
    guard kind.publicKeyBytes.contains(rawBytes.count), protobuf == Self.encode(kind, rawBytes) else {
      throw .malformedKey
    }
    self.kind = kind
    self.rawBytes = rawBytes
    self.protobuf = protobuf
  }

  /// An Ed25519 key from its 32 bytes.
  package init(ed25519 rawBytes: [UInt8]) throws(IdentityError) {
    guard KeyKind.ed25519.publicKeyBytes.contains(rawBytes.count) else { throw .malformedKey }
    kind = .ed25519
    self.rawBytes = rawBytes
    protobuf = Self.encode(kind, rawBytes)
  }

  package var peerID: PeerID { PeerID(publicKey: self) }

  /// Whether this key made `signature` over `message`. Never for a kind this node does not verify.
  ///
  /// libsodium's check is strict: it refuses non-canonical and small-order values that other implementations
  /// may accept, so validity is no ground for consensus.
  package func isValid(signature: [UInt8], of message: [UInt8]) -> Bool {
    guard kind == .ed25519, signature.count == Self.signatureBytes else { return false }
    Sodium.initialise()
    return crypto_sign_verify_detached(signature, message, UInt64(message.count), rawBytes) == 0
  }

  /// Like `isValid`, and says what is wrong.
  package func verify(signature: [UInt8], of message: [UInt8]) throws(IdentityError) {
    guard kind == .ed25519 else { throw .unsupportedKeyKind(kind) }
    guard isValid(signature: signature, of: message) else { throw .invalidSignature }
  }

  private static func encode(_ kind: KeyKind, _ rawBytes: [UInt8]) -> [UInt8] {
    var message = Keys_PublicKey()
    message.type = kind.type
    message.data = rawBytes.protobufBytes()
    return message.encodedBytes()
  }

  /// The largest raw key and the two field headers before it.
  private static let protobufBytesMax = KeyKind.rsa.publicKeyBytes.upperBound + 5
}
