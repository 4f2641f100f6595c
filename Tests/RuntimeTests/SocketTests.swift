import Glibc
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing
import Wire

@testable import Runtime

@Suite struct SocketTests {
  // MARK: Addresses

  @Test(arguments: [
    "/ip4/127.0.0.1/tcp/4001", "/ip6/::1/tcp/1", "/ip6/2001:db8::7/tcp/65535", "/ip4/0.0.0.0/tcp/0",
  ])
  func addressesThereAndBack(_ text: String) throws {
    let socket = try #require(try Multiaddr(text).socketAddress)
    #expect(Multiaddr(tcp: socket)?.description == text)
  }

  @Test func theInterfaceOfALinkLocalAddressIsKept() throws {
    let address = try Multiaddr("/ip6zone/lo/ip6/fe80::1/tcp/9")
    let socket = try #require(address.socketAddress)
    #expect(Multiaddr(tcp: socket) == address)
    #expect(try Multiaddr("/ip6zone/none-such/ip6/fe80::1/tcp/9").socketAddress == nil)
  }

  @Test(arguments: ["/ip4/1.2.3.4/udp/1", "/dns/a.org/tcp/1", "/ip4/1.2.3.4/tcp/1/ws", "/ip4/1.2.3.4"])
  func otherTransportsAreNoSockets(_ text: String) throws {
    #expect(try Multiaddr(text).socketAddress == nil)
  }

  @Test func wildcardsStandForEveryInterface() throws {
    let any = try SocketAddress(ipAddress: "0.0.0.0", port: 7)
    let found = Interfaces.expand(any)
    #expect(found.allSatisfy { $0.port == 7 && !$0.isIP6 && !$0.isWildcard })
    #expect(found.last?.ipAddress == "127.0.0.1")
    let one = try SocketAddress(ipAddress: "127.0.0.1", port: 7)
    #expect(Interfaces.expand(one) == [one])
  }

  // MARK: Reasons

  @Test(arguments: [
    (ECONNREFUSED, "connection refused"), (ETIMEDOUT, "timed out"), (EHOSTUNREACH, "no route to host"),
    (ENETUNREACH, "network unreachable"), (EMFILE, "too many open files"),
    (ECONNRESET, "connection reset by the peer"), (EADDRINUSE, "address in use"),
  ])
  func reasonsInWords(_ code: CInt, _ words: String) {
    #expect(SocketFailure.reason(IOError(errnoCode: code, reason: "x")) == words)
  }

  @Test func connectTimeoutsTimeOut() {
    #expect(SocketFailure.reason(ChannelError.connectTimeout(.seconds(1))) == "timed out")
  }

  // MARK: Accepting

  @Test(arguments: [(EMFILE, true), (ENFILE, true), (ENOMEM, true), (ECONNABORTED, false), (EPROTO, false)])
  func onlyAMachineInNeedPausesAccepting(_ code: CInt, _ pauses: Bool) {
    let pause = ListenerHandler.pause(after: IOError(errnoCode: code, reason: "accept"))
    #expect((pause != nil) == pauses)
  }

  @Test func anAcceptorThatIsOutOfFilesWaitsBeforeItReadsAgain() throws {
    let reads = ReadCounter()
    let channel = EmbeddedChannel(handlers: [
      reads, AcceptBackoffHandler(backoffProvider: ListenerHandler.pause),
    ])
    channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
    channel.read()
    channel.read()
    #expect(reads.count == 0)
    try? channel.throwIfErrorCaught()
    _ = try? channel.finish()
  }

  @Test func portsInUseAreNoticed() throws {
    let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var yes: CInt = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &yes, socklen_t(MemoryLayout<CInt>.size))
    let any = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
    #expect(any.withSockAddr { bind(listener, $0, socklen_t($1)) } == 0)
    let bound = try #require(localAddress(of: listener))
    #expect(listen(listener, 1) == 0)
    #expect(PortProbe.isTaken(bound))
    #expect(!PortProbe.isTaken(any))
  }

  // MARK: Buffers

  @Test func receiveBuffersFollowWhatArrives() {
    var buffers = InboundBuffers()
    #expect(buffers.nextBufferSize() == nil)
    #expect(buffers.sizeBytes == InboundBuffers.firstBytes)
    var sizes: [Int] = []
    for _ in 0..<6 {
      _ = buffers.record(actualReadBytes: buffers.sizeBytes)
      sizes.append(buffers.sizeBytes)
    }
    #expect(sizes == [2048, 8192, 32768, 131_072, 262_144, 262_144])
    for _ in 0..<20 { _ = buffers.record(actualReadBytes: 1) }
    #expect(buffers.sizeBytes == InboundBuffers.smallestBytes)
  }

  @Test func receivedBuffersBelongToTheReaderAlone() async throws {
    let owned = testLoop.makePromise(of: [Bool].self)
    let server = try await ServerBootstrap(group: testLoop)
      .childChannelOption(.recvAllocator, value: InboundBuffers())
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(OwnershipWitness(promise: owned))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let address = try #require(server.localAddress)
    let client = try await ClientBootstrap(group: testLoop).connect(to: address).get()
    try await client.writeAndFlush(ByteBuffer(repeating: 7, count: 1 << 20)).get()
    try await client.close().get()
    let answers = try await within { try await owned.futureResult.get() }
    #expect(answers.count > 3)
    // The first one is the pool's, by design the smallest.
    #expect(answers.dropFirst().allSatisfy { $0 })
    try await server.close().get()
  }
}

private final class ReadCounter: ChannelOutboundHandler {
  typealias OutboundIn = NIOAny
  var count = 0
  func read(context: ChannelHandlerContext) { count += 1 }
}

/// Looks at buffers where ``ConnectionHandler`` does.
private final class OwnershipWitness: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let promise: EventLoopPromise<[Bool]>
  private var inbound: ByteBuffer?
  private var answers: [Bool] = []

  init(promise: EventLoopPromise<[Bool]>) { self.promise = promise }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { inbound = Self.unwrapInboundIn(data) }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard var bytes = inbound.take() else { return }
    answers.append(bytes.modifyIfUniquelyOwned { _ in } != nil)
  }

  func channelInactive(context: ChannelHandlerContext) { promise.succeed(answers) }
}

func localAddress(of descriptor: CInt) -> SocketAddress? {
  var storage = sockaddr_storage()
  var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
  let port: UInt16? = withUnsafeMutablePointer(to: &storage) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      getsockname(descriptor, $0, &size) == 0
        ? UnsafeRawPointer($0).loadUnaligned(fromByteOffset: 2, as: UInt16.self).bigEndian : nil
    }
  }
  return port.flatMap { try? SocketAddress(ipAddress: "127.0.0.1", port: Int($0)) }
}
