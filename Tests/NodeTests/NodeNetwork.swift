import Chat
import Identity
import LocalDiscovery
import NIOCore
import Node
import SansIO
import Wire

private import DequeModule

/// Nodes joined by stream links in virtual time. What a shell would do with sockets happens here with a heap
/// of events; names are answered from a table.
final class NodeNetwork {
  private(set) var now = Instant.zero
  private(set) var hosts: [Host] = []
  var latency: Duration = .milliseconds(10)
  /// Answers of the name system; what is not here does not exist.
  var names: [Resolution: ResolutionAnswer] = [:]
  /// Addresses that swallow connection attempts without an answer.
  var blackHoles: Set<Multiaddr> = []
  /// When each dial left, for counting and order.
  private(set) var dials: [(at: Instant, to: Multiaddr)] = []
  private var events: [(at: Instant, order: Int, run: () -> Void)] = []
  private var order = 0

  /// One node and its sockets.
  final class Host {
    let index: Int
    let identity: KeyPair
    var node: Node
    var address: Multiaddr
    var isListening = true
    var events: [Node.Event] = []
    var answers: [RequestID: Node.Answer] = [:]
    var answeredAt: [RequestID: Instant] = [:]
    var answerCounts: [RequestID: Int] = [:]
    var streams: [StreamHandle: [UInt8]] = [:]
    var openedStreams: [StreamHandle] = []
    var finishedStreams: Set<StreamHandle> = []
    var closedStreams: Set<StreamHandle> = []
    var hasStopped = false
    var keyLog: [String] = []
    var kept = KeptMessages()
    /// Whether application bytes are given back at once.
    var consumes = true
    var resolutions: [Resolution] = []
    var isOnLink = false
    /// Crashed or cut off: nothing reaches it, nothing leaves it, its time stands still.
    fileprivate(set) var isFrozen = false
    fileprivate var sockets: [ConnectionID: Socket] = [:]
    fileprivate var cancelled: Set<DialID> = []

    var peerID: PeerID { identity.peerID }
    var accepts: Bool { isListening && !hasStopped && !isFrozen }
    /// The address with the peer's name at its end.
    var fullAddress: Multiaddr { (try? address.appending(peerID)) ?? address }

    fileprivate init(index: Int, identity: KeyPair, node: consuming Node, address: Multiaddr) {
      self.index = index
      self.identity = identity
      self.node = node
      self.address = address
    }
  }

  fileprivate final class Socket {
    let host: Host
    var id: ConnectionID?
    weak var other: Socket?
    init(host: Host) { self.host = host }
  }

  // MARK: Building

  @discardableResult
  func add(
    port: UInt16 = 4001, ip: IPAddress? = nil, _ configure: (inout Node.Configuration) -> Void = { _ in }
  ) -> Host {
    let index = hosts.count
    var configuration = Node.Configuration()
    configure(&configuration)
    let seed = [UInt8](repeating: UInt8(index + 1), count: 32)
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
  func on<Result, Failure: Error>(
    _ host: Host, _ body: (inout Node, Instant) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { carryOut(host) }
    return try body(&host.node, now)
  }

  /// Runs until nothing happens any more within `limit`; the clock ends there.
  func run(for limit: Duration) {
    let end = now + limit
    while let next = nextInstant, next <= end { step(to: next) }
    now = end
  }

  /// Runs until `isDone`; false when it did not come true within `limit`.
  func run(within limit: Duration, until isDone: () -> Bool) -> Bool {
    let end = now + limit
    while !isDone() {
      guard let next = nextInstant, next <= end else { return false }
      step(to: next)
    }
    return true
  }

  /// Cuts every connection of a host, as a crash does with a reset, or silently.
  func breakConnections(of host: Host, reason: String = "reset") {
    for id in host.sockets.keys.sorted() {
      guard let socket = host.sockets.removeValue(forKey: id) else { continue }
      if let other = socket.other { close(other, reason: reason) }
      host.node.transportClosed(id, reason: reason, at: now)
    }
    carryOut(host)
  }

  /// From now on nothing reaches a host and nothing leaves it, and nobody is told.
  func freeze(_ host: Host) { host.isFrozen = true }

  private var nextInstant: Instant? {
    var earliest = events.map(\.at).min()
    for host in hosts where !host.isFrozen {
      guard let deadline = host.node.deadline else { continue }
      earliest = min(earliest ?? deadline, deadline)
    }
    return earliest
  }

  private func step(to instant: Instant) {
    now = max(now, instant)
    let due = events.filter { $0.at <= now }.sorted { ($0.at, $0.order) < ($1.at, $1.order) }
    events.removeAll { $0.at <= now }
    for event in due { event.run() }
    for host in hosts where !host.isFrozen {
      guard let deadline = host.node.deadline, deadline <= now else { continue }
      host.node.advance(to: now)
      carryOut(host)
    }
  }

  private func after(_ delay: Duration, _ run: @escaping () -> Void) {
    order += 1
    events.append((now + delay, order, run))
  }

  // MARK: What a shell does

  private func carryOut(_ host: Host) {
    if host.isFrozen { return }
    while let output = host.node.nextOutput() {
      switch output {
      case .dial(let id, let address, _): dial(id, address, from: host)
      case .cancelDial(let id): host.cancelled.insert(id)
      case .resolve(let id, let resolution): resolve(id, resolution, for: host)
      case .flush(let id): flush(id, of: host)
      case .close(let id): closeSocket(id, of: host)
      case .answer(let request, let answer):
        host.answers[request] = answer
        host.answeredAt[request] = now
        host.answerCounts[request, default: 0] += 1
      case .event(let event): host.events.append(event)
      case .save(let id, let writes): save(id, writes, for: host)
      case .keyLog(let line): host.keyLog.append(line)
      case .streamOpened(let handle, _, _): host.openedStreams.append(handle)
      case .streamData(let handle, let bytes):
        host.streams[handle, default: []].append(contentsOf: bytes.readableBytesView)
        if host.consumes { host.node.consumed(bytes.readableBytes, on: handle, at: now) }
      case .streamFinished(let handle): host.finishedStreams.insert(handle)
      case .streamClosed(let handle, _): host.closedStreams.insert(handle)
      case .multicast(let packet, let link, _): multicast(packet, on: link, from: host)
      case .streamWritable: break
      case .stopped: host.hasStopped = true
      }
    }
  }

  /// Puts a host on the one link there is, where everybody hears everybody.
  func plugIn(_ host: Host) {
    guard let ip = host.address.host?.ip else { return }
    host.isOnLink = true
    let interface = Interface(
      id: InterfaceID(rawValue: 2), name: "lan0", addresses: [InterfaceAddress(ip, prefixBits: 16)])
    on(host) { node, now in
      node.discoverLocally(listeningOn: [host.address], at: now)
      node.interfacesChanged([interface], at: now)
    }
  }

  private func multicast(_ packet: ByteBuffer, on link: Link, from host: Host) {
    guard let ip = host.address.host?.ip else { return }
    for other in hosts where other !== host && other.isOnLink {
      after(.milliseconds(1)) { [self] in
        if other.isFrozen || !other.isOnLink { return }
        other.node.multicastReceived(
          packet, from: Endpoint(ip, port: LocalDiscovery.Machine.port), on: link, at: now)
        carryOut(other)
      }
    }
  }

  private func save(_ id: SaveID, _ writes: [Write], for host: Host) {
    let outcomes = host.kept.apply(writes)
    after(.microseconds(100)) { [self] in
      host.node.saved(id, outcomes, at: now)
      carryOut(host)
    }
  }

  private func dial(_ id: DialID, _ address: Multiaddr, from host: Host) {
    dials.append((now, address))
    if blackHoles.contains(address) { return }
    after(latency * 2) { [self] in
      guard !host.cancelled.contains(id) else { return }
      guard let target = hosts.first(where: { $0.address == address && $0.accepts })
      else {
        host.node.dialFailed(id, reason: "connection refused", at: now)
        return carryOut(host)
      }
      let (near, far) = (Socket(host: host), Socket(host: target))
      near.other = far
      far.other = near
      guard let accepted = target.node.accepted(local: address, remote: host.address, at: now) else {
        host.node.dialFailed(id, reason: "reset", at: now)
        return carryOut(host)
      }
      far.id = accepted
      target.sockets[accepted] = far
      if let connected = host.node.dialed(id, local: host.address, remote: address, at: now) {
        near.id = connected
        host.sockets[connected] = near
      } else {
        close(far, reason: "closed by the peer")
      }
      carryOut(target)
      carryOut(host)
    }
  }

  private func resolve(_ id: ResolutionID, _ resolution: Resolution, for host: Host) {
    host.resolutions.append(resolution)
    let answer = names[resolution] ?? .failed("no such name")
    after(latency) { [self] in
      host.node.resolved(id, answer, at: now)
      carryOut(host)
    }
  }

  private func flush(_ id: ConnectionID, of host: Host) {
    guard let socket = host.sockets[id] else { return }
    while true {
      var wire = ByteBuffer()
      guard host.node.drainOutbound(id, into: &wire, maxBytes: 64 * 1024, at: now) else { return }
      after(latency) { [self] in
        guard let far = socket.other, let id = far.id, far.host.sockets[id] === far, !far.host.isFrozen
        else { return }
        // A copy of its own: nodes decrypt in place.
        far.host.node.receive(ByteBuffer(bytes: Array(wire.readableBytesView)), on: id, at: now)
        carryOut(far.host)
      }
    }
  }

  private func closeSocket(_ id: ConnectionID, of host: Host) {
    flush(id, of: host)
    guard let socket = host.sockets.removeValue(forKey: id) else { return }
    after(.zero) { [self] in
      host.node.transportClosed(id, reason: "closed", at: now)
      carryOut(host)
    }
    after(latency) { [self] in
      if let far = socket.other { close(far, reason: "closed by the peer") }
    }
  }

  private func close(_ socket: Socket, reason: String) {
    after(.zero) { [self] in
      guard let id = socket.id, socket.host.sockets.removeValue(forKey: id) != nil else { return }
      socket.host.node.transportClosed(id, reason: reason, at: now)
      carryOut(socket.host)
    }
  }
}

// MARK: What happened

extension NodeNetwork.Host {
  func failure(_ request: RequestID) -> NodeError? {
    if case .failed(let error) = answers[request] { error } else { nil }
  }

  func connected(_ request: RequestID) -> ConnectionSummary? {
    if case .connected(let summary) = answers[request] { summary } else { nil }
  }

  func stream(_ request: RequestID) -> StreamHandle? {
    if case .streamOpened(let handle, _) = answers[request] { handle } else { nil }
  }

  var opened: [ConnectionSummary] {
    events.compactMap { if case .connectionOpened(let summary) = $0 { summary } else { nil } }
  }

  var closedReasons: [String] {
    events.compactMap { if case .connectionClosed(_, let reason) = $0 { reason } else { nil } }
  }

  var identified: [PeerSummary] {
    events.compactMap { if case .identified(let summary) = $0 { summary } else { nil } }
  }
}

/// What a store would keep: enough to say what is new.
struct KeptMessages {
  private(set) var messages: [MessageKey: Message] = [:]

  mutating func apply(_ writes: [Write]) -> [Outcome] {
    writes.map { write in
      switch write {
      case .insert(let message):
        guard messages[message.key] == nil else { return .duplicate }
        messages[message.key] = message
        return .inserted
      case .state(let key, let state): messages[key]?.state = state
      case .read, .author, .peer, .room: break
      }
      return .done
    }
  }
}
