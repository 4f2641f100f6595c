import Glibc
import NIOCore
import Wire

@testable import Runtime

/// An address that takes a connection attempt and never answers it: a listener with a full queue.
final class BlackHole: Sendable {
  let address: Multiaddr
  private let descriptors: [CInt]

  struct Unavailable: Error {}

  init() throws {
    let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    let any = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
    guard any.withSockAddr({ bind(listener, $0, socklen_t($1)) }) == 0, listen(listener, 0) == 0,
      let bound = localAddress(of: listener), let address = Multiaddr(tcp: bound)
    else { throw Unavailable() }
    self.address = address
    // The queue holds one more than asked for; the others are never answered.
    descriptors =
      [listener]
      + (0..<4).map { _ in
        let filler = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        _ = bound.withSockAddr { connect(filler, $0, socklen_t($1)) }
        return filler
      }
  }

  deinit { for descriptor in descriptors { close(descriptor) } }
}
