import Identity
import Logging
import NIOCore
import NIOPosix
import Node
import SansIO
import Testing
import Wire

@testable import Runtime

/// A shell on a loop, for tests that run elsewhere.
final class ShellOnLoop: @unchecked Sendable {
  private let shell: NodeShell
  private let client = WarningCollector()
  let peer: PeerID

  init(
    servesPerf: Bool = false, bootstrap: [Multiaddr] = [],
    _ configure: (inout NodeShell.Configuration) -> Void = { _ in }
  ) throws {
    var configuration = NodeShell.Configuration()
    configure(&configuration)
    var nodeConfiguration = Node.Configuration()
    nodeConfiguration.servesPerf = servesPerf
    nodeConfiguration.bootstrap = bootstrap
    var generator = SystemRandomNumberGenerator()
    let identity = try KeyPair(seed: generator.bytes(32))
    peer = identity.peerID
    shell = NodeShell(
      loop: testLoop, identity: identity, node: nodeConfiguration,
      entropy: generator.bytes(32), configuration: configuration,
      logger: Logger(label: "test"))
  }

  func on<Value: Sendable>(_ body: @escaping @Sendable (NodeShell) throws -> Value) async throws -> Value {
    try await testLoop.submit { try body(self.shell) }.get()
  }

  func start(_ listen: [Multiaddr]) async throws -> [Multiaddr] {
    try await testLoop.flatSubmit { self.shell.start(listen: listen, client: self.client) }.get()
  }

  func shutdown() async throws {
    try await testLoop.flatSubmit { self.shell.shutdown() }.get()
  }

  /// The answer to a command.
  func answer(
    _ command: @escaping @Sendable (Node, Instant) -> RequestID
  ) async throws -> Node.Answer {
    try await within {
      try await testLoop.flatSubmit {
        let promise = testLoop.makePromise(of: Node.Answer.self)
        self.shell.request(command, answer: { promise.succeed($0) })
        return promise.futureResult
      }.get()
    }
  }

  var warnings: [String] {
    get async throws { try await on { _ in self.client.warnings } }
  }
}

final class WarningCollector: NodeShellClient {
  private(set) var warnings: [String] = []

  func happened(_ event: Node.Event) {
    if case .warning(let text, let detail) = event { warnings.append("\(text): \(detail)") }
  }
  func streamOpened(_ stream: StreamHandle, peer: PeerID, protocolName: ProtocolName) {}
  func streamReceived(_ data: ByteBuffer, on stream: StreamHandle) {}
  func streamFinished(_ stream: StreamHandle) {}
  func streamClosed(_ stream: StreamHandle, resetCode: UInt32?) {}
  func streamWritable(_ stream: StreamHandle) {}
}

@Suite struct NodeShellTests {
  static func attempts(_ answer: Node.Answer) -> [String] {
    guard case .failed(.unreachable(let attempts)) = answer else { return ["\(answer)"] }
    return attempts.map(\.reason)
  }

  @Test func nobodyListensThere() async throws {
    let shell = try ShellOnLoop()
    _ = try await shell.start([])
    let nobody = try Multiaddr("/ip4/127.0.0.1/tcp/1")
    #expect(
      Self.attempts(try await shell.answer { $0.connect(to: nobody, at: $1) }) == ["connection refused"])
    let counters = try await shell.on(\.counters)
    #expect(counters.dials == 1 && counters.dialsFailed == 1)
    try await shell.shutdown()
  }

  @Test func whatIsDueAtTheStartWaitsForIt() async throws {
    let listener = try ShellOnLoop()
    let place = try await listener.start([try Multiaddr("/ip4/127.0.0.1/tcp/0")])[0]
    let shell = try ShellOnLoop(bootstrap: [try place.appending(listener.peer)])
    try await shell.on { $0.handle("/of/the/application/1") }
    try await testLoop.scheduleTask(in: .milliseconds(50)) {}.futureResult.get()
    #expect(try await shell.on(\.counters).dials == 0)
    _ = try await shell.start([])
    try await within(.seconds(10)) {
      while try await shell.on({ $0.connectionSummaries.isEmpty }) { await Task.yield() }
    }
    try await shell.shutdown()
    try await listener.shutdown()
  }

  @Test func somebodyWhoDoesNotAcceptTimesOut() async throws {
    let hole = try BlackHole()
    let shell = try ShellOnLoop { $0.dialTimeout = .milliseconds(100) }
    _ = try await shell.start([])
    let address = hole.address
    #expect(Self.attempts(try await shell.answer { $0.connect(to: address, at: $1) }) == ["timed out"])
    try await shell.shutdown()
  }

  @Test func shutdownCancelsDials() async throws {
    let hole = try BlackHole()
    let shell = try ShellOnLoop()
    _ = try await shell.start([])
    let address = hole.address
    async let answer = shell.answer { $0.connect(to: address, at: $1) }
    while try await shell.on({ $0.dials.isEmpty }) { await Task.yield() }
    try await within { try await shell.shutdown() }
    guard case .failed = try await answer else {
      Issue.record("a black hole answered")
      return
    }
    #expect(try await shell.on(\.counters).dialsCancelled == 1)
  }

  @Test func twoListenersOfOneNodeAndTheirAddresses() async throws {
    let shell = try ShellOnLoop()
    let addresses = try await shell.start([
      try Multiaddr("/ip4/127.0.0.1/tcp/0"), try Multiaddr("/ip6/::1/tcp/0"),
    ])
    #expect(addresses.count == 2)
    #expect(addresses.allSatisfy { $0.tcpEndpoint?.port != 0 })
    #expect(try await shell.on(\.listenAddresses) == addresses)
    try await shell.shutdown()
    #expect(try await shell.on(\.listenAddresses).isEmpty)
  }

  @Test func aPortOfAnotherNodeIsRefused() async throws {
    let first = try ShellOnLoop()
    let second = try ShellOnLoop()
    let taken = try await first.start([try Multiaddr("/ip4/127.0.0.1/tcp/0")])
    let error = await #expect(throws: ListenError.self) { try await second.start(taken) }
    #expect(error?.reason == "another process listens there")
    try await first.shutdown()
    // Gone, it can be had again at once.
    let third = try ShellOnLoop()
    #expect(try await third.start(taken) == taken)
    try await third.shutdown()
    try await second.shutdown()
  }

  @Test(arguments: ["/ip4/127.0.0.1/udp/0", "/dns/localhost/tcp/0", "/ip4/203.0.113.77/tcp/0"])
  func listeningElsewhereIsRefused(_ text: String) async throws {
    let shell = try ShellOnLoop()
    let address = try Multiaddr(text)
    let error = await #expect(throws: ListenError.self) { try await shell.start([address]) }
    #expect(error?.address == address)
    try await shell.shutdown()
  }

  @Test func whoSaysNothingIsClosedByTheNodeAndNotForgottenByTheShell() async throws {
    let shell = try ShellOnLoop()
    let address = try #require(
      try await shell.start([try Multiaddr("/ip4/127.0.0.1/tcp/0")]).first?.socketAddress)
    let closed = testLoop.makePromise(of: Void.self)
    let client = try await ClientBootstrap(group: testLoop).connect(to: address).get()
    client.closeFuture.cascade(to: closed)
    // No protocol begins like this.
    try await client.writeAndFlush(ByteBuffer(repeating: 0xFF, count: 4096)).get()
    try await within { try await closed.futureResult.get() }
    while try await shell.on({ !$0.connections.isEmpty }) { await Task.yield() }
    let counters = try await shell.on(\.counters)
    #expect(counters.accepted == 1 && counters.connectionsClosed == 1 && counters.closesForced == 0)
    try await shell.shutdown()
  }

  @Test func aConnectionWithMuchToSendLeavesTurnsToOthers() async throws {
    let server = try ShellOnLoop(servesPerf: true)
    let listening = try await server.start([try Multiaddr("/ip4/127.0.0.1/tcp/0")])
    let client = try ShellOnLoop {
      $0.writeBytes = 16 * 1024
      $0.turnBytesMax = $0.writeBytes
    }
    _ = try await client.start([])
    guard case .connected(let found) = try await client.answer({ $0.connect(to: listening[0], at: $1) })
    else {
      Issue.record("no connection")
      return
    }
    let peer = found.peer
    _ = try await client.answer { $0.perf(peer, upload: 8 << 20, download: 0, at: $1) }
    let counters = try await client.on(\.counters)
    #expect(counters.writes > 128)
    #expect(counters.turns >= counters.writes)
    try await client.shutdown()
    try await server.shutdown()
  }

  @Test func aKeyLogThatCannotBeWrittenIsAWarning() async throws {
    let shell = try ShellOnLoop { $0.keyLogPath = "/nonexistent/keys" }
    _ = try await shell.start([])
    #expect(
      try await shell.warnings
        == ["session keys are not being written: /nonexistent/keys: No such file or directory"])
    try await shell.shutdown()
  }
}
