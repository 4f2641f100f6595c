/// Every address that begins with these bits: `10.0.0.0/8`, `2600:1::/64`.
package struct Prefix: Hashable, Sendable, CustomStringConvertible {
  /// The first address, its other bits zero.
  package let address: Address
  /// Leading bits, counted within the family: at most 32 or 128.
  package let length: Int

  /// Nil when the family has fewer than `length` bits. Bits of `address` beyond them are dropped.
  package init?(_ address: Address, length: Int) {
    guard (0...(address.isIPv4 ? 32 : 128)).contains(length) else { return nil }
    let bits = address.isIPv4 ? length + 96 : length
    let (high, low) = Self.mask(bits)
    self.address = Address(high: address.high & high, low: address.low & low)
    self.length = length
  }

  /// Text such as `192.168.1.0/24`.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = Address(String(parts[0])), let length = Int(parts[1]) else {
      return nil
    }
    self.init(address, length: length)
  }

  package func contains(_ other: Address) -> Bool {
    guard other.isIPv4 == address.isIPv4 else { return false }
    let (high, low) = Self.mask(address.isIPv4 ? length + 96 : length)
    return other.high & high == address.high && other.low & low == address.low
  }

  package var description: String { "\(address)/\(length)" }

  private static func mask(_ bits: Int) -> (high: UInt64, low: UInt64) {
    // Swift's smart shift gives zero from 64 on.
    (bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits)), bits <= 64 ? 0 : ~(UInt64.max >> UInt64(bits - 64)))
  }
}
