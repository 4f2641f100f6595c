import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Meshwork

@Suite struct LifeTests {
  @Test func beforeAndAfter() async throws {
    let node = MeshNode(Configuration(identity: .ephemeral()), logger: quiet)
    let peer = Identity.ephemeral().peerID
    await #expect(throws: MeshError.notStarted) { try await node.ping(peer) }
    try await node.start()
    await #expect(throws: MeshError.self) { try await node.start() }
    await node.shutdown()
    await node.shutdown()
    await #expect(throws: MeshError.shuttingDown) { try await node.ping(peer) }
    #expect(await node.openSocketCount == 0)
  }

  @Test func stoppedBeforeItStarted() async throws {
    let node = MeshNode(Configuration(identity: .ephemeral()), logger: quiet)
    await node.shutdown()
    await #expect(throws: MeshError.self) { try await node.start() }
  }

  @Test func aPortThatIsTaken() async throws {
    let first = try await makeNode()
    let taken = try #require(await first.info().listenAddresses.first)
    await #expect(throws: MeshError.cannotListen(taken, reason: "another process listens there")) {
      try await makeNode(listen: [taken.description])
    }
    await first.shutdown()
  }

  @Test func shutdownInTheMiddleOfEverything() async throws {
    let pair = try await Pair.connected { $0.serveBench = true }
    let bob = pair.bob.peerID
    await pair.bob.handle("/stuck/1") { stream in
      _ = try? await stream.write(ByteBuffer(repeating: 1, count: 8 << 20))
    }
    let stream = try await within { try await pair.ann.openStream(to: bob, protocols: ["/stuck/1"]) }
    let writing = Task { try await stream.write(ByteBuffer(repeating: 2, count: 8 << 20)) }
    let measuring = Task { try await pair.ann.perf(bob, upload: 1 << 40, download: 0) }
    let dialling = Task {
      try await pair.ann.connect(to: try Multiaddr("/ip4/127.0.0.1/tcp/1/p2p/\(Identity.ephemeral().peerID)"))
    }
    try await eventually { await pair.ann.waitingWriters == 1 }
    let started = ContinuousClock.now
    try await within { await pair.ann.shutdown() }
    #expect(ContinuousClock.now - started < .seconds(10))
    await #expect(throws: MeshError.self) { try await within { try await writing.value } }
    await #expect(throws: MeshError.self) { try await within { try await measuring.value } }
    await #expect(throws: MeshError.self) { try await within { try await dialling.value } }
    #expect(await pair.ann.openSocketCount == 0)
    try await eventually { await pair.bob.connections().isEmpty }
    try await within { await pair.bob.shutdown() }
  }

  @Test func fiveHundredConnectionsOpenedAndClosedLeaveNoSocket() async throws {
    let pair = Pair(ann: try await makeNode(), bob: try await makeNode())
    let address = try await pair.bob.address
    for _ in 0..<500 {
      _ = try await within { try await pair.ann.connect(to: address) }
      try await pair.ann.disconnect(pair.bob.peerID)
    }
    // Only the listeners are left.
    try await eventually { await pair.ann.openSocketCount == 1 }
    try await eventually { await pair.bob.openSocketCount == 1 }
    let ports = try await [pair.ann, pair.bob].asyncMap {
      try #require(await $0.info().listenAddresses.first?.port)
    }
    try await eventually { TCPTable.connected(ports) == 0 }
    await pair.shutdown()
  }

  @Test func aCallersLoop() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    var configuration = Configuration(identity: .ephemeral())
    configuration.listen = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    let node = MeshNode(configuration, logger: quiet, eventLoop: loop)
    try await node.start()
    #expect(await node.isOnLoop(loop))
    await node.shutdown()
  }

  @Test func nodesThatAreDroppedLeaveNothing() async throws {
    let bob = try await makeNode()
    let address = try await bob.address
    for _ in 0..<20 {
      let ann = try await makeNode()
      _ = try await within { try await ann.connect(to: address) }
    }
    try await eventually { await bob.connections().isEmpty }
    try await eventually { await bob.openSocketCount == 1 }
    await bob.shutdown()
  }

  @Test func aCancelledConnectStopsWaiting() async throws {
    let ann = try await makeNode()
    // Takes connections and never says a word.
    let mute = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(mute.localAddress?.port)
    let address = try Multiaddr("/ip4/127.0.0.1/tcp/\(port)/p2p/\(Identity.ephemeral().peerID)")
    let dialling = Task { try await ann.connect(to: address) }
    dialling.cancel()
    await #expect(throws: CancellationError.self) { try await within { try await dialling.value } }
    try await within { await ann.shutdown() }
    try await mute.close()
  }
}

extension MeshNode {
  func isOnLoop(_ loop: any EventLoop) -> Bool { loop.inEventLoop }
}

extension Multiaddr {
  var port: Int? { description.split(separator: "/").last.flatMap { Int($0) } }
}

extension Array {
  func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
