import NIOCore
import NIOPosix

/// A name server on 127.0.0.1 that answers what a test tells it, over UDP and TCP on one port.
final class NameServer: Sendable {
  typealias Respond = @Sendable (_ question: [UInt8]) -> [[UInt8]]

  let port: Int
  private let channels: [any Channel]

  private init(port: Int, channels: [any Channel]) {
    self.port = port
    self.channels = channels
  }

  static func start(
    datagrams: @escaping Respond, stream: @escaping Respond = { _ in [] }
  ) async throws -> NameServer {
    let group = MultiThreadedEventLoopGroup.singleton
    let tcp = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(StreamAnswers(respond: stream))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    guard let port = tcp.localAddress?.port else { throw ChannelError.ioOnClosedChannel }
    let udp = try await DatagramBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(DatagramAnswers(respond: datagrams))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    return NameServer(port: port, channels: [tcp, udp])
  }

  func stop() async throws {
    for channel in channels { try await channel.close().get() }
  }
}

private final class DatagramAnswers: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>
  private let respond: NameServer.Respond

  init(respond: @escaping NameServer.Respond) { self.respond = respond }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = Self.unwrapInboundIn(data)
    for answer in respond(Array(envelope.data.readableBytesView)) {
      let reply = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
      context.writeAndFlush(Self.wrapOutboundOut(reply), promise: nil)
    }
  }
}

/// Takes the question whole, as the one segment it is, and answers in pieces.
private final class StreamAnswers: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private let respond: NameServer.Respond

  init(respond: @escaping NameServer.Respond) { self.respond = respond }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let question = Array(Self.unwrapInboundIn(data).readableBytesView.dropFirst(2))
    for answer in respond(question) {
      var framed = ByteBuffer(integer: UInt16(answer.count))
      framed.writeBytes(answer)
      while let piece = framed.readSlice(length: min(7, framed.readableBytes)), piece.readableBytes > 0 {
        context.writeAndFlush(Self.wrapOutboundOut(piece), promise: nil)
      }
    }
  }
}
