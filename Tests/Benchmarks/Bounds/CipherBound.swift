import CSodium

/// libsodium's ChaCha20-Poly1305 and nothing else, in place, on frames as large as the connection's.
final class CipherBound {
  private let frameBytes: Int
  private let key: UnsafeMutablePointer<UInt8>
  private let nonce: UnsafeMutablePointer<UInt8>
  /// A plaintext, or sealed with its tag.
  private let frame: UnsafeMutablePointer<UInt8>
  private let opened: UnsafeMutablePointer<UInt8>

  init(frameBytes: Int) {
    precondition(sodium_init() >= 0, "libsodium does not start")
    self.frameBytes = frameBytes
    func zeros(_ count: Int) -> UnsafeMutablePointer<UInt8> {
      let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
      memory.initialize(repeating: 0, count: count)
      return memory
    }
    key = zeros(Int(crypto_aead_chacha20poly1305_IETF_KEYBYTES))
    nonce = zeros(Int(crypto_aead_chacha20poly1305_IETF_NPUBBYTES))
    frame = zeros(frameBytes + Int(crypto_aead_chacha20poly1305_IETF_ABYTES))
    opened = zeros(frameBytes)
  }

  deinit {
    for memory in [key, nonce, frame, opened] { memory.deallocate() }
  }

  /// Seals and opens `total` bytes, frame by frame, in the same memory. Bytes a second of this thread's time.
  func sealAndOpen(_ total: Int) -> Double {
    rate(total) {
      seal()
      open(into: frame)
    }
  }

  /// The slower of sealing alone and opening alone.
  func slowerOfSealAndOpen(_ total: Int) -> Double {
    let sealing = rate(total) { seal() }
    return min(sealing, rate(total) { open(into: opened) })
  }

  private func rate(_ total: Int, _ body: () -> Void) -> Double {
    let frames = total / frameBytes
    let seconds = Clock.timed(Clock.thread) {
      for _ in 0..<frames { body() }
    }
    return Double(frames * frameBytes) / seconds
  }

  private func seal() {
    let status = crypto_aead_chacha20poly1305_ietf_encrypt(
      frame, nil, frame, UInt64(frameBytes), nil, 0, nil, nonce, key)
    precondition(status == 0, "sealing \(frameBytes) bytes failed")
  }

  private func open(into target: UnsafeMutablePointer<UInt8>) {
    let sealedBytes = frameBytes + Int(crypto_aead_chacha20poly1305_IETF_ABYTES)
    let status = crypto_aead_chacha20poly1305_ietf_decrypt(
      target, nil, nil, frame, UInt64(sealedBytes), nil, 0, nonce, key)
    precondition(status == 0, "opening \(sealedBytes) bytes failed")
  }
}
