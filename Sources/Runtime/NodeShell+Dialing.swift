import NIOCore
import NIOPosix
import Node
import SansIO
import Wire

/// A TCP connect that is under way.
struct Dial {
  /// The socket, once there is one.
  var channel: (any Channel)?
}

/// Dialling.
extension NodeShell {
  func dial(_ id: DialID, to address: Multiaddr, from source: DialSource) {
    counters.dials += 1
    dials[id] = Dial()
    guard let target = address.socketAddress else {
      // Not at once: the turn that asked is still under way, and an answer is an input of its own.
      loop.assumeIsolated().execute { self.dialFailed(id, "only TCP over IP can be dialled") }
      return
    }
    switch source {
    case .freshPort: connect(id, to: target, from: nil)
    case .listenPortIfPossible: connect(id, to: target, from: listenPort(for: target))
    case .listenPort:
      guard let port = listenPort(for: target) else {
        return loop.assumeIsolated().execute { self.dialFailed(id, "not listening in that address family") }
      }
      connect(id, to: target, from: port, orElse: false)
    }
  }

  func cancelDial(_ id: DialID) {
    guard let dial = dials.removeValue(forKey: id) else { return }
    counters.dialsCancelled += 1
    dial.channel?.close(promise: nil)
  }

  /// - Parameter hasChoice: whether it may leave from another port when that one is not free.
  private func connect(
    _ id: DialID, to target: SocketAddress, from source: SocketAddress?, orElse hasChoice: Bool = true
  ) {
    clientBootstrap(id, from: source).connect(to: target).assumeIsolated().whenFailure { error in
      guard self.dials[id] != nil else { return }
      // Another connection between the same two ports, or its remains: leave from any port.
      if hasChoice, source != nil, SocketFailure.isAddressTaken(error) {
        self.counters.portReuseFallbacks += 1
        self.connect(id, to: target, from: nil)
      } else {
        self.dialFailed(id, SocketFailure.reason(error), SocketFailure.problem(error))
      }
    }
  }

  private func dialFailed(_ id: DialID, _ reason: String, _ problem: DialProblem = .other) {
    guard dials.removeValue(forKey: id) != nil else { return }
    counters.dialsFailed += 1
    turn { node, now in node.dialFailed(id, reason: reason, problem: problem, at: now) }
  }

  /// The listening address to leave from: of the target's family, and able to reach it. Nil also when the
  /// target is our own listener, because a socket connected to itself is no connection.
  private func listenPort(for target: SocketAddress) -> SocketAddress? {
    let bound = listeners.lazy.map(\.bound).first {
      $0.isIP6 == target.isIP6 && ($0.isWildcard || $0.isLoopback == target.isLoopback)
    }
    guard let bound else { return nil }
    return bound.port == target.port && Interfaces.includes(target) ? nil : bound
  }

  private func clientBootstrap(_ id: DialID, from source: SocketAddress?) -> ClientBootstrap {
    let shell = NIOLoopBound(self, eventLoop: loop)
    var bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(TimeAmount(configuration.dialTimeout))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(.recvAllocator, value: InboundBuffers())
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.writeBufferWaterMark, value: waterMark)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try shell.value.dialing(id, on: channel)
        }
      }
    if let source {
      if source.isIP6 {
        bootstrap = bootstrap.channelOption(.ip6Only, value: 1)
      }
      bootstrap =
        bootstrap
        .channelOption(.socketOption(.so_reuseaddr), value: 1)
        .channelOption(.reusePort, value: 1)
        .bind(to: source)
    }
    return bootstrap
  }

  private func dialing(_ id: DialID, on channel: any Channel) throws {
    guard dials[id] != nil else { throw ChannelError.ioOnClosedChannel }
    dials[id]?.channel = channel
    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(shell: self, origin: .dialed(id)))
  }
}
