import NIOCore
import Node
import SansIO
import Wire

/// Connections, from the socket's birth to its end.
extension NodeShell {
  /// A socket is connected. Nil: the node does not want it, close it. The caller finishes the turn, once it
  /// knows the connection's id.
  func connected(
    _ handler: ConnectionHandler, _ origin: ConnectionHandler.Origin, channel: any Channel
  ) -> ConnectionID? {
    guard case .running = phase,
      let local = channel.localAddress.flatMap(Multiaddr.init(tcp:)),
      let remote = channel.remoteAddress.flatMap(Multiaddr.init(tcp:))
    else { return nil }
    let id: ConnectionID?
    switch origin {
    case .accepted:
      counters.accepted += 1
      id = node.accepted(local: local, remote: remote, at: .now)
      if id == nil { counters.acceptsRefused += 1 }
    case .dialed(let dial):
      guard dials.removeValue(forKey: dial) != nil else { return nil }
      id = node.dialed(dial, local: local, remote: remote, at: .now)
    }
    guard let id else {
      finishTurn()
      return nil
    }
    connections[id] = handler
    openSockets += 1
    channel.closeFuture.assumeIsolated().whenComplete { _ in self.socketClosed() }
    return id
  }

  func receive(_ bytes: consuming ByteBuffer, on id: ConnectionID) {
    counters.reads += 1
    counters.bytesReceived += UInt64(bytes.readableBytes)
    node.receive(bytes, on: id, at: .now)
    finishTurn()
  }

  func inputClosed(_ id: ConnectionID) {
    turn { node, now in node.inputClosed(id, at: now) }
  }

  func transportClosed(_ id: ConnectionID, reason: String) {
    guard connections.removeValue(forKey: id) != nil else { return }
    counters.connectionsClosed += 1
    turn { node, now in node.transportClosed(id, reason: reason, at: now) }
  }

  // MARK: Sending

  func writable(_ handler: ConnectionHandler) {
    markUnsent(handler)
    finishTurn()
  }

  func markUnsent(_ handler: ConnectionHandler) {
    guard case .idle = handler.sending else { return }
    handler.sending = .unsent
    unsent.append(handler)
  }

  func drainUnsent() {
    let handlers = unsent
    unsent.removeAll(keepingCapacity: true)
    for handler in handlers {
      handler.sending = .idle
      drain(handler)
    }
  }

  /// Moves what the node has for one connection into its socket: while the socket takes it, and no more than
  /// is fair to the others.
  private func drain(_ handler: ConnectionHandler) {
    guard let id = handler.id, let channel = handler.context?.channel else { return }
    handler.isDraining = true
    defer { handler.isDraining = false }
    var moved = 0
    while channel.isWritable {
      if moved >= configuration.turnBytesMax {
        drainLater(handler)
        return
      }
      wire.clear(minimumCapacity: configuration.writeBytes + Self.frameBytesMax)
      let hasMore = node.drainOutbound(id, into: &wire, maxBytes: configuration.writeBytes, at: .now)
      let count = wire.readableBytes
      if count > 0 {
        moved += count
        counters.writes += 1
        counters.bytesSent += UInt64(count)
        handler.write(wire)
      }
      if !hasMore {
        if case .closing = handler.phase { closeWhenSent(channel) }
        return
      }
    }
  }

  /// What a drain may add to `maxBytes`: the last frame, of 32 KiB with its headers.
  private static let frameBytesMax = 33 * 1024

  private func drainLater(_ handler: ConnectionHandler) {
    handler.sending = .waiting
    loop.assumeIsolated().execute {
      handler.sending = .idle
      self.writable(handler)
    }
  }

  // MARK: Closing

  func beginClose(_ handler: ConnectionHandler) {
    guard case .open(let id) = handler.phase else { return }
    handler.phase = .closing(id)
    markUnsent(handler)
    guard let channel = handler.context?.channel else { return }
    let deadline = loop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.closeTimeout)) {
      self.counters.closesForced += 1
      channel.close(promise: nil)
    }
    channel.closeFuture.whenComplete { _ in deadline.cancel() }
  }

  /// Everything is with NIO: closing the sending half waits until the kernel has it.
  private func closeWhenSent(_ channel: any Channel) {
    channel.close(mode: .output).whenComplete { _ in channel.close(promise: nil) }
  }
}
