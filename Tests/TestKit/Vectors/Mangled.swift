// What the network and the hostile do to bytes.

extension [UInt8] {
  /// Every proper prefix.
  package var truncations: [[UInt8]] { indices.map { [UInt8](self[..<$0]) } }

  /// Every single bit turned over.
  package var bitFlips: [[UInt8]] {
    indices.flatMap { index in
      (0..<8).map { bit in
        var flipped = self
        flipped[index] ^= 1 << bit
        return flipped
      }
    }
  }
}
