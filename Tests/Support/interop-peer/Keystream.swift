import CSodium
import NIOCore

/// The pseudo-random bytes a seed stands for: the ChaCha20 key stream (RFC 8439, counter from 0, nonce zero)
/// whose key is the SHA-256 of the seed as eight big-endian bytes.
struct Keystream {
  /// Every block but the last must be a multiple of the cipher's own 64 bytes.
  static let blockBytes = 65_536

  private let key: [UInt8]
  private var counter: UInt64 = 0

  init(seed: UInt64) {
    var sum = SHA256()
    sum.update(ByteBuffer(integer: seed))
    key = sum.finish()
  }

  mutating func next(_ count: Int) -> ByteBuffer {
    precondition(count <= Self.blockBytes, "\(count) bytes are more than a block")
    var block = ByteBuffer(repeating: 0, count: count)
    let nonce = [UInt8](repeating: 0, count: Int(crypto_stream_chacha20_NONCEBYTES))
    let start = counter
    block.withUnsafeMutableReadableBytes { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
      _ = crypto_stream_chacha20_xor_ic(base, base, UInt64(count), nonce, start, key)
    }
    counter += UInt64(count / 64)
    return block
  }
}

/// SHA-256, in pieces.
struct SHA256 {
  private var state = crypto_hash_sha256_state()

  init() { _ = crypto_hash_sha256_init(&state) }

  mutating func update(_ bytes: ByteBuffer) {
    bytes.withUnsafeReadableBytes { bytes in
      _ = crypto_hash_sha256_update(
        &state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
    }
  }

  mutating func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    _ = crypto_hash_sha256_final(&state, &digest)
    return digest
  }
}
