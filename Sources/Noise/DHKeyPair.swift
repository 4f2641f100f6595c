import CSodium
import Identity

/// An X25519 key pair (Noise, section 12.1).
struct DHKeyPair: Sendable {
  static let publicKeyBytes = 32

  let publicKey: [UInt8]
  private let privateKey: Secret

  /// Any 32 bytes of entropy are a private key; X25519 itself clears and sets the bits that must be (RFC
  /// 7748).
  init(seed: [UInt8]) {
    Sodium.initialise()
    let privateKey = Secret(seed)
    var publicKey = [UInt8](repeating: 0, count: Self.publicKeyBytes)
    let status = crypto_scalarmult_curve25519_base(&publicKey, privateKey.start)
    precondition(status == 0, "no X25519 public key from this seed")
    self.privateKey = privateKey
    self.publicKey = publicKey
  }

  /// Nil when the result is all zero, which libsodium checks: the other key has a small order.
  func sharedSecret(with publicKey: [UInt8]) -> Secret? {
    guard publicKey.count == Self.publicKeyBytes else { return nil }
    var status: Int32 = -1
    let secret = Secret { start in status = crypto_scalarmult_curve25519(start, privateKey.start, publicKey) }
    return status == 0 ? secret : nil
  }
}
