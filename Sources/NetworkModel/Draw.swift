import SansIO

/// Chance without state: the same key and purpose give the same number, in whatever order they are asked for.
struct Draw {
  /// Each purpose draws numbers of its own, so that switching one condition on never shifts another's.
  enum Purpose: UInt64 {
    case loss = 1
    case channel, firstChannel, jitter, reorder, duplicate, duplicateJitter, corruption, corruptedBit
  }

  let key: UInt64

  /// - Parameter seed: of the link or box, itself drawn from the run's seed and its name.
  init(seed: UInt64, packet: PacketName) {
    key = Self.mix(Self.mix(seed, packet.flow), packet.index)
  }

  func word(_ purpose: Purpose) -> UInt64 { Self.mix(key, purpose.rawValue) }

  /// Evenly from [0, 1).
  func fraction(_ purpose: Purpose) -> Double { Double(word(purpose) >> 11) * 0x1p-53 }

  func happens(_ purpose: Purpose, _ probability: Double) -> Bool {
    probability > 0 && fraction(purpose) < probability
  }

  /// Two words into one (SplitMix64's finaliser over their combination).
  static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    var generator = SeededGenerator(seed: (left ^ (right &* 0xD6E8_FEB8_6659_FD93)) &+ right)
    return generator.next()
  }

  /// The seed of a named part of the network.
  static func seed(_ seed: UInt64, _ label: String) -> UInt64 {
    var generator = SeededGenerator(seed: seed).fork(label)
    return generator.next()
  }
}
