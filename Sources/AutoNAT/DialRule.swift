import Identity
import Wire

/// What a node is able to dial.
package struct Transports: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let ip4 = Transports(rawValue: 1)
  package static let ip6 = Transports(rawValue: 2)
  package static let tcp = Transports(rawValue: 4)
  package static let quic = Transports(rawValue: 8)
}

/// One socket of one machine, as an address names it.
struct Target: Hashable {
  let ip: IPAddress
  let port: UInt16
  let transport: Transports

  /// Nil for names, relayed addresses, other transports, and what nobody can connect to.
  init?(_ address: Multiaddr) {
    if let endpoint = address.tcpEndpoint {
      self.init(endpoint, .tcp)
    } else if let endpoint = address.quicEndpoint {
      self.init(endpoint, .quic)
    } else {
      return nil
    }
  }

  private init?(_ endpoint: Multiaddr.Endpoint, _ transport: Transports) {
    guard let ip = endpoint.host.ip?.unmapped, endpoint.port != 0 else { return nil }
    self.ip = ip
    port = endpoint.port
    self.transport = transport
  }

  func at(_ ip: IPAddress) -> Multiaddr {
    transport == .quic ? .quicV1(ip, port: port) : .tcp(ip, port: port)
  }

  var transports: Transports { [transport, ip.family] }
}

extension IPAddress {
  /// IPv4 as such, also when a socket shows it inside IPv6: two ways to write one machine.
  var unmapped: IPAddress {
    guard case .v6(let address) = self, let mapped = address.mapped else { return self }
    return .v4(mapped)
  }

  fileprivate var family: Transports {
    switch self {
    case .v4: .ip4
    case .v6: .ip6
    }
  }

  /// Whether a peer may make us connect to it. Never to many machines at once or to none.
  func isDialable(privateToo: Bool) -> Bool {
    switch reach {
    case .global: true
    case .loopback, .private: privateToo
    case .unspecified, .linkLocal, .multicast, .reserved: false
    }
  }
}

/// Which addresses a server dials for a peer.
struct DialRule {
  var transports: Transports
  var allowsPrivate: Bool
  /// Our own machine, or one behind the same NAT: that we reach it says nothing about others.
  var own: Set<IPAddress> = []

  func permits(_ target: Target) -> Bool {
    transports.isSuperset(of: target.transports) && permits(target.ip)
  }

  func permits(_ ip: IPAddress) -> Bool {
    ip.isDialable(privateToo: allowsPrivate) && (allowsPrivate || !own.contains(ip))
  }

  /// The socket behind an address that may be dialled for this peer as it stands.
  func target(of address: Multiaddr, for peer: PeerID) -> Target? {
    guard (address.peerID ?? peer) == peer, let target = Target(address), permits(target) else { return nil }
    return target
  }
}
