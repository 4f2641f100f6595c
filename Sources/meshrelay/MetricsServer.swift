import Commands
import Meshwork
import NIOCore
import NIOHTTP1
import NIOPosix

/// `GET /metrics` for Prometheus, and nothing else.
///
/// Each request is one connection: whoever scrapes every few seconds loses nothing, and there is no state to
/// keep.
final class MetricsServer: Sendable {
  private let node: MeshNode
  private let host: String
  private let port: Int
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  /// A scraper asks once every few seconds; more at once are somebody else.
  private static let backlog: Int32 = 16
  private static let idleTimeout: TimeAmount = .seconds(10)

  /// - Parameter place: `host:port`, an IPv6 address in brackets.
  init(_ node: MeshNode, at place: String) throws {
    self.node = node
    guard let colon = place.lastIndex(of: ":"), let port = UInt16(place[place.index(after: colon)...]),
      colon > place.startIndex
    else { throw Failure.usage("--metrics \(place): write HOST:PORT, like 127.0.0.1:9400 or [::1]:9400") }
    var host = place[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    self.host = String(host)
    self.port = Int(port)
  }

  func start() async throws {
    let node = node
    do {
      _ = try await ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: Self.backlog)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: Self.idleTimeout))
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
            try channel.pipeline.syncOperations.addHandler(MetricsHandler(node))
          }
        }
        .bind(host: host, port: port).get()
    } catch {
      throw Failure(text: "cannot serve metrics at \(host):\(port): \(error)", code: Failure.failed)
    }
  }

  func stop() async { try? await group.shutdownGracefully() }
}

/// Answers one request.
private final class MetricsHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let node: MeshNode
  private var head: HTTPRequestHead?

  init(_ node: MeshNode) { self.node = node }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let path = head.uri.prefix { $0 != "?" }
    guard path == "/metrics" else { return send("there is only /metrics\n", .notFound, head, context) }
    guard head.method == .GET || head.method == .HEAD else {
      return send("only GET\n", .methodNotAllowed, head, context)
    }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let node = node
    let text = context.eventLoop.makePromise(of: String.self)
    text.completeWithTask { await RelayMetrics(node).text }
    text.futureResult.whenSuccess { text in
      let (handler, context) = bound.value
      handler.send(text, .ok, head, context)
    }
  }

  private func send(
    _ text: String, _ status: HTTPResponseStatus, _ request: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    let body = ByteBuffer(string: text)
    let headers: HTTPHeaders = [
      "content-type": "text/plain; version=0.0.4; charset=utf-8", "content-length": "\(body.readableBytes)",
      "connection": "close",
    ]
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD { context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
    let channel = context.channel
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
  }
}
