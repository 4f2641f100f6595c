/// The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
enum Checksum {
  /// The ones' complement sum of 16-bit words, not yet complemented.
  static func sum(_ bytes: borrowing [UInt8], _ range: Range<Int>, from start: UInt32 = 0) -> UInt32 {
    var sum = UInt64(start)
    var index = range.lowerBound
    while index + 1 < range.upperBound {
      sum += UInt64(bytes.word(at: index))
      index += 2
    }
    if index < range.upperBound { sum += UInt64(bytes[index]) << 8 }
    while sum >> 16 != 0 { sum = (sum & 0xFFFF) + (sum >> 16) }
    return UInt32(sum)
  }

  static func folded(_ sum: UInt32) -> UInt16 {
    var sum = sum
    while sum >> 16 != 0 { sum = (sum & 0xFFFF) + (sum >> 16) }
    return ~UInt16(truncatingIfNeeded: sum)
  }

  /// The pseudo-header of RFC 9293, section 3.1, and RFC 8200, section 8.1, as a sum.
  static func pseudoHeader(from: Address, to: Address, transport: Transport, length: Int) -> UInt32 {
    var sum = words(from) + words(to) + UInt32(transport.rawValue)
    sum += UInt32(truncatingIfNeeded: length >> 16) + UInt32(truncatingIfNeeded: length & 0xFFFF)
    return sum
  }

  /// An address as the sum of its words.
  static func words(_ address: Address) -> UInt32 {
    if address.isIPv4 { return (address.v4 >> 16) + (address.v4 & 0xFFFF) }
    var sum: UInt32 = 0
    for part in [address.high, address.low] {
      sum += UInt32(truncatingIfNeeded: part >> 48) + UInt32(truncatingIfNeeded: part >> 32 & 0xFFFF)
      sum += UInt32(truncatingIfNeeded: part >> 16 & 0xFFFF) + UInt32(truncatingIfNeeded: part & 0xFFFF)
    }
    return sum
  }
}

/// What an edit does to a checksum: the sum of `~old + new` over the words it touched (RFC 1624, equation 3).
struct ChecksumChange {
  private var sum: UInt32 = 0

  mutating func replace(_ old: UInt16, with new: UInt16) {
    sum += UInt32(~old) + UInt32(new)
  }

  mutating func replace(_ old: Address, with new: Address) {
    // The complement of each word, summed: as many times 0xFFFF as there are words, less their sum.
    sum += UInt32(old.isIPv4 ? 2 : 8) * 0xFFFF - Checksum.words(old) + Checksum.words(new)
  }

  /// The checksum after the edit.
  func applied(to checksum: UInt16) -> UInt16 {
    Checksum.folded(UInt32(~checksum) + sum)
  }
}
