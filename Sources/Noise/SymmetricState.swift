import CSodium

/// The chaining key, the running hash and the key of the moment (Noise, section 5.2), over SHA-256.
struct SymmetricState: Sendable {
  /// Hash of all that was said so far; both sides must have heard the same.
  private(set) var hash: [UInt8]
  /// Every key mixed so far, in order: what a key log needs.
  private(set) var keys: [Secret] = []

  private var chainingKey: Secret
  private var cipher: CipherState?

  /// Of the one protocol libp2p speaks. A name of up to 32 bytes is padded instead of hashed.
  init(prologue: [UInt8]) {
    var name = Array("Noise_XX_25519_ChaChaPoly_SHA256".utf8)
    name.append(contentsOf: repeatElement(0, count: Secret.byteCount - name.count))
    hash = name
    chainingKey = Secret(name)
    mixHash(prologue)
  }

  mutating func mixHash(_ data: [UInt8]) {
    var state = crypto_hash_sha256_state()
    crypto_hash_sha256_init(&state)
    crypto_hash_sha256_update(&state, hash, UInt64(hash.count))
    crypto_hash_sha256_update(&state, data, UInt64(data.count))
    crypto_hash_sha256_final(&state, &hash)
  }

  mutating func mixKey(_ input: Secret) {
    let (chainingKey, key) = Self.derive(from: chainingKey, input)
    self.chainingKey = chainingKey
    use(key)
  }

  /// Continues with a key that was derived elsewhere: a reader with a key log has the keys, not the secrets.
  mutating func use(_ key: Secret) {
    keys.append(key)
    cipher = CipherState(key: key)
  }

  /// Before the first key is mixed, what is "sealed" goes in the clear.
  mutating func sealAndHash(_ plaintext: [UInt8]) throws(NoiseError) -> [UInt8] {
    let message = try cipher?.seal(plaintext, additionalData: hash) ?? plaintext
    mixHash(message)
    return message
  }

  /// `message` is the one that `sealed` is a part of.
  mutating func openAndHash(
    _ sealed: ArraySlice<UInt8>, of message: HandshakeMessage
  ) throws(NoiseError) -> [UInt8] {
    let sealed = Array(sealed)
    guard cipher != nil else {
      mixHash(sealed)
      return sealed
    }
    guard let plaintext = try cipher?.open(sealed, additionalData: hash) else {
      throw .handshakeNotAuthentic(message)
    }
    mixHash(sealed)
    return plaintext
  }

  func split() -> TransportKeys {
    let (first, second) = Self.derive(from: chainingKey, nil)
    return TransportKeys(initiatorToResponder: first, responderToInitiator: second)
  }

  /// HKDF with two outputs (Noise, section 4.3).
  private static func derive(from chainingKey: Secret, _ input: Secret?) -> (Secret, Secret) {
    let extracted = authenticate(key: chainingKey, input, [])
    let first = authenticate(key: extracted, nil, [1])
    return (first, authenticate(key: extracted, first, [2]))
  }

  /// HMAC-SHA-256 of a secret and what follows it.
  private static func authenticate(key: Secret, _ secret: Secret?, _ suffix: [UInt8]) -> Secret {
    var state = crypto_auth_hmacsha256_state()
    crypto_auth_hmacsha256_init(&state, key.start, Secret.byteCount)
    if let secret { crypto_auth_hmacsha256_update(&state, secret.start, UInt64(Secret.byteCount)) }
    crypto_auth_hmacsha256_update(&state, suffix, UInt64(suffix.count))
    let result = Secret { start in crypto_auth_hmacsha256_final(&state, start) }
    sodium_memzero(&state, MemoryLayout.size(ofValue: state))
    return result
  }
}

/// What a finished handshake leaves: one key a direction.
package struct TransportKeys: Sendable {
  package let initiatorToResponder: Secret
  package let responderToInitiator: Secret
}
