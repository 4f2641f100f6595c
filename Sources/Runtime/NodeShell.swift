package import AutoNAT
import Chat
package import CircuitRelay
package import Identity
package import Logging
package import NIOCore
package import Node
import SansIO
package import Store
package import Wire

/// A node on an event loop, with real sockets.
///
/// Every method is called on the loop, and the loop is the only thread that ever touches the shell; there are
/// no locks. Drive it with ``start(listen:)``, commands (``request(_:answer:)`` and those in
/// `NodeShell+Commands`) and ``shutdown()``; ``client`` receives what the node has for the application.
package final class NodeShell {
  package let loop: any EventLoop
  package let logger: Logger
  package private(set) weak var client: (any NodeShellClient)?
  package internal(set) var counters = ShellCounters()

  let configuration: Configuration
  var node: Node
  /// Nil for a node that keeps nothing.
  package let keeper: Keeper?
  let resolver: Resolver
  var keyLog: KeyLogFile?

  var connections: [ConnectionID: ConnectionHandler] = [:]
  var listeners: [Listener] = []
  /// Nil unless the node looks for peers on the local network.
  var multicast: MulticastSockets?
  let networkWatch = InterfaceWatch()
  /// A look at the machine's addresses that is due.
  var networkLook: Scheduled<Void>?
  var localAddresses: Set<IPAddress> = []
  /// What both clocks showed when the node's time last moved.
  var lastClocks: (wallMs: Int64, now: Instant)?
  var dials: [DialID: Dial] = [:]
  var requests: [RequestID: (Node.Answer) -> Void] = [:]

  /// Connections with something to send, in the order they said so; drained at the end of the turn.
  var unsent: [ConnectionHandler] = []
  /// The buffer every connection is drained through: NIO lets go of it when the socket takes all of it at
  /// once, which is the rule, and then it is filled again without an allocation.
  var wire = ByteBuffer()
  var timer = DeadlineTimer()
  var isInTurn = false
  /// Sockets of any kind that are not closed yet.
  package internal(set) var openSockets = 0
  var phase = Phase.idle
  /// From opening the store, before there was anybody to tell.
  private var storeProblems: [Problem]

  enum Phase {
    case idle, running
    /// Leaving; the promise is kept when every socket is closed.
    case stopping(EventLoopPromise<Void>, nodeStopped: Bool)
    case stopped
  }

  /// Must be called on `loop`, or before anything else can reach the shell. The store is the shell's from now
  /// on.
  package init(
    loop: any EventLoop, identity: KeyPair, node nodeConfiguration: Node.Configuration, entropy: [UInt8],
    store: Store? = nil, configuration: Configuration = Configuration(), logger: Logger
  ) {
    self.loop = loop
    self.logger = logger
    self.configuration = configuration
    resolver = Resolver(loop: loop, configuration: configuration.names)
    keeper = store.map { Keeper($0, loop: loop) }
    storeProblems = store?.problems ?? []
    node = Node(
      identity: identity, configuration: nodeConfiguration, entropy: entropy, wallClockMs: WallClock.nowMs,
      snapshot: store?.load() ?? Snapshot(), now: .now)
  }

  // MARK: Inputs

  /// Opens the key log and the listeners, and gives the addresses they are reached at.
  ///
  /// Fails with a ``ListenError``, and then nothing is left open. An address family this machine does not
  /// have is a warning, not a failure, as long as another listener works.
  package func start(listen addresses: [Multiaddr], client: any NodeShellClient) -> EventLoopFuture<
    [Multiaddr]
  > {
    loop.preconditionInEventLoop()
    guard case .idle = phase else { preconditionFailure("start of a shell that is \(phase)") }
    self.client = client
    phase = .running
    openKeyLog()
    for problem in storeProblems { tell(problem) }
    storeProblems = []
    return openListeners(addresses).assumeIsolated().map { addresses in
      self.startNetworkWatch()
      self.startDiscovery()
      self.finishTurn()
      return addresses
    }.nonisolated()
  }

  /// Leaves cleanly: stops listening, lets the node say goodbye, closes every socket. Kept when all are
  /// closed.
  package func shutdown() -> EventLoopFuture<Void> {
    loop.preconditionInEventLoop()
    switch phase {
    case .stopping(let promise, _): return promise.futureResult
    case .stopped: return loop.makeSucceededVoidFuture()
    case .idle, .running: break
    }
    let promise = loop.makePromise(of: Void.self)
    phase = .stopping(promise, nodeStopped: false)
    stopNetworkWatch()
    closeListeners()
    turn { node, now in node.shutdown(at: now) }
    stopDiscovery()
    finishIfStopped()
    return promise.futureResult
  }

  /// Drops everything at once, with no goodbye. For an owner that goes away.
  package func abandon() {
    loop.preconditionInEventLoop()
    switch phase {
    case .stopped: return
    case .stopping(let promise, _): promise.succeed()
    case .idle, .running: break
    }
    phase = .stopped
    client = nil
    requests.removeAll()
    timer.cancel()
    keyLog = nil
    keeper?.close()
    stopNetworkWatch()
    stopDiscovery()
    closeListeners()
    for dial in dials.values { dial.channel?.close(promise: nil) }
    dials.removeAll()
    for handler in connections.values { handler.close() }
    connections.removeAll()
  }

  // MARK: Queries

  package var peers: [PeerSummary] { node.peers }
  package var connectionSummaries: [ConnectionSummary] { node.connections }
  package var listenAddresses: [Multiaddr] { node.listenAddresses }
  package var observedAddresses: [Multiaddr] { node.observedAddresses }
  package var protocols: [ProtocolName] { node.protocols }
  package var relays: [RelaySummary] { node.relays }
  package var relaying: RelayingSummary? { node.relaying }
  package var reachability: (AutoNAT.Reachability, [Multiaddr]) { node.reachability }
  package var nat: NATDiagnosis { node.nat }
  package var nodeCounters: Node.Counters { node.counters }

  // MARK: The end

  func nodeStopped() {
    guard case .stopping(let promise, _) = phase else {
      preconditionFailure("the node stopped while the shell is \(phase)")
    }
    phase = .stopping(promise, nodeStopped: true)
  }

  func socketClosed() {
    openSockets -= 1
    finishIfStopped()
  }

  func finishIfStopped() {
    guard case .stopping(let promise, nodeStopped: true) = phase, openSockets == 0,
      keeper?.pending ?? 0 == 0
    else { return }
    phase = .stopped
    timer.cancel()
    keyLog = nil
    keeper?.close()
    promise.succeed()
  }

  func save(_ id: SaveID, _ writes: [Write]) {
    guard let keeper else { preconditionFailure("a messenger without a store") }
    keeper.save(writes, problem: { self.tell($0) }) { outcomes in
      if case .stopped = self.phase { return }
      self.turn { node, now in node.saved(id, outcomes, at: now) }
      self.finishIfStopped()
    }
  }

  private func tell(_ problem: Problem) { warn("history: \(problem.text)", problem.remedy) }

  func warn(_ text: String, _ detail: String) {
    client?.happened(.warning(text, detail: detail))
  }
}
