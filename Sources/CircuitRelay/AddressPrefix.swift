import Identity
import Wire

/// The leading bits of an IP address: what one host, or one operator, holds.
struct AddressPrefix: Hashable, Sendable {
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
  static func host(of ip: IPAddress) -> AddressPrefix { AddressPrefix(ip, ip4: 32, ip6: 56) }
  /// What registries hand to one operator, roughly: the pure core has no table of autonomous systems.
  static func network(of ip: IPAddress) -> AddressPrefix { AddressPrefix(ip, ip4: 16, ip6: 32) }
}

/// Where a connection comes from, as far as limits are counted by it. Nothing is counted for loopback and for
/// transports without an IP address.
struct Origin: Hashable, Sendable {
  var host: AddressPrefix?
  var network: AddressPrefix?

  init(_ remote: Multiaddr) {
    guard let ip = remote.host?.ip, !ip.isLoopback else { return }
    host = .host(of: ip)
    network = .network(of: ip)
  }
}

/// How many things there are of each key. Keys without any take no room.
struct Tally<Key: Hashable & Sendable>: Sendable {
  private var counts: [Key: Int] = [:]

  subscript(_ key: Key?) -> Int { key.flatMap { counts[$0] } ?? 0 }

  mutating func add(_ key: Key?) {
    if let key { counts[key, default: 0] += 1 }
  }

  mutating func remove(_ key: Key?) {
    guard let key, let count = counts[key] else { return }
    counts[key] = count > 1 ? count - 1 : nil
  }
}
