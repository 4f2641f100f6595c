import COpenSSL

/// OpenSSL's ChaCha20-Poly1305 and nothing else, in place, on frames as large as the connection's.
final class CipherBound {
  private static let tagBytes = 16
  private let frameBytes: Int
  private let sealing: OpaquePointer
  private let opening: OpaquePointer
  private let nonce: UnsafeMutablePointer<UInt8>
  /// A plaintext, or sealed with its tag.
  private let frame: UnsafeMutablePointer<UInt8>
  private let opened: UnsafeMutablePointer<UInt8>

  init(frameBytes: Int) {
    self.frameBytes = frameBytes
    func zeros(_ count: Int) -> UnsafeMutablePointer<UInt8> {
      let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
      memory.initialize(repeating: 0, count: count)
      return memory
    }
    let nonce = zeros(12)
    self.nonce = nonce
    frame = zeros(frameBytes + Self.tagBytes)
    opened = zeros(frameBytes)
    let key = zeros(32)
    defer { key.deallocate() }
    func context(_ isSealing: Int32) -> OpaquePointer {
      guard let context = EVP_CIPHER_CTX_new(),
        EVP_CipherInit_ex(context, EVP_chacha20_poly1305(), nil, key, nonce, isSealing) == 1
      else { preconditionFailure("OpenSSL has no ChaCha20-Poly1305") }
      return context
    }
    (sealing, opening) = (context(1), context(0))
  }

  deinit {
    for context in [sealing, opening] { EVP_CIPHER_CTX_free(context) }
    for memory in [nonce, frame, opened] { memory.deallocate() }
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
    var written: Int32 = 0
    let isSealed =
      EVP_CipherInit_ex(sealing, nil, nil, nil, nonce, 1) == 1
      && EVP_CipherUpdate(sealing, frame, &written, frame, Int32(frameBytes)) == 1
      && EVP_CipherFinal_ex(sealing, frame + frameBytes, &written) == 1
      && EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), frame + frameBytes) == 1
    precondition(isSealed, "sealing \(frameBytes) bytes failed")
  }

  private func open(into target: UnsafeMutablePointer<UInt8>) {
    var written: Int32 = 0
    let isAuthentic =
      EVP_CipherInit_ex(opening, nil, nil, nil, nonce, 0) == 1
      && EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), frame + frameBytes) == 1
      && EVP_CipherUpdate(opening, target, &written, frame, Int32(frameBytes)) == 1
      && EVP_CipherFinal_ex(opening, target + frameBytes, &written) == 1
    precondition(isAuthentic, "opening \(frameBytes) bytes failed")
  }
}
