import Glibc
import LocalDiscovery
import NIOCore
import NIOPosix
import SansIO
import Wire

/// A socket for one link: hears what is sent to the link's mDNS group, and speaks from port 5353.
///
/// It is bound to the group itself, so that nothing but multicast of that group ever reaches it, which
/// routers do not forward: no unicast packet from elsewhere can pretend to be of the link. The port is shared
/// with every other responder of the machine. Sending goes past NIO: a datagram either leaves now or is lost,
/// and an address that is not ready yet must not cost the socket.
final class MulticastSocket {
  struct Failure: Error, Hashable {
    let step: String
    let code: CInt
  }

  let link: Link
  private let descriptor: CInt
  private let group: SocketName
  private var channel: (any Channel)?
  private var isClosed = false
  /// The address that IPv4 datagrams to the group leave from; any: the kernel finds one.
  private let source: IPv4Address

  /// Datagrams are up to 9000 bytes; one more shows that one was longer.
  static let receiveBytes = 9001

  init(_ link: Link, of interface: Interface) throws(Failure) {
    self.link = link
    // On loopback it finds one of another interface, or none.
    source = interface.addresses.contains { $0.ip == .v4(.loopback) } ? .loopback : .any
    group = SocketName(Endpoint(link.family.group, port: Machine.port), on: link)
    descriptor = socket(
      link.family == .ip6 ? AF_INET6 : AF_INET,
      CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(step: "socket", code: errno) }
    do {
      try configure()
      try check("bind", group.withSockAddr { bind(descriptor, $0, $1) })
      try join()
    } catch {
      Glibc.close(descriptor)
      throw error
    }
  }

  private func configure() throws(Failure) {
    // Every responder shares its port by this. SO_REUSEPORT must not be set as well: Linux then hands a
    // datagram that is for one socket of ours to any of them, whatever link it came from.
    try set("SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1)
    switch link.family {
    case .ip4:
      // Only what is sent on our link, not what any socket of the machine has joined.
      try set("IP_MULTICAST_ALL", CInt(IPPROTO_IP), IP_MULTICAST_ALL, 0)
      try set("IP_MULTICAST_TTL", CInt(IPPROTO_IP), IP_MULTICAST_TTL, 255)
      try set("IP_TTL", CInt(IPPROTO_IP), IP_TTL, 255)
      try set("IP_MULTICAST_IF", CInt(IPPROTO_IP), IP_MULTICAST_IF, membership4)
    case .ip6:
      try set("IPV6_V6ONLY", CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1)
      try set("IPV6_MULTICAST_HOPS", CInt(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, 255)
      try set("IPV6_UNICAST_HOPS", CInt(IPPROTO_IPV6), IPV6_UNICAST_HOPS, 255)
      try set(
        "IPV6_MULTICAST_IF", CInt(IPPROTO_IPV6), IPV6_MULTICAST_IF, CInt(bitPattern: link.interface.rawValue))
    }
  }

  private func join() throws(Failure) {
    switch link.family {
    case .ip4: try set("IP_ADD_MEMBERSHIP", CInt(IPPROTO_IP), IP_ADD_MEMBERSHIP, membership4)
    case .ip6:
      // struct ipv6_mreq, ipv6(7): the group and the interface.
      let membership = link.family.group.bytes + bytes(of: link.interface.rawValue)
      try set("IPV6_JOIN_GROUP", CInt(IPPROTO_IPV6), IPV6_JOIN_GROUP, membership)
    }
  }

  /// struct ip_mreqn, ip(7): the group, a local address, the interface.
  private var membership4: [UInt8] {
    link.family.group.bytes + source.bytes + bytes(of: link.interface.rawValue)
  }

  private func set(_ step: String, _ level: CInt, _ name: CInt, _ value: CInt) throws(Failure) {
    try set(step, level, name, bytes(of: value))
  }

  private func set(_ step: String, _ level: CInt, _ name: CInt, _ value: [UInt8]) throws(Failure) {
    try check(step, setsockopt(descriptor, level, name, value, socklen_t(value.count)))
  }

  private func check(_ step: String, _ status: CInt) throws(Failure) {
    guard status == 0 else { throw Failure(step: step, code: errno) }
  }

  // MARK: Hearing

  /// Hands the socket to NIO, which reads it from now on; `closed` is called when it no longer does.
  func start(
    on loop: any EventLoop, received: @escaping (ByteBuffer, Endpoint) -> Void, closed: @escaping () -> Void
  ) {
    let handler = NIOLoopBound(MulticastHandler(received), eventLoop: loop)
    let allocator = FixedSizeRecvByteBufferAllocator(capacity: Self.receiveBytes)
    let opened = DatagramBootstrap(group: loop)
      .channelOption(.recvAllocator, value: allocator)
      .channelOption(.maxMessagesPerRead, value: 16)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(handler.value)
        }
      }
      .withBoundSocket(descriptor)
    opened.assumeIsolated().whenComplete { result in
      guard case .success(let channel) = result else { return closed() }
      self.channel = channel
      if self.isClosed { channel.close(promise: nil) }
      channel.closeFuture.assumeIsolated().whenComplete { _ in
        self.channel = nil
        closed()
      }
    }
  }

  // MARK: Speaking

  /// Nil when it left.
  func send(_ packet: ByteBuffer, to destination: Machine.Destination) -> Failure? {
    // The descriptor is NIO's: once it is closed, its number may be anybody's.
    guard channel != nil else { return Failure(step: "send", code: EBADF) }
    let target =
      switch destination {
      case .group: group
      case .unicast(let endpoint): SocketName(endpoint, on: link)
      }
    let count = packet.withUnsafeReadableBytes { bytes in
      target.withSockAddr { sendto(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL), $0, $1) }
    }
    return count >= 0 ? nil : Failure(step: "send", code: errno)
  }

  func close() {
    isClosed = true
    channel?.close(promise: nil)
  }
}

/// Takes datagrams off the channel. Errors of single datagrams are nothing to act on.
private final class MulticastHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let received: (ByteBuffer, Endpoint) -> Void

  init(_ received: @escaping (ByteBuffer, Endpoint) -> Void) {
    self.received = received
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    guard let ip = envelope.remoteAddress.ip,
      let port = envelope.remoteAddress.port.flatMap(UInt16.init(exactly:))
    else { return }
    received(envelope.data, Endpoint(ip, port: port))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// An endpoint in the form of system calls, with the interface that link-local IPv6 addresses are meant on.
private struct SocketName {
  private let bytes: [UInt8]

  init(_ endpoint: Endpoint, on link: Link) {
    let port = [UInt8(endpoint.port >> 8), UInt8(endpoint.port & 0xFF)]
    bytes =
      switch endpoint.ip {
      case .v4(let ip):  // struct sockaddr_in, ip(7)
        Runtime.bytes(of: sa_family_t(AF_INET)) + port + ip.bytes + [UInt8](repeating: 0, count: 8)
      case .v6(let ip):  // struct sockaddr_in6, ipv6(7)
        Runtime.bytes(of: sa_family_t(AF_INET6)) + port + [0, 0, 0, 0] + ip.bytes
          + Runtime.bytes(of: link.interface.rawValue)
      }
  }

  func withSockAddr<Result>(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> Result) -> Result {
    bytes.withUnsafeBytes { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { body($0.baseAddress, socklen_t(bytes.count)) }
    }
  }
}

/// As the machine has it in memory.
private func bytes(of value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value) { [UInt8]($0) } }
