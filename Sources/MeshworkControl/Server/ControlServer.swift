public import Logging
import Meshwork
import NIOCore
import NIOPosix

/// Serves a node's JSON-RPC interface to any number of clients, up to a limit.
///
/// One event loop, the node's, which is also this actor's executor, holds everything: clients, the log of
/// events, and the reading and writing of lines; an event is on its way to clients before the node goes on.
/// The node is only ever asked, never waited for by another client and never blocked by one: see `EventLog`
/// for how a client that does not read is let go.
///
/// Reading order: `LineSplitter`, `RPCMessage`, `ControlService`, `EventLog`, `ControlClientHandler`, this.
public actor ControlServer {
  /// What clients may cost.
  public struct Limits: Sendable {
    /// Clients at once; each costs at most one line in and some 100 KiB out.
    public var clients = 64
    /// Bytes of a line from a client.
    public var lineBytes = 1 << 20
    /// Calls of one client at once; further lines wait in the socket.
    public var callsPerClient = 64
    /// Events kept for clients that resume, and how far a client may fall behind.
    public var eventsKept = 4096
    /// The same, in bytes.
    public var eventBytesKept = 4 << 20

    /// The limits `meshnode` uses.
    public init() {}
  }

  nonisolated let loop: any EventLoop
  /// The event loop.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

  private let node: any ControlledNode
  private let shutdowns: ShutdownRequests
  private let limits: Limits
  private let logger: Logger

  private(set) var log: EventLog
  private var clients: [ObjectIdentifier: ControlClientHandler] = [:]
  private var sockets: [(file: SocketFile, channel: any Channel)] = []
  private var standardStreams: StandardStreams?
  private var isFollowing = false
  /// Finished after the node's last event.
  private let nodeEnd = AsyncStream<Never>.makeStream()

  /// A server without clients; nothing runs until one of the `serve` calls.
  public init(
    _ node: any ControlledNode, shutdowns: ShutdownRequests, logger: Logger, limits: Limits = Limits()
  ) {
    self.loop = node.loop
    self.node = node
    self.shutdowns = shutdowns
    self.limits = limits
    self.logger = logger
    self.log = EventLog(countMax: limits.eventsKept, bytesMax: limits.eventBytesKept)
  }

  // MARK: Commands

  /// Listens on a UNIX socket at that path, for this user alone.
  public func serve(socket path: String) async throws {
    let (file, descriptor) = try SocketFile.listen(at: path)
    await follow()
    let channel = try await ServerBootstrap(group: loop)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.assumeIsolated { try $0.admit(channel, .guest) } }
      }
      .withBoundSocket(descriptor)
      .get()
    sockets.append((file, channel))
    logger.info("serving the API", metadata: ["socket": "\(path)"])
  }

  /// Serves the program at the other end of standard input and output. Its end of input asks for a shutdown.
  /// It is sent every event from the first on.
  public func serveStandardStreams(input: Int32 = 0, output: Int32 = 1) async throws {
    let (streams, descriptor) = try StandardStreams.open(input: input, output: output)
    await follow()
    _ = try await ClientBootstrap(group: loop)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.autoRead, value: false)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try self.assumeIsolated { try $0.admit(channel, .controller) }
        }
      }
      .withConnectedSocket(descriptor)
      .get()
    standardStreams = streams
  }

  /// Takes no more clients, sends what is still to be sent, for at most `grace`, then closes everything and
  /// removes the sockets. The node is expected to have ended: the server waits for the last of its events.
  public func stop(grace: Duration = .seconds(1)) async {
    for socket in sockets {
      try? await socket.channel.close()
      socket.file.remove()
    }
    sockets = []
    let patience = Task {
      guard (try? await Task.sleep(for: grace)) != nil else { return }
      abandon()
    }
    if isFollowing { for await _ in nodeEnd.stream {} }
    for client in clients.values { try? await client.idle().get() }
    for client in clients.values { client.close() }
    await standardStreams?.finished()
    patience.cancel()
  }

  private func abandon() {
    logger.warning("some clients of the API did not read to the end")
    nodeEnd.continuation.finish()
    for client in clients.values { client.close() }
    standardStreams?.abandon()
  }

  // MARK: Clients, from the loop

  private func admit(_ channel: any Channel, _ role: ControlClientHandler.Role) throws {
    guard clients.count < limits.clients else {
      let error = RPCError.limit("\(limits.clients) clients are connected already; close one and try again")
      logger.warning("refused a client of the API", metadata: ["limit": "\(limits.clients)"])
      try channel.pipeline.syncOperations.addHandler(RefusingHandler(error))
      return
    }
    let client = ControlClientHandler(self, role, limits, logger)
    try channel.pipeline.syncOperations.addHandler(client)
    clients[ObjectIdentifier(client)] = client
  }

  func clientClosed(_ client: ObjectIdentifier, _ role: ControlClientHandler.Role) {
    clients[client] = nil
    if role == .controller { requestShutdown("nobody is left on standard input and output") }
  }

  func requestShutdown(_ reason: String) { shutdowns.request(reason) }

  nonisolated var service: ControlService { ControlService(node: node) }

  // MARK: Events

  private func follow() async {
    if isFollowing { return }
    isFollowing = true
    await node.observeReports { [weak self] event in self?.assumeIsolated { $0.happened(event) } }
  }

  private func happened(_ event: NumberedEvent?) {
    guard let event else { return nodeEnd.continuation.finish() }
    log.append(event)
    for client in clients.values { client.sendEvents() }
  }
}

/// Tells a client why it is not served, and closes.
private final class RefusingHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let error: RPCError

  init(_ error: RPCError) { self.error = error }

  func channelActive(context: ChannelHandlerContext) {
    let line = ByteBuffer(line: RPCAnswer.error(error, id: .null))
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(line)).whenComplete { _ in channel.close(promise: nil) }
  }
}
