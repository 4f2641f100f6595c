import Glibc
import NIOCore

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
  /// Several sockets may be bound to the port: a listener, and the dials that leave from it.
  static var reusePort: Self { Self(level: .socket, name: .init(rawValue: SO_REUSEPORT)) }

  /// No IPv4 through IPv6 sockets: every address has one listener and one form.
  static var ip6Only: Self { Self(level: .ipv6, name: .ipv6_v6only) }
}
