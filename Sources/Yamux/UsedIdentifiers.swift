/// Which identifiers the peer has opened, so that none is opened twice.
///
/// They need not come in order: Rust takes an identifier when a stream is made and sends SYN with its first
/// write. So this is a sliding window, as against packet replay: exact for the latest 1,024, and older ones,
/// which no honest peer with a bounded ACK backlog still holds back, are turned away unseen.
struct UsedIdentifiers: Sendable {
  private static let window: UInt32 = 1024

  /// One bit for each ordinal in the window, at the ordinal modulo its size. Allocated with the first stream.
  private var bits: [UInt64] = []
  /// The identifier without its parity bit, highest so far.
  private var highest: UInt32 = 0

  enum OnOpen: Hashable { case fresh, used, tooOld }

  mutating func opened(_ id: StreamID) -> OnOpen {
    let ordinal = id.rawValue >> 1
    if bits.isEmpty {
      bits = [UInt64](repeating: 0, count: Int(Self.window / 64))
      highest = ordinal
    } else if ordinal > highest {
      slide(to: ordinal)
    } else if highest - ordinal >= Self.window {
      return .tooOld
    } else if isSet(ordinal) {
      return .used
    }
    set(ordinal)
    return .fresh
  }

  private mutating func slide(to ordinal: UInt32) {
    if ordinal - highest >= Self.window {
      for word in bits.indices { bits[word] = 0 }
    } else {
      for skipped in (highest + 1)...ordinal { bits[Self.word(skipped)] &= ~Self.bit(skipped) }
    }
    highest = ordinal
  }

  private func isSet(_ ordinal: UInt32) -> Bool { bits[Self.word(ordinal)] & Self.bit(ordinal) != 0 }
  private mutating func set(_ ordinal: UInt32) { bits[Self.word(ordinal)] |= Self.bit(ordinal) }

  private static func word(_ ordinal: UInt32) -> Int { Int(ordinal % window / 64) }
  private static func bit(_ ordinal: UInt32) -> UInt64 { 1 &<< UInt64(ordinal % 64) }
}
