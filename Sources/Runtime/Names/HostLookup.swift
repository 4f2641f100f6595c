import Glibc
import NIOCore
import Node
import Wire

/// Host names through the C library. Blocks its thread.
enum HostLookup {
  /// More addresses than any honest host has.
  private static let addressesMax = 64

  static func run(_ name: String, _ family: Resolution.Family) -> ResolutionAnswer {
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    hints.ai_family =
      switch family {
      case .any: AF_UNSPEC
      case .ip4: AF_INET
      case .ip6: AF_INET6
      }
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(name, nil, &hints, &first)
    guard status == 0 else { return .failed(reason(status)) }
    defer { freeaddrinfo(first) }
    var addresses: [Multiaddr] = []
    var next = first
    while let entry = next?.pointee, addresses.count < addressesMax {
      if let address = Multiaddr(host: entry), !addresses.contains(address) { addresses.append(address) }
      next = entry.ai_next
    }
    return addresses.isEmpty ? .failed("the name has no address") : .addresses(addresses)
  }

  private static func reason(_ status: CInt) -> String {
    switch status {
    case EAI_NONAME: "no such host"
    case EAI_AGAIN: "the name servers do not answer"
    default: String(cString: gai_strerror(status))
    }
  }
}

extension Multiaddr {
  fileprivate init?(host entry: addrinfo) {
    guard let raw = UnsafeRawPointer(entry.ai_addr) else { return nil }
    let socket: SocketAddress
    switch (entry.ai_family, Int(entry.ai_addrlen)) {
    case (AF_INET, MemoryLayout<sockaddr_in>.size...):
      socket = SocketAddress(raw.loadUnaligned(as: sockaddr_in.self))
    case (AF_INET6, MemoryLayout<sockaddr_in6>.size...):
      socket = SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self))
    default: return nil
    }
    guard let ip = socket.ip, let address = try? Multiaddr([.init(ip)]) else { return nil }
    self = address
  }
}
