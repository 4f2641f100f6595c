private import CSodium

/// A generator of secrets from a seed: ChaCha20 as a stream (libsodium `randombytes_buf_deterministic`), a
/// new key after every block, so that what was given out cannot be computed from what is in memory later.
///
/// The driver seeds it from the system's entropy; tests and the simulation seed it from the run's seed.
package struct SecretGenerator: RandomNumberGenerator, Sendable {
  private static let blockBytes = 512

  private var seed: [UInt8]
  private var block: [UInt8] = []
  private var used = 0

  /// A generator from 32 secret bytes.
  package init(seed: [UInt8]) {
    precondition(seed.count == Self.seedBytes, "a seed has \(Self.seedBytes) bytes, got \(seed.count)")
    self.seed = seed
  }

  package static let seedBytes = 32

  package mutating func bytes(_ count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    while result.count < count {
      if used == block.count { refill() }
      let take = min(count - result.count, block.count - used)
      result.append(contentsOf: block[used..<used + take])
      for index in used..<used + take { block[index] = 0 }
      used += take
    }
    return result
  }

  package mutating func next() -> UInt64 {
    bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func refill() {
    var output = [UInt8](repeating: 0, count: Self.seedBytes + Self.blockBytes)
    randombytes_buf_deterministic(&output, output.count, seed)
    seed = Array(output[..<Self.seedBytes])
    block = Array(output[Self.seedBytes...])
    used = 0
  }
}
