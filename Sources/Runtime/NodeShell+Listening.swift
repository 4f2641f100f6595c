import Logging
import NIOCore
import NIOPosix
import Node
import SansIO
import Wire

/// A socket that accepts connections.
struct Listener {
  let channel: any Channel
  let bound: SocketAddress
  /// What the node was told, to take it back.
  var addresses: [Multiaddr]
}

/// Listening, and what becomes of what is accepted.
extension NodeShell {
  func openListeners(_ addresses: [Multiaddr]) -> EventLoopFuture<[Multiaddr]> {
    let results = addresses.map(openListener)
    return EventLoopFuture.whenAllComplete(results, on: loop).assumeIsolated().flatMapThrowing { results in
      for (address, result) in zip(addresses, results) {
        guard case .failure(let error) = result else { continue }
        let reason = (error as? ListenError)?.reason ?? SocketFailure.reason(error)
        if SocketFailure.isFamilyMissing(error), results.contains(where: { (try? $0.get()) != nil }) {
          self.warn("not listening on \(address)", reason)
        } else {
          self.closeListeners()
          throw ListenError(address: address, reason: reason)
        }
      }
      guard case .running = self.phase else {
        self.closeListeners()
        throw ListenError(address: addresses[0], reason: "the node is shutting down")
      }
      return self.listeners.flatMap(\.addresses)
    }.nonisolated()
  }

  func closeListeners() {
    let closing = listeners
    listeners.removeAll()
    for listener in closing {
      listener.channel.close(promise: nil)
      for address in listener.addresses {
        turn { node, now in node.stoppedListening(on: address, at: now) }
      }
    }
  }

  private func openListener(_ address: Multiaddr) -> EventLoopFuture<Void> {
    guard let socket = address.socketAddress else {
      let reason = "only /ip4/…/tcp/… and /ip6/…/tcp/… can be listened on"
      return loop.makeFailedFuture(ListenError(address: address, reason: reason))
    }
    if socket.port != 0, PortProbe.isTaken(socket) {
      return loop.makeFailedFuture(ListenError(address: address, reason: "another process listens there"))
    }
    return serverBootstrap(for: socket).bind(to: socket).assumeIsolated().map { channel in
      self.listening(channel, requested: socket)
    }.nonisolated()
  }

  private func listening(_ channel: any Channel, requested: SocketAddress) {
    guard case .running = phase else { return channel.close(promise: nil) }
    let bound = channel.localAddress ?? requested
    let addresses = Interfaces.expand(bound).compactMap(Multiaddr.init(tcp:))
    listeners.append(Listener(channel: channel, bound: bound, addresses: addresses))
    openSockets += 1
    channel.closeFuture.assumeIsolated().whenComplete { _ in self.socketClosed() }
    for address in addresses {
      turn { node, now in node.listening(on: address, at: now) }
    }
  }

  /// Accepted sockets inherit no-delay and keep-alive from the listener: not a system call for any of them.
  private func serverBootstrap(for address: SocketAddress) -> ServerBootstrap {
    let shell = NIOLoopBound(self, eventLoop: loop)
    var bootstrap = ServerBootstrap(group: loop)
      .serverChannelOption(.backlog, value: CInt(clamping: configuration.backlog))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.reusePort, value: 1)
      .serverChannelOption(.socketOption(.so_keepalive), value: 1)
      .serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .serverChannelOption(.maxMessagesPerRead, value: 16)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            AcceptBackoffHandler(backoffProvider: ListenerHandler.pause), ListenerHandler(shell: shell.value))
        }
      }
      .childChannelOption(.recvAllocator, value: InboundBuffers())
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.writeBufferWaterMark, value: waterMark)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ConnectionHandler(shell: shell.value, origin: .accepted))
        }
      }
    if address.isIP6 {
      bootstrap = bootstrap.serverChannelOption(.ip6Only, value: 1)
    }
    return bootstrap
  }

  var waterMark: ChannelOptions.Types.WriteBufferWaterMark {
    .init(low: configuration.waterMark.low, high: configuration.waterMark.high)
  }

  func acceptFailed(_ error: any Error) {
    counters.acceptsFailed += 1
    warn("cannot accept connections for now", SocketFailure.reason(error))
  }
}

/// Watches a listening socket for errors. The pauses themselves are made by NIO's `AcceptBackoffHandler`
/// before it.
final class ListenerHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private let shell: NodeShell

  init(shell: NodeShell) { self.shell = shell }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Others are about one accepted socket, which is closed already.
    if let error = error as? IOError, Self.pause(after: error) != nil { shell.acceptFailed(error) }
  }

  /// A machine out of files or memory stays readable and would be asked again at once, forever.
  static func pause(after error: IOError) -> TimeAmount? {
    switch SocketFailure.scope(of: error) {
    case .machine: .seconds(1)
    case .oneSocket: nil
    }
  }
}
