/// An address and a port. In ICMP echo messages the identifier stands in the port of the side that asks, and
/// zero in that of the side that answers, so that a NAT treats them like datagrams (RFC 5508, section 3).
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  package var address: Address
  package var port: UInt16

  package init(_ address: Address, _ port: UInt16) {
    self.address = address
    self.port = port
  }

  package var description: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }

  /// 48 bits: enough for IPv4, which is all that is translated.
  var packed: UInt64 { UInt64(address.v4) << 16 | UInt64(port) }

  init(packed: UInt64) {
    address = Address(v4: UInt32(truncatingIfNeeded: packed >> 16))
    port = UInt16(truncatingIfNeeded: packed)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine((address.high &* 0x9E37_79B9_7F4A_7C15 ^ address.low) &* 0x1_0001 ^ UInt64(port))
  }
}
