import Wire

/// The kinds of key that libp2p numbers.
public enum KeyKind: Hashable, Sendable, CaseIterable {
  /// RSA; the key itself is DER in PKIX form.
  case rsa
  /// Ed25519, the only kind this node signs and verifies with.
  case ed25519
  /// The curve of Bitcoin.
  case secp256k1
  /// ECDSA over a NIST curve; the key itself is DER in PKIX form.
  case ecdsa

  init?(_ type: Keys_KeyType) {
    switch type {
    case .rsa: self = .rsa
    case .ed25519: self = .ed25519
    case .secp256K1: self = .secp256k1
    case .ecdsa: self = .ecdsa
    case .UNRECOGNIZED: return nil
    }
  }

  var type: Keys_KeyType {
    switch self {
    case .rsa: .rsa
    case .ed25519: .ed25519
    case .secp256k1: .secp256K1
    case .ecdsa: .ecdsa
    }
  }

  /// What the raw public key may take: fixed where the kind fixes it, else up to the largest key in honest
  /// use, so that no one makes us hash, keep or send more (CVE-2023-39533 was RSA keys without a bound).
  var publicKeyBytes: ClosedRange<Int> {
    switch self {
    case .rsa: 256...1_100  // a modulus of 2048 to 8192 bits, and its wrapping
    case .ed25519: 32...32
    case .secp256k1: 33...33  // a compressed point
    case .ecdsa: 40...200  // P-256 to P-521 in PKIX form
    }
  }
}
