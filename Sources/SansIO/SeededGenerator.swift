/// A small, fast, reproducible generator (SplitMix64; Steele, Lea, Flood, OOPSLA 2014). For jitter, sampling
/// and tests; never for keys.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// An independent generator for a named part, so that one part's draws never shift another's.
  package func fork(_ label: String) -> SeededGenerator {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
    for byte in label.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
    return SeededGenerator(seed: state ^ hash)
  }
}

extension RandomNumberGenerator {
  /// An even draw from `[0, limit]`, to the nanosecond.
  package mutating func duration(upTo limit: Duration) -> Duration {
    let nanoseconds = limit.clampedNanoseconds
    guard nanoseconds > 0 else { return .zero }
    return .nanoseconds(Int64.random(in: 0...nanoseconds, using: &self))
  }

  /// `count` bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
  }
}
