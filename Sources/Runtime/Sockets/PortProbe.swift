import Glibc
import NIOCore

/// Asks whether somebody listens on a port already.
///
/// Listeners share their port (SO_REUSEPORT) so that dials can leave from it. The kernel would let a second
/// node of the same user share it too, and hand each of them half of the connections. A socket that does not
/// share finds out.
enum PortProbe {
  static func isTaken(_ address: SocketAddress) -> Bool {
    let descriptor = socket(address.isIP6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var yes: CInt = 1
    let size = socklen_t(MemoryLayout<CInt>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
    if address.isIP6 { setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &yes, size) }
    return address.withSockAddr { bind(descriptor, $0, socklen_t($1)) } != 0 && errno == EADDRINUSE
  }
}
