import Identity
import Wire

// What dialling asks of an address.
extension Multiaddr {
  /// What stands between this address and a TCP connection.
  enum DialTarget: Equatable {
    case ready
    case host(String, Resolution.Family)
    case dnsaddr(String)
    case unsupported(String)
  }

  var dialTarget: DialTarget {
    if isCircuit {
      guard let relay = circuit?.relay, relay.peerID != nil else {
        return .unsupported("a relayed address needs one relay, with its peer")
      }
      return .ready
    }
    if let dnsaddr { return .dnsaddr(dnsaddr) }
    guard let endpoint = tcpEndpoint else {
      return .unsupported("no transport for this address; TCP is supported")
    }
    switch endpoint.host {
    case .dns(let name): return .host(name, .any)
    case .dns4(let name): return .host(name, .ip4)
    case .dns6(let name): return .host(name, .ip6)
    case .ip4(let ip): return Self.target(.v4(ip), port: endpoint.port)
    case .ip6(let ip, _): return Self.target(.v6(ip), port: endpoint.port)
    }
  }

  private static func target(_ ip: IPAddress, port: UInt16) -> DialTarget {
    if port == 0 { return .unsupported("port 0 cannot be dialled") }
    switch ip.reach {
    case .unspecified, .multicast: return .unsupported("\(ip) cannot be dialled")
    case .loopback, .linkLocal, .private, .reserved, .global: return .ready
    }
  }

  /// True where an attempt costs little: this machine and the local network.
  var isNearby: Bool {
    switch host?.ip?.reach {
    case .loopback, .linkLocal, .private: true
    case .unspecified, .multicast, .reserved, .global, nil: false
    }
  }

  /// Smaller is tried earlier: nearby before far, directly before through a relay, IPv6 before IPv4.
  var dialRank: Int {
    let family = if case .v6 = host?.ip { 0 } else { 1 }
    return (isCircuit ? 4 : isNearby ? 0 : 2) + family
  }

  /// This address with a peer at its end; as it is when that would be too long to be an address.
  func naming(_ peer: PeerID) -> Multiaddr { (try? appending(peer)) ?? self }
}
