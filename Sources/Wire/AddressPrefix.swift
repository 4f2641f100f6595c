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

  /// The bits and how many they are; no two prefixes have the same bytes.
  package var bytes: [UInt8] {
    [isIPv6 ? 6 : 4, length] + withUnsafeBytes(of: bits.bigEndian) { [UInt8]($0) }
  }
}

extension Multiaddr {
  /// Whose host a connection from here is counted for: nil for loopback, for addresses without an IP, and for
  /// circuits, whose IP is the relay's.
  package var hostPrefix: AddressPrefix? { remoteIP.map { .host(of: $0) } }
  /// The same for whose network.
  package var networkPrefix: AddressPrefix? { remoteIP.map { .network(of: $0) } }

  private var remoteIP: IPAddress? {
    guard !isCircuit, let ip = host?.ip, !ip.isLoopback else { return nil }
    return ip
  }
}
