package import NetworkModel

/// A host as the laboratory builds it: one network namespace with its interfaces.
package struct HostDescription: Sendable {
  /// Unique in the laboratory; also the host's name inside, so at most 63 letters, digits and hyphens.
  package var name: String
  package var interfaces: [InterfaceDescription]
  /// Kernel settings of this host alone, such as `net/ipv4/tcp_mtu_probing` = `1`; applied in this order.
  package var sysctls: [(path: String, value: String)] = []

  package init(_ name: String, interfaces: [InterfaceDescription]) {
    self.name = name
    self.interfaces = interfaces
  }

  /// What makes no sense, in words.
  var problem: String? {
    let letters = name.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
    if name.isEmpty || name.utf8.count > 63 || !letters {
      return "\"\(name)\" is no host name: 1 to 63 letters, digits and hyphens"
    }
    let names = interfaces.map(\.name)
    if Set(names).count != names.count { return "\(name) has two interfaces of one name" }
    if let bad = names.first(where: { $0.isEmpty || $0.utf8.count > 15 || $0.contains("/") || $0 == "lo" }) {
      return "\"\(bad)\" is no interface name: 1 to 15 bytes, and lo is taken"
    }
    if let bad = sysctls.first(where: { $0.path.split(separator: "/").contains("..") }) {
      return "\(bad.path) is no kernel setting"
    }
    return nil
  }
}

/// One TUN device: what its host sends comes out at the fabric as `id`.
package struct InterfaceDescription: Sendable {
  package var id: InterfaceID
  package var name: String
  package var addresses: [InterfaceAddress]
  package var routes: [Route]
  package var mtu = 1500

  package init(
    _ id: InterfaceID, name: String = "net0", addresses: [InterfaceAddress], routes: [Route] = []
  ) {
    self.id = id
    self.name = name
    self.addresses = addresses
    self.routes = routes
  }
}

/// An interface's own address, and how much of it its network shares: `192.168.1.7/24`.
package struct InterfaceAddress: Hashable, Sendable, CustomStringConvertible {
  package var address: Address
  package var prefixLength: Int

  package init(_ address: Address, prefixLength: Int) {
    self.address = address
    self.prefixLength = prefixLength
  }

  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = Address(String(parts[0])), let length = Int(parts[1]),
      (0...(address.isIPv4 ? 32 : 128)).contains(length)
    else { return nil }
    self.init(address, prefixLength: length)
  }

  package var description: String { "\(address)/\(prefixLength)" }

  /// The last address of an IPv4 network that has more than two.
  var broadcast: Address? {
    guard address.isIPv4, prefixLength < 31 else { return nil }
    return Address(v4: address.v4 | UInt32.max >> UInt32(prefixLength))
  }
}

/// Where packets to a prefix go: out of the interface, straight or to a gateway.
package struct Route: Hashable, Sendable {
  package var to: Prefix
  package var via: Address?

  package init(to: Prefix, via: Address? = nil) {
    self.to = to
    self.via = via
  }

  /// 0.0.0.0/0 and ::/0: nothing is on the far side of a TUN but the fabric, so no gateway is needed.
  package static let everything: [Route] = [Address.unspecified4, .unspecified6].compactMap { address in
    Prefix(address, length: 0).map { Route(to: $0) }
  }

  /// Multicast of both families, which a host without a default route could not send.
  static let multicast: [Route] = ["224.0.0.0/4"].compactMap { Prefix($0).map { Route(to: $0) } }
}
