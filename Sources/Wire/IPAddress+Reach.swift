// From where an address can be reached (RFC 6890 and the IANA special-purpose registries). What a peer tells
// us to dial is judged by this, so that nobody points us at our own or our neighbours' machines.

extension IPAddress {
  package enum Reach: Hashable, Sendable {
    /// Means "any" or nothing: not to be dialled.
    case unspecified
    /// This machine.
    case loopback
    /// This link only.
    case linkLocal
    /// A home, an office, a carrier: private ranges, shared address space, unique local addresses.
    case `private`
    /// Many machines at once: not to be dialled.
    case multicast
    /// Documentation, benchmarking, future use: nobody is there.
    case reserved
    /// The internet.
    case global
  }

  package var reach: Reach {
    switch self {
    case .v4(let address): address.reach
    case .v6(let address): address.mapped?.reach ?? address.reach
    }
  }

  package var isLoopback: Bool { reach == .loopback }
}

extension IPv4Address {
  fileprivate var reach: IPAddress.Reach {
    for (network, bits, reach) in Self.special where (rawValue ^ network) >> (32 - bits) == 0 { return reach }
    return .global
  }

  private static let special: [(network: UInt32, bits: UInt32, reach: IPAddress.Reach)] = [
    (0x0000_0000, 8, .unspecified),  // 0.0.0.0/8
    (0x7F00_0000, 8, .loopback),  // 127.0.0.0/8
    (0xA9FE_0000, 16, .linkLocal),  // 169.254.0.0/16
    (0x0A00_0000, 8, .private),  // 10.0.0.0/8
    (0xAC10_0000, 12, .private),  // 172.16.0.0/12
    (0xC0A8_0000, 16, .private),  // 192.168.0.0/16
    (0x6440_0000, 10, .private),  // 100.64.0.0/10, carriers' NAT
    (0xC000_0000, 24, .reserved),  // 192.0.0.0/24
    (0xC000_0200, 24, .reserved),  // 192.0.2.0/24
    (0xC612_0000, 15, .reserved),  // 198.18.0.0/15
    (0xC633_6400, 24, .reserved),  // 198.51.100.0/24
    (0xCB00_7100, 24, .reserved),  // 203.0.113.0/24
    (0xE000_0000, 4, .multicast),  // 224.0.0.0/4
    (0xF000_0000, 4, .reserved),  // 240.0.0.0/4
  ]
}

extension IPv6Address {
  fileprivate var reach: IPAddress.Reach {
    if self == .any { return .unspecified }
    if self == .loopback { return .loopback }
    let first = upper >> 48
    if first & 0xFFC0 == 0xFE80 { return .linkLocal }  // fe80::/10
    if first & 0xFE00 == 0xFC00 { return .private }  // fc00::/7
    if first & 0xFF00 == 0xFF00 { return .multicast }  // ff00::/8
    if upper >> 32 == 0x2001_0DB8 || upper >> 44 == 0x3FFF0 { return .reserved }  // 2001:db8::/32, 3fff::/20
    if upper == 0x0064_FF9B_0000_0000, lower >> 32 == 0 {  // 64:ff9b::/96, IPv4 behind a translator
      return IPv4Address(rawValue: UInt32(truncatingIfNeeded: lower)).reach
    }
    if first == 0x2002 {  // 2002::/16, the IPv4 address in the next 32 bits
      return IPv4Address(rawValue: UInt32(truncatingIfNeeded: upper >> 16)).reach
    }
    return first & 0xE000 == 0x2000 ? .global : .reserved  // 2000::/3 is all that was ever given out
  }
}
