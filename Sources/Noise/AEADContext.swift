import COpenSSL

/// ChaCha20-Poly1305 (RFC 8439) with one key, by OpenSSL: it uses the widest vectors that the processor has,
/// and is two to three times as fast as libsodium where bytes are many.
///
/// Unsafe: raw memory in and out; whoever calls has checked its ranges.
final class AEADContext: @unchecked Sendable {  // used only by the one `CipherState` that holds it
  static let tagBytes = 16
  static let nonceBytes = 12

  private let context: OpaquePointer

  init(key: Secret) {
    guard let context = EVP_CIPHER_CTX_new(),
      EVP_CipherInit_ex(context, Self.cipher, nil, key.start, nil, 1) == 1
    else { preconditionFailure("OpenSSL has no memory for a cipher") }
    self.context = context
  }

  /// Wipes its copy of the key.
  deinit { EVP_CIPHER_CTX_free(context) }

  /// Seals `count` bytes in place and puts the tag behind them.
  func seal(
    _ bytes: UnsafeMutablePointer<UInt8>, count: Int, additionalData: UnsafeRawBufferPointer,
    nonce: UnsafePointer<UInt8>
  ) -> Bool {
    var written: Int32 = 0
    return begin(nonce, isSealing: true, additionalData)
      && EVP_CipherUpdate(context, bytes, &written, bytes, Int32(count)) == 1
      && EVP_CipherFinal_ex(context, bytes + count, &written) == 1
      && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), bytes + count) == 1
  }

  /// Opens `count` bytes, with the tag behind them, into `target`, which is the same place or apart. False
  /// when the tag does not fit; then `target` holds zeros.
  func open(
    _ message: UnsafePointer<UInt8>, count: Int, into target: UnsafeMutablePointer<UInt8>,
    additionalData: UnsafeRawBufferPointer, nonce: UnsafePointer<UInt8>
  ) -> Bool {
    var written: Int32 = 0
    // Only read, though the call that takes it is of those that may write.
    let tag = UnsafeMutablePointer(mutating: message + count)
    let isAuthentic =
      begin(nonce, isSealing: false, additionalData)
      && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), tag) == 1
      && EVP_CipherUpdate(context, target, &written, message, Int32(count)) == 1
      && EVP_CipherFinal_ex(context, target + count, &written) == 1
    // Nobody shall see what nobody has vouched for.
    if !isAuthentic { target.update(repeating: 0, count: count) }
    return isAuthentic
  }

  private func begin(
    _ nonce: UnsafePointer<UInt8>, isSealing: Bool, _ additionalData: UnsafeRawBufferPointer
  ) -> Bool {
    guard EVP_CipherInit_ex(context, nil, nil, nil, nonce, isSealing ? 1 : 0) == 1 else { return false }
    guard additionalData.count > 0 else { return true }
    var written: Int32 = 0
    let start = additionalData.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return EVP_CipherUpdate(context, nil, &written, start, Int32(additionalData.count)) == 1
  }

  /// Looked up once, since that takes longer than a frame, and then only read. Nothing is taken of the
  /// system's configuration, and nothing cleaned up at the end of the process, when other threads may still
  /// seal.
  private nonisolated(unsafe) static let cipher: OpaquePointer = {
    let wishes = UInt64(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT)
    guard OPENSSL_init_crypto(wishes, nil) == 1, let cipher = EVP_CIPHER_fetch(nil, "ChaCha20-Poly1305", nil)
    else { preconditionFailure("OpenSSL has no ChaCha20-Poly1305") }
    return cipher
  }()
}
