/// The leading bits of an IP address: what one host, or one operator, holds.
package struct AddressPrefix: Hashable, Sendable {
  private let bits: UInt64
  private let length: UInt8
  private let isIPv6: Bool

  private init(_ ip: IPAddress, ip4 ip4Length: UInt8, ip6 ip6Length: UInt8) {
    switch ip {
    case .v4(let address):
      (bits, length, isIPv6) = (UInt64(address.rawValue >> (32 - UInt32(ip4Length))), ip4Length, false)
    case .v6(let address):
      (bits, length, isIPv6) = (address.upper >> (64 - UInt64(ip6Length)), ip6Length, true)
    }
  }

  /// An IPv4 address alone, an IPv6 one by the 56 bits that a home gets.
  package static func host(of ip: IPAddress) -> AddressPrefix { AddressPrefix(ip, ip4: 32, ip6: 56) }
  /// What registries hand to one operator, roughly: the pure core has no table of autonomous systems.
  package static func network(of ip: IPAddress) -> AddressPrefix { AddressPrefix(ip, ip4: 16, ip6: 32) }
}
