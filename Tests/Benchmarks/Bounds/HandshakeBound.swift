import CSodium

/// The public key operations of one Noise XX handshake, both sides of it, and nothing else: X25519 and
/// Ed25519 as libsodium has them.
struct HandshakeBound {
  private var scalar = [UInt8](repeating: 9, count: Int(crypto_scalarmult_SCALARBYTES))
  private var point = [UInt8](repeating: 0, count: Int(crypto_scalarmult_BYTES))
  private var signing = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
  private var verifying = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
  private var signature = [UInt8](repeating: 0, count: Int(crypto_sign_BYTES))
  /// What a payload signs: a prefix and a key.
  private let message = [UInt8](repeating: 1, count: 24 + 32)

  init() {
    precondition(sodium_init() >= 0, "libsodium does not start")
    crypto_sign_keypair(&verifying, &signing)
  }

  /// Handshakes a second of this thread's time.
  mutating func rate(_ handshakes: Int) -> Double {
    let seconds = Clock.timed(Clock.thread) {
      for _ in 0..<handshakes {
        handshakeSide()
        handshakeSide()
      }
    }
    return Double(handshakes) / seconds
  }

  /// Static and ephemeral key; ee, es, se; our signature and the peer's.
  private mutating func handshakeSide() {
    var status: Int32 = 0
    for _ in 0..<2 { status |= crypto_scalarmult_base(&point, scalar) }
    for _ in 0..<3 {
      var shared = point
      status |= crypto_scalarmult(&shared, scalar, point)
    }
    status |= crypto_sign_detached(&signature, nil, message, UInt64(message.count), signing)
    status |= crypto_sign_verify_detached(signature, message, UInt64(message.count), verifying)
    precondition(status == 0, "a public key operation failed")
  }
}
