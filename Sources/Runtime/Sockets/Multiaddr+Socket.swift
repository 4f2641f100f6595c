import Glibc
package import NIOCore
package import Wire

// Multiaddrs of TCP over IP, and the sockets they name.
extension Multiaddr {
  /// The address of a TCP socket. Nil for any other kind of socket.
  package init?(tcp address: SocketAddress) {
    guard let ip = address.ip, let port = address.port.flatMap(UInt16.init(exactly:)) else { return nil }
    if let zone = address.zone, let zoned = try? Multiaddr([.ip6zone(zone), .init(ip), .tcp(port)]) {
      self = zoned
    } else {
      self = .tcp(ip, port: port)
    }
  }

  /// The socket of `/ip4/…/tcp/…`, `/ip6/…/tcp/…` or `/ip6zone/…/ip6/…/tcp/…`, whatever peer is named at the
  /// end. Nil for everything that is not TCP directly over IP, and for a zone that this machine does not
  /// have.
  package var socketAddress: SocketAddress? {
    guard let endpoint = tcpEndpoint else { return nil }
    switch endpoint.host {
    case .ip4(let ip): return SocketAddress(.v4(ip), port: endpoint.port)
    case .ip6(let ip, zone: nil): return SocketAddress(.v6(ip), port: endpoint.port)
    case .ip6(let ip, zone: let zone?):
      // A number with a zone asks nobody.
      return try? .makeAddressResolvingHost("\(ip)%\(zone)", port: Int(endpoint.port))
    case .dns, .dns4, .dns6: return nil
    }
  }
}

extension SocketAddress {
  package init?(_ ip: IPAddress, port: UInt16) {
    guard let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: ip.bytes), port: Int(port))
    else {
      return nil
    }
    self = address
  }

  /// Nil for a UNIX socket.
  package var ip: IPAddress? {
    switch self {
    case .v4: withBytes { IPAddress(bytes: $0[4..<8]) }  // ip(7)
    case .v6: withBytes { IPAddress(bytes: $0[8..<24]) }  // ipv6(7)
    case .unixDomainSocket: nil
    }
  }

  package var isIP6: Bool {
    if case .v6 = self { true } else { false }
  }

  /// `0.0.0.0` or `::`.
  var isWildcard: Bool { ip == .v4(.any) || ip == .v6(.any) }

  var isLoopback: Bool { ip?.isLoopback ?? false }

  func withPort(_ port: Int) -> SocketAddress {
    var copy = self
    copy.port = port
    return copy
  }

  /// The interface an IPv6 address of this link belongs to.
  fileprivate var zone: String? {
    guard isIP6 else { return nil }
    let index = withBytes { $0.loadUnaligned(fromByteOffset: 24, as: UInt32.self) }
    if index == 0 { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
      if_indextoname(index, name.baseAddress).map { String(cString: $0) }
    }
  }

  /// The C form: the same bytes for everyone, whatever module its fields are imported by.
  private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withSockAddr { body(UnsafeRawBufferPointer(start: $0, count: $1)) }
  }
}
