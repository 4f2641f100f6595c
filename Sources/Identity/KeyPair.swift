import CSodium
import Wire

/// An Ed25519 key pair: what makes a node itself. Never printed.
package struct KeyPair: Sendable {
  package static let seedBytes = Int(crypto_sign_SEEDBYTES)

  package let publicKey: PublicKey
  package let peerID: PeerID
  /// Seed and public key, the form libsodium and libp2p share.
  private let secret: [UInt8]

  /// The key pair of 32 bytes of entropy; the same seed gives the same keys.
  package init(seed: [UInt8]) throws(IdentityError) {
    guard seed.count == Self.seedBytes else { throw .wrongSeedSize(bytes: seed.count) }
    Sodium.initialise()
    var point = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
    var secret = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
    let status = crypto_sign_seed_keypair(&point, &secret, seed)
    precondition(status == 0, "libsodium makes a key of every seed")
    publicKey = try PublicKey(ed25519: point)
    peerID = publicKey.peerID
    self.secret = secret
  }

  /// Decodes a private key in libp2p's protobuf form: seed and public key, or the form of old versions with
  /// the public key twice. A key whose halves do not belong together is refused.
  package init(protobuf: [UInt8]) throws(IdentityError) {
    let message: Keys_PrivateKey
    do { message = try Keys_PrivateKey(decoding: protobuf) } catch { throw .malformedKey }
    guard message.hasType, let kind = KeyKind(message.type) else { throw .malformedKey }
    guard kind == .ed25519 else { throw .unsupportedKeyKind(kind) }
    let halves = [UInt8](message.data)
    guard halves.count == 64 || halves.count == 96, protobuf == Self.encode(halves) else {
      throw .malformedKey
    }
    try self.init(seed: [UInt8](halves[..<32]))
    guard halves[32..<64].elementsEqual(publicKey.rawBytes),
      halves[64...].isEmpty || halves[64...] == halves[32..<64]
    else { throw .mismatchedPublicKey }
  }

  /// The private key in libp2p's protobuf form, 68 bytes. Secret.
  package var protobuf: [UInt8] {
    Self.encode(secret)
  }

  /// A signature of 64 bytes.
  package func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: PublicKey.signatureBytes)
    let status = crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
    precondition(status == 0, "libsodium signs with every key it made")
    return signature
  }

  private static func encode(_ halves: [UInt8]) -> [UInt8] {
    var message = Keys_PrivateKey()
    message.type = .ed25519
    message.data = halves.protobufBytes()
    return message.encodedBytes()
  }
}

extension KeyPair: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "key pair of \(peerID)" }
  package var debugDescription: String { description }
  /// Dumps and debuggers show the public half alone.
  package var customMirror: Mirror { Mirror(self, children: ["peerID": peerID]) }
}
