package import Identity
package import Node
package import SansIO
package import Wire

private import HeapModule

/// Nodes joined by stream links in virtual time. What a shell would do with sockets happens here with a heap
/// of events; names are answered from a table.
package final class NodeNetwork {
  package private(set) var now = Instant.zero
  package private(set) var hosts: [Host] = []
  package var latency: Duration = .milliseconds(10)
  /// How long a shell waits for an answer to an attempt.
  package var dialPatience: Duration = .seconds(10)
  /// Answers of the name system; what is not here does not exist.
  package var names: [Resolution: ResolutionAnswer] = [:]
  /// Addresses that swallow connection attempts without an answer.
  package var blackHoles: Set<Multiaddr> = []
  /// When each dial left, for counting and order.
  package internal(set) var dials: [(at: Instant, to: Multiaddr)] = []
  /// Hosts that cannot reach each other, by their places.
  var cuts: Set<[Int]> = []
  private let seed: UInt8
  private var events = Heap<Event>()
  private var order = 0

  /// One node and its sockets.
  package final class Host {
    package let index: Int
    package let identity: KeyPair
    package let node: Node
    package var address: Multiaddr
    package var isListening = true
    package var events: [Node.Event] = []
    package var answers: [RequestID: Node.Answer] = [:]
    package var answeredAt: [RequestID: Instant] = [:]
    package var answerCounts: [RequestID: Int] = [:]
    package var streams: [StreamHandle: [UInt8]] = [:]
    package var openedStreams: [StreamHandle] = []
    package var finishedStreams: Set<StreamHandle> = []
    package var closedStreams: Set<StreamHandle> = []
    package var hasStopped = false
    package var keyLog: [String] = []
    package var kept = KeptMessages()
    /// Whether application bytes are given back at once.
    package var consumes = true
    package var resolutions: [Resolution] = []
    package var isOnLink = false
    /// What stands before it.
    package var router: Router?
    package internal(set) var dialled: [(address: Multiaddr, source: DialSource)] = []
    /// Where it says it sees everybody: a liar's word.
    package var plants: Multiaddr?
    /// Dials from the listening port whose first packet has left.
    var pending: [Multiaddr: DialID] = [:]
    /// Crashed or cut off: nothing reaches it, nothing leaves it, its time stands still.
    package internal(set) var isFrozen = false
    var sockets: [ConnectionID: Socket] = [:]
    var cancelled: Set<DialID> = []

    package var peerID: PeerID { identity.peerID }
    package var accepts: Bool { isListening && !hasStopped && !isFrozen }
    /// The address with the peer's name at its end.
    package var fullAddress: Multiaddr { (try? address.appending(peerID)) ?? address }

    init(index: Int, identity: KeyPair, node: Node, address: Multiaddr) {
      self.index = index
      self.identity = identity
      self.node = node
      self.address = address
    }
  }

  /// A router that maps every connection from one port to one public port, and lets in only whom its side has
  /// sent something. A symmetric one maps to another port for each, and drops.
  package enum Router: Sendable {
    case drops, rejects, symmetric
  }

  final class Socket {
    let host: Host
    var id: ConnectionID?
    weak var other: Socket?
    /// On its way to it and held up by a partition, in order.
    var heldUp: [() -> Void] = []
    init(host: Host) { self.host = host }
  }

  /// Something that happens later; what is due at once happens in the order it was meant.
  private struct Event: Comparable {
    let at: Instant
    let order: Int
    let run: () -> Void

    static func < (a: Event, b: Event) -> Bool { (a.at, a.order) < (b.at, b.order) }
    static func == (a: Event, b: Event) -> Bool { a.order == b.order }
  }

  /// The seed is of the nodes' identities and draws.
  package init(seed: UInt8 = 0) { self.seed = seed }

  // MARK: Building

  @discardableResult
  package func add(
    port: UInt16 = 4001, ip: IPAddress? = nil, _ configure: (inout Node.Configuration) -> Void = { _ in }
  ) -> Host {
    let index = hosts.count
    var configuration = Node.Configuration()
    configure(&configuration)
    let seed = [self.seed] + [UInt8](repeating: UInt8(index + 1), count: 31)
    guard let identity = try? KeyPair(seed: seed) else { preconditionFailure("32 bytes are a seed") }
    let address = Multiaddr.tcp(ip ?? .v4(IPv4Address(rawValue: 0x2D0A_0001 + UInt32(index))), port: port)
    let node = Node(
      identity: identity, configuration: configuration, entropy: seed, wallClockMs: 1, now: now)
    let host = Host(index: index, identity: identity, node: node, address: address)
    hosts.append(host)
    host.node.listening(on: address, at: now)
    carryOut(host)
    return host
  }

  // MARK: Running

  /// Performs commands on a host now, and what follows from them.
  package func on<Result, Failure: Error>(
    _ host: Host, _ body: (Node, Instant) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { carryOut(host) }
    return try body(host.node, now)
  }

  /// Runs until nothing happens any more within `limit`; the clock ends there.
  package func run(for limit: Duration) {
    let end = now + limit
    while let next = nextInstant, next <= end { step(to: next) }
    now = end
  }

  /// Runs until `isDone`; false when it did not come true within `limit`.
  package func run(within limit: Duration, until isDone: () -> Bool) -> Bool {
    let end = now + limit
    while !isDone() {
      guard let next = nextInstant, next <= end else { return false }
      step(to: next)
    }
    return true
  }

  /// Cuts every connection of a host, as a crash does with a reset, or silently.
  package func breakConnections(of host: Host, reason: String = "reset") {
    for id in host.sockets.keys.sorted() {
      guard let socket = host.sockets.removeValue(forKey: id) else { continue }
      if let other = socket.other { close(other, reason: reason) }
      host.node.transportClosed(id, reason: reason, at: now)
    }
    carryOut(host)
  }

  /// What a host's connections had at their other ends hears nothing more of them, and nobody is told.
  package func vanish(_ host: Host) {
    for socket in host.sockets.values { socket.other?.other = nil }
    for socket in host.sockets.values { socket.other = nil }
  }

  /// From now on nothing reaches a host and nothing leaves it, and nobody is told.
  package func freeze(_ host: Host) { host.isFrozen = true }

  private var nextInstant: Instant? {
    var earliest = events.min?.at
    for host in hosts where !host.isFrozen {
      guard let deadline = host.node.deadline else { continue }
      earliest = min(earliest ?? deadline, deadline)
    }
    return earliest
  }

  private func step(to instant: Instant) {
    now = max(now, instant)
    while let event = events.min, event.at <= now {
      events.removeMin()
      event.run()
    }
    for host in hosts where !host.isFrozen {
      guard let deadline = host.node.deadline, deadline <= now else { continue }
      host.node.advance(to: now)
      carryOut(host)
    }
  }

  func after(_ delay: Duration, _ run: @escaping () -> Void) {
    order += 1
    events.insert(Event(at: now + delay, order: order, run: run))
  }
}
