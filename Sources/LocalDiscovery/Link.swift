package import Wire

/// The kernel's number of a network interface.
package struct InterfaceID: Hashable, Comparable, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package static func < (left: InterfaceID, right: InterfaceID) -> Bool { left.rawValue < right.rawValue }
}

/// A network interface that can multicast.
package struct Interface: Hashable, Sendable {
  package let id: InterfaceID
  /// What it is called here: the zone of link-local IPv6 addresses that are reached through it.
  package let name: String
  package var addresses: [InterfaceAddress]

  package init(id: InterfaceID, name: String, addresses: [InterfaceAddress]) {
    self.id = id
    self.name = name
    self.addresses = addresses
  }

  /// A link for each family it has addresses of.
  package var links: [Link] {
    Link.Family.allCases.filter { family in addresses.contains { $0.ip.family == family } }
      .map { Link(interface: id, family: $0) }
  }

  func has(_ ip: IPAddress) -> Bool { addresses.contains { $0.ip == ip } }

  /// Whether an address is of a network this interface is directly on.
  func isOnLink(_ ip: IPAddress) -> Bool {
    addresses.contains { $0.contains(ip) || ($0.ip.family == ip.family && ip.reach == .linkLocal) }
  }
}

/// An address of an interface, and how much of it all addresses of the network share.
package struct InterfaceAddress: Hashable, Sendable {
  package let ip: IPAddress
  package let prefixBits: Int

  package init(_ ip: IPAddress, prefixBits: Int) {
    self.ip = ip
    self.prefixBits = prefixBits
  }

  func contains(_ other: IPAddress) -> Bool {
    let (own, others) = (ip.bytes, other.bytes)
    guard own.count == others.count, (0...own.count * 8).contains(prefixBits) else { return false }
    let (whole, rest) = prefixBits.quotientAndRemainder(dividingBy: 8)
    guard own.prefix(whole) == others.prefix(whole) else { return false }
    return rest == 0 || (own[whole] ^ others[whole]) >> (8 - rest) == 0
  }
}

/// One interface in one address family: what one socket sends to and hears from.
package struct Link: Hashable, Sendable {
  package enum Family: Hashable, CaseIterable, Sendable {
    case ip4, ip6
  }

  package let interface: InterfaceID
  package let family: Family

  package init(interface: InterfaceID, family: Family) {
    self.interface = interface
    self.family = family
  }
}

/// Who sent a datagram, or is to get one.
package struct Endpoint: Hashable, Sendable {
  package let ip: IPAddress
  package let port: UInt16

  package init(_ ip: IPAddress, port: UInt16) {
    self.ip = ip
    self.port = port
  }
}

extension Link.Family {
  /// 224.0.0.251 or ff02::fb: everyone who speaks mDNS on a link.
  package var group: IPAddress {
    switch self {
    case .ip4: .v4(IPv4Address(rawValue: 0xE000_00FB))
    case .ip6: .v6(IPv6Address(upper: 0xFF02_0000_0000_0000, lower: 0xFB))
    }
  }
}

extension IPAddress {
  package var family: Link.Family {
    switch self {
    case .v4: .ip4
    case .v6: .ip6
    }
  }
}
