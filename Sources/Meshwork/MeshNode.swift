import Identity
public import Logging
public import NIOCore
import NIOPosix
package import Node
package import Runtime
import SansIO
import Store
import Wire

/// A libp2p node.
///
/// Make one, ``start()`` it, use it, ``shutdown()``. The actor's executor is the node's one event loop: a
/// call is a hop to that loop and nothing else, there are no locks. What happens to the node is told by
/// ``events(after:)``.
public actor MeshNode {
  /// Who this node is.
  public nonisolated let peerID: PeerID
  /// What it was made with.
  public nonisolated let configuration: Configuration

  /// Where it lives. What is on the same loop can be told of events without a hop: ``observe(_:)``.
  public nonisolated let loop: any EventLoop
  private nonisolated let executor: any SerialExecutor
  /// Nil on a loop of the caller's.
  private nonisolated let ownGroup: MultiThreadedEventLoopGroup?

  // Unsafe, because the compiler cannot see it: only the loop touches them, during the actor's life and after
  // it.
  private nonisolated(unsafe) let belongings: (shell: NodeShell, switchboard: Switchboard)
  package var shell: NodeShell { belongings.shell }
  var switchboard: Switchboard { belongings.switchboard }
  private let logger: Logger
  private let born = Instant.now
  private var phase = Phase.made

  enum Phase {
    case made, running, stopping, stopped
  }

  /// Throws unless commands may be given.
  func checkRunning() throws {
    switch phase {
    case .made: throw MeshError.notStarted
    case .running: break
    case .stopping, .stopped: throw MeshError.shuttingDown
    }
  }

  /// The event loop.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// A node that does nothing yet.
  ///
  /// - Parameters:
  /// - configuration: What it is told at its start.
  /// - logger: For people; nothing is only logged, everything is an event too.
  /// - eventLoop: A loop of a `MultiThreadedEventLoopGroup`, to share with other work. It must outlive the
  ///   node.
  /// By default the node has a loop and a thread of its own.
  public init(
    _ configuration: Configuration, logger: Logger = Logger(label: "meshwork"),
    eventLoop: (any EventLoop)? = nil
  ) {
    self.init(configuration, core: configuration.core, logger: logger, eventLoop: eventLoop)
  }

  /// A node whose core is told more than users can tell it: how tests make one that breaks a rule.
  package init(
    _ configuration: Configuration, core: Node.Configuration, logger: Logger,
    eventLoop: (any EventLoop)? = nil
  ) {
    let group = eventLoop == nil ? MultiThreadedEventLoopGroup(numberOfThreads: 1) : nil
    guard let loop = eventLoop ?? group?.next() else { preconditionFailure("a group has a loop") }
    precondition(
      loop is any NIOSerialEventLoopExecutor, "\(loop) cannot run an actor; use an NIOPosix event loop")
    self.loop = loop
    ownGroup = group
    executor = loop.executor
    peerID = configuration.identity.peerID
    self.configuration = configuration
    self.logger = logger
    var system = SystemRandomNumberGenerator()
    let shell = NodeShell(
      loop: loop, identity: configuration.identity.keyPair, node: core,
      entropy: system.bytes(32), store: configuration.messenger.map { Store(at: $0.location) },
      configuration: configuration.shell, logger: logger)
    belongings = (shell, Switchboard(shell: shell, logger: logger))
  }

  // Not `isolated`: Swift 6.3 cannot optimise a program that uses a module with such a deinit ("circular
  // reference").
  deinit {
    // Unsafe for the reason given at the property.
    nonisolated(unsafe) let belongings = belongings
    let group = ownGroup
    loop.execute {
      belongings.shell.abandon()
      belongings.switchboard.close()
      group?.shutdownGracefully { _ in }
    }
  }

  // MARK: Life

  /// Listens, and returns once it does; the event ``Event/Payload/ready(peerID:listenAddresses:)`` follows.
  ///
  /// Throws ``MeshError/cannotListen(_:reason:)``, and then the node has stopped. An address family that this
  /// machine does not have is a warning, as long as another listener works.
  public func start() async throws {
    guard case .made = phase else { throw MeshError.shuttingDown }
    phase = .running
    switchboard.node = self
    warnOfConfiguration()
    let addresses: [Multiaddr]
    do {
      addresses = try await shell.start(listen: configuration.listen, client: switchboard).get()
    } catch let error as ListenError {
      await shutdown()
      throw MeshError.cannotListen(error.address, reason: error.reason)
    }
    logger.info("ready as \(peerID)")
    switchboard.record(.ready(peerID: peerID, listenAddresses: addresses))
  }

  /// Leaves: tells peers, closes every connection, answers everything that still waits, and returns when all
  /// sockets are closed. Takes at most a few seconds, whatever peers do. May be called more than once.
  public func shutdown() async {
    switch phase {
    case .stopped: return
    case .made, .running, .stopping: phase = .stopping
    }
    // The future is only ever kept.
    try? await shell.shutdown().get()
    phase = .stopped
    switchboard.close()
  }

  private func warnOfConfiguration() {
    for warning in configuration.identity.warnings {
      switchboard.happened(.warning("the identity file", detail: warning))
    }
    for relay in configuration.relays where relay.peerID == nil {
      switchboard.happened(
        .warning("the relay \(relay) is not used", detail: "its address must end in /p2p/ and its PeerID"))
    }
  }

  // MARK: Queries

  /// What the node says of itself.
  public func info() -> NodeInfo {
    NodeInfo(
      peerID: peerID, agent: configuration.agent, name: configuration.name,
      listenAddresses: shell.listenAddresses, announceAddresses: configuration.announce,
      observedAddresses: shell.observedAddresses,
      reachability: NodeInfo.Reachability(shell.reachability.0), nat: NATInfo(shell.nat),
      relays: shell.relays.map(RelayInfo.init),
      protocols: shell.protocols.map(\.rawValue), uptime: .now - born)
  }

  /// What it carries for others; nil for a node that is no relay.
  public func relaying() -> RelayingInfo? { shell.relaying.map(RelayingInfo.init) }

  /// Everybody the node is connected with, and those it remembers.
  public func peers() -> [PeerInfo] { shell.peers.map(PeerInfo.init) }

  /// The connections there are.
  public func connections() -> [ConnectionInfo] { shell.connectionSummaries.map(ConnectionInfo.init) }

  // MARK: Events

  /// The events after number `sequence`; without one, those from now on.
  public func events(after sequence: UInt64? = nil) -> EventSequence {
    EventSequence(node: self, start: sequence ?? switchboard.lastEvent)
  }

  /// Has every event from the oldest kept on told, and nil after the last. `observer` is called on ``loop``,
  /// at the very moment; it must not block, and the node is in the middle of its work.
  public func observe(_ observer: @escaping @Sendable (Event?) -> Void) {
    switchboard.observe(observer)
  }

  func event(after sequence: UInt64) async -> Event? {
    while !Task.isCancelled {
      if let event = switchboard.event(after: sequence) { return event }
      if case .stopped = phase { return nil }
      let ticket = switchboard.nextTicket()
      await withTaskCancellationHandler {
        await withCheckedContinuation { switchboard.watch(ticket, $0) }
      } onCancel: {
        onLoop { $0.switchboard.cancelWatch(ticket) }
      }
    }
    return nil
  }

  // MARK: The loop

  /// Runs something on the loop, after everything that is waiting there.
  nonisolated func onLoop(_ body: @escaping @Sendable (isolated MeshNode) -> Void) {
    loop.execute { self.assumeIsolated(body) }
  }

  /// Waits for the answer to a command. A task that is cancelled stops waiting; what it asked for may still
  /// happen.
  func answer(to command: (Node, Instant) -> RequestID) async throws -> Node.Answer {
    try checkRunning()
    let ticket = switchboard.nextTicket()
    let answer = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { switchboard.ask(command, ticket, $0) }
    } onCancel: {
      onLoop { $0.switchboard.cancel(ticket) }
    }
    if case .failed(let error) = answer { throw MeshError(error) }
    return answer
  }
}
