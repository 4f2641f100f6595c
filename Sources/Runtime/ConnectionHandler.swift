import NIOCore
import Node
import SansIO

/// One TCP connection: hands what the socket says to the node, through the shell.
///
/// A received buffer waits in `inbound` until NIO's `channelReadComplete`: only then has NIO let go of it,
/// and the node can decrypt in place (see ``InboundBuffers``).
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Origin {
    case accepted
    case dialed(DialID)
  }

  enum Phase {
    /// Not connected yet, or refused by the node.
    case unknown
    case open(ConnectionID)
    /// The node has forgotten the connection; what is left is sent, then the socket is closed.
    case closing(ConnectionID)
    case closed
  }

  /// Where the connection stands among those with something to send.
  enum Sending {
    case idle
    /// In the shell's list: drained at the end of the turn.
    case unsent
    /// Has had its share and goes on after the others, in a turn of its own.
    case waiting
  }

  private let shell: NodeShell
  private let origin: Origin
  private(set) var context: ChannelHandlerContext?
  var phase = Phase.unknown
  var sending = Sending.idle
  /// The node may have more than the last turn could send.
  var isDraining = false
  private var inbound: ByteBuffer?
  private var failure: String?

  init(shell: NodeShell, origin: Origin) {
    self.shell = shell
    self.origin = origin
  }

  var id: ConnectionID? {
    switch phase {
    case .open(let id), .closing(let id): id
    case .unknown, .closed: nil
    }
  }

  // MARK: Commands

  func write(_ bytes: ByteBuffer) {
    context?.writeAndFlush(Self.wrapOutboundOut(bytes), promise: nil)
  }

  func close() {
    context?.close(promise: nil)
  }

  // MARK: Inputs, from NIO

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    guard let id = shell.connected(self, origin, channel: context.channel) else {
      context.close(promise: nil)
      return
    }
    phase = .open(id)
    shell.finishTurn()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    deliver()
    inbound = Self.unwrapInboundIn(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    deliver()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, !isDraining { shell.writable(self) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .inputClosed? = event as? ChannelEvent else { return }
    deliver()
    if case .open(let id) = phase { shell.inputClosed(id) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failure = failure ?? SocketFailure.reason(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    deliver()
    guard let id else { return }
    phase = .closed
    shell.transportClosed(id, reason: failure ?? "closed by the peer")
  }

  private func deliver() {
    guard let bytes = inbound.take() else { return }
    if case .open(let id) = phase { shell.receive(bytes, on: id) }
  }
}
