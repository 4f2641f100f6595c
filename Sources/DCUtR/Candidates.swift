package import Identity
package import Wire

/// How a hole is punched.
package enum Transport: Hashable, Sendable {
  /// Both sides send a SYN: a simultaneous open.
  case tcp
  /// A dials, B sends random datagrams until A's packets come through. Its addresses are told apart from
  /// TCP's and not acted on yet.
  case quic
}

/// Which addresses are worth a dial, of those that somebody says of itself.
package struct Candidates: Hashable, Sendable {
  /// To be dialled, the first ones of those said: a host by number and a port, with no peer at the end.
  package private(set) var addresses: [Multiaddr] = []
  /// How many were left out.
  package private(set) var dropped = 0

  /// Nothing was said, or nothing of use.
  package init() {}

  /// - Parameters:
  ///   - said: what the owner, or identify, says.
  ///   - owner: whose they are; an address that leads to another peer is none.
  ///   - notOf: our own addresses, which a peer cannot have.
  package init(
    _ said: [Multiaddr], of owner: PeerID, notOf own: Candidates = .init(),
    limits configuration: Configuration
  ) {
    var perHost: [IPAddress: Int] = [:]
    for address in said {
      guard addresses.count < configuration.addressesMax,
        let (ip, port) = Self.place(address, of: owner, configuration),
        perHost[ip, default: 0] < configuration.addressesPerHostMax
      else {
        dropped += 1
        continue
      }
      let plain = Multiaddr.tcp(ip, port: port)
      guard !addresses.contains(plain), !own.addresses.contains(plain) else {
        dropped += 1
        continue
      }
      perHost[ip, default: 0] += 1
      addresses.append(plain)
    }
  }

  package var isEmpty: Bool { addresses.isEmpty }

  /// One host behind several ports, as peers in several places have seen it: its router maps it differently
  /// to each. A guess, good enough for an explanation.
  package var seemToVary: Bool {
    let hosts = addresses.compactMap { $0.host?.ip }
    return Set(hosts).count < hosts.count
  }

  private static func place(
    _ address: Multiaddr, of owner: PeerID, _ configuration: Configuration
  ) -> (IPAddress, UInt16)? {
    guard transport(of: address) == .tcp, let endpoint = address.tcpEndpoint, endpoint.port > 0,
      let ip = endpoint.host.ip, isReachable(ip, configuration), (address.peerID ?? owner) == owner
    else { return nil }
    if case .ip6(_, .some) = endpoint.host { return nil }
    return (ip, endpoint.port)
  }

  /// Nil for relayed addresses, names, and what is not punched.
  package static func transport(of address: Multiaddr) -> Transport? {
    if address.isCircuit { return nil }
    if address.tcpEndpoint != nil { return .tcp }
    return address.quicEndpoint == nil ? nil : .quic
  }

  private static func isReachable(_ ip: IPAddress, _ configuration: Configuration) -> Bool {
    switch ip.reach {
    case .global: true
    case .private, .loopback: configuration.allowsLocalAddresses
    case .unspecified, .linkLocal, .multicast, .reserved: false
    }
  }
}
