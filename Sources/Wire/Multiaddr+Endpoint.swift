// What dialling, listening and the address book ask of an address.

extension Multiaddr {
  /// A machine, by number or by name.
  package enum Host: Hashable, Sendable {
    case ip4(IPv4Address)
    case ip6(IPv6Address, zone: String?)
    /// A name to look up, for addresses of either version, or of one.
    case dns(String)
    case dns4(String)
    case dns6(String)

    /// Nil while it is only a name.
    package var ip: IPAddress? {
      switch self {
      case .ip4(let address): .v4(address)
      case .ip6(let address, _): .v6(address)
      case .dns, .dns4, .dns6: nil
      }
    }
  }

  /// A machine and a port of it.
  package struct Endpoint: Hashable, Sendable {
    package var host: Host
    package var port: UInt16

    package init(host: Host, port: UInt16) {
      self.host = host
      self.port = port
    }
  }

  /// Where to connect, when this is a host and a TCP port and nothing more, but for a peer at the end. Nil
  /// for relayed addresses and other transports.
  package var tcpEndpoint: Endpoint? {
    var rest = unadornedComponents
    guard let host = Self.popHost(&rest), case .tcp(let port) = rest.popFirst(), rest.isEmpty else {
      return nil
    }
    return Endpoint(host: host, port: port)
  }

  /// Where to send, when this is a host, a UDP port and QUIC, and nothing more but for a peer at the end.
  package var quicEndpoint: Endpoint? {
    var rest = unadornedComponents
    guard let host = Self.popHost(&rest), case .udp(let port) = rest.popFirst(), rest.popFirst() == .quicV1,
      rest.isEmpty
    else { return nil }
    return Endpoint(host: host, port: port)
  }

  /// The machine the address begins with; for a relayed address that is the relay's.
  package var host: Host? {
    var rest = components[...]
    return Self.popHost(&rest)
  }

  /// The name to ask for TXT records, when the address begins with one.
  package var dnsaddr: String? {
    guard case .dnsaddr(let name) = components.first else { return nil }
    return name
  }

  /// The peer the whole address leads to, when it says so at its end.
  package var peer: Multihash? {
    guard case .p2p(let hash) = components.last else { return nil }
    return hash
  }

  /// The same without the peer at its end. Nil when nothing is left.
  package var withoutPeer: Multiaddr? {
    peer == nil ? self : Self(valid: components.dropLast())
  }

  package var isCircuit: Bool { components.contains(.p2pCircuit) }

  /// The two sides of a relayed address: how to reach the relay, and where it shall lead from there, which is
  /// nothing in an address to listen on. Nil when there is no relay, or more than one.
  package var circuit: (relay: Multiaddr, destination: Multiaddr?)? {
    let sides = components.split(separator: .p2pCircuit, omittingEmptySubsequences: false)
    guard sides.count == 2, let relay = Self(valid: sides[0]) else { return nil }
    return (relay, Self(valid: sides[1]))
  }

  package func appending(_ component: Component) throws(WireError) -> Multiaddr {
    try Multiaddr(components + [component])
  }

  package func appending(_ address: Multiaddr) throws(WireError) -> Multiaddr {
    try Multiaddr(bytes: bytes + address.bytes)
  }

  /// An address to dial or to listen on with TCP.
  package static func tcp(_ address: IPAddress, port: UInt16) -> Multiaddr {
    Self(short: [Component(address), .tcp(port)])
  }

  /// An address to dial or to listen on with QUIC.
  package static func quicV1(_ address: IPAddress, port: UInt16) -> Multiaddr {
    Self(short: [Component(address), .udp(port), .quicV1])
  }

  /// Some of the components of an address that exists, which are within its limits too. Nil when none.
  private init?(valid components: some Collection<Component>) {
    if components.isEmpty { return nil }
    self.init(short: [Component](components))
  }

  private init(short components: [Component]) {
    do {
      try self.init(components)
    } catch {
      preconditionFailure("\(components) are few and valid, and make an address: \(error)")
    }
  }

  private var unadornedComponents: ArraySlice<Component> {
    peer == nil ? components[...] : components.dropLast()
  }

  private static func popHost(_ rest: inout ArraySlice<Component>) -> Host? {
    switch rest.popFirst() {
    case .ip4(let address): return .ip4(address)
    case .ip6(let address): return .ip6(address, zone: nil)
    case .ip6zone(let zone):
      guard case .ip6(let address) = rest.popFirst() else { return nil }
      return .ip6(address, zone: zone)
    case .dns(let name): return .dns(name)
    case .dns4(let name): return .dns4(name)
    case .dns6(let name): return .dns6(name)
    default: return nil
    }
  }
}

extension Multiaddr.Component {
  package init(_ address: IPAddress) {
    switch address {
    case .v4(let address): self = .ip4(address)
    case .v6(let address): self = .ip6(address)
    }
  }
}
