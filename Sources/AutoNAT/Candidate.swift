package import Wire

/// One of our addresses, to be asked about.
package struct Candidate: Hashable, Sendable {
  /// How we come by it; the first are asked about first.
  package enum Source: Int, Hashable, Comparable, Sendable {
    /// The user says so.
    case announced
    /// A socket of ours is bound to it.
    case listened
    /// Peers in several networks see us there.
    case agreed
    /// Some peer says that it sees us there. It may be anybody's: no data is paid for having it dialled.
    case observed

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  package var address: Multiaddr
  package var source: Source

  package init(_ address: Multiaddr, _ source: Source) {
    self.address = address
    self.source = source
  }

  /// The same without a peer at its end. Nil when no server would dial it.
  func askable(privateToo: Bool) -> Candidate? {
    guard let address = address.withoutPeer, let endpoint = address.tcpEndpoint ?? address.quicEndpoint,
      endpoint.port != 0
    else { return nil }
    switch endpoint.host {
    case .ip4, .ip6:
      guard let ip = endpoint.host.ip, ip.isDialable(privateToo: privateToo) else { return nil }
    case .dns, .dns4, .dns6: guard source == .announced else { return nil }
    }
    return Candidate(address, source)
  }

  /// Whether whoever connected to this address would have come to `local`, a socket of ours. Behind a NAT
  /// the two have the transport and the IP version in common, without one everything.
  func leads(to local: Multiaddr) -> Bool {
    guard let arrived = Target(local), let endpoint = address.tcpEndpoint ?? address.quicEndpoint,
      arrived.transport == (address.tcpEndpoint == nil ? .quic : .tcp)
    else { return false }
    if source == .listened { return arrived == Target(address) }
    switch (endpoint.host, arrived.ip) {
    case (.dns, _), (.dns4, .v4), (.dns6, .v6): return true
    case (.dns4, .v6), (.dns6, .v4): return false
    case (.ip4, _), (.ip6, _):
      switch (endpoint.host.ip?.unmapped, arrived.ip) {
      case (.v4?, .v4), (.v6?, .v6): return true
      case (.v4?, .v6), (.v6?, .v4), (nil, _): return false
      }
    }
  }
}
