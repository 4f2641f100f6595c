/// Ports in use, a bit each.
struct PortSet: Sendable {
  /// Empty until the first port is taken.
  private var words: [UInt64] = []

  func contains(_ port: UInt16) -> Bool { word(Int(port >> 6)) & Self.bit(port) != 0 }

  mutating func insert(_ port: UInt16) {
    if words.isEmpty { words = Array(repeating: 0, count: 1024) }
    words[Int(port >> 6)] |= Self.bit(port)
  }

  mutating func remove(_ port: UInt16) {
    if !words.isEmpty { words[Int(port >> 6)] &= ~Self.bit(port) }
  }

  private func word(_ index: Int) -> UInt64 { words.isEmpty ? 0 : words[index] }

  private static func bit(_ port: UInt16) -> UInt64 { 1 << UInt64(port & 63) }

  /// The first free port from `start` on, going round in `range`; of this parity, if one is given.
  func firstFree(from start: UInt16, in range: ClosedRange<UInt16>, parity: UInt16? = nil) -> UInt16? {
    let start = range.contains(start) ? start : range.lowerBound
    if let found = firstFree(in: start...range.upperBound, parity: parity) { return found }
    return firstFree(in: range.lowerBound...start, parity: parity)
  }

  private func firstFree(in range: ClosedRange<UInt16>, parity: UInt16?) -> UInt16? {
    let allowed: UInt64 =
      switch parity.map({ $0 & 1 }) {
      case nil: .max
      case 0: 0x5555_5555_5555_5555
      default: 0xAAAA_AAAA_AAAA_AAAA
      }
    let first = Int(range.lowerBound >> 6)
    let last = Int(range.upperBound >> 6)
    for index in first...last {
      var free = ~word(index) & allowed
      if index == first { free &= .max << UInt64(range.lowerBound & 63) }
      if index == last { free &= .max >> (63 - UInt64(range.upperBound & 63)) }
      if free != 0 { return UInt16(index * 64 + free.trailingZeroBitCount) }
    }
    return nil
  }
}
