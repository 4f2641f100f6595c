import Glibc
import NIOCore
import NIOPosix

/// Tells that something about the machine's interfaces or addresses has changed, as the kernel says it
/// (rtnetlink(7)). What has changed is not read: whoever is told looks anew.
final class InterfaceWatch {
  private var channel: (any Channel)?
  private var isClosed = false

  /// Nothing happens where the kernel does not tell; the owner looks now and then anyway.
  func start(on loop: any EventLoop, changed: @escaping () -> Void) {
    guard let descriptor = Self.open() else { return }
    let handler = NIOLoopBound(ChangeHandler(changed), eventLoop: loop)
    let opened = NIOPipeBootstrap(group: loop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(handler.value)
        }
      }
      .takingOwnershipOfDescriptor(input: descriptor)
    opened.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let channel):
        self.channel = channel
        if self.isClosed { channel.close(promise: nil) }
      case .failure: Glibc.close(descriptor)
      }
    }
  }

  func close() {
    isClosed = true
    channel?.close(promise: nil)
  }

  /// A netlink socket that hears of links and addresses; nil where that is not allowed.
  private static func open() -> CInt? {
    let route: CInt = 0  // NETLINK_ROUTE
    let descriptor = socket(
      AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), route)
    guard descriptor >= 0 else { return nil }
    // struct sockaddr_nl, netlink(7), which Glibc does not have: family, padding, port id, groups.
    let groups: UInt32 = 0x1 | 0x10 | 0x100  // RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
    let address: (UInt16, UInt16, UInt32, UInt32) = (UInt16(AF_NETLINK), 0, 0, groups)
    let status = withUnsafeBytes(of: address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) {
        bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
      }
    }
    guard status == 0 else {
      Glibc.close(descriptor)
      return nil
    }
    return descriptor
  }
}

private final class ChangeHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let changed: () -> Void

  init(_ changed: @escaping () -> Void) {
    self.changed = changed
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    changed()
    context.fireChannelReadComplete()
  }

  /// More was said than the kernel keeps for us: something has changed, certainly.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    changed()
  }
}
