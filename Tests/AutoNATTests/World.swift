// Clients and servers joined by streams with a delay, in virtual time. How a driver hosts the two machines
// can be read here.

import AutoNAT
import Identity
import NIOCore
import SansIO
import Testing
import Wire

final class World {
  /// A node that asks and answers.
  final class Host {
    let number: Int
    let ip: String
    /// Whether its port is open to others.
    let isOpen: Bool
    /// Answers anything, whatever it found.
    let isLiar: Bool
    let versions: Set<Version>
    var isUp = true
    var client: Client
    var server: Server
    var states: [(at: Instant, state: Reachability)] = []

    init(_ number: Int, isOpen: Bool, isLiar: Bool, versions: Set<Version>, seed: UInt64) {
      self.number = number
      self.isOpen = isOpen
      self.isLiar = isLiar
      self.versions = versions
      ip = "\(60 + number).1.0.1"
      let generator = SeededGenerator(seed: seed).fork("host \(number)")
      client = Client(own: AutoNATTests.peer(number), generator: generator.fork("client"), now: .zero)
      server = Server(transports: [.ip4, .tcp], generator: generator.fork("server"), now: .zero)
    }

    var peer: PeerID { client.own }
    var address: Multiaddr { AutoNATTests.address("/ip4/\(ip)/tcp/4001") }
    var state: Reachability { states.last?.state ?? .unknown }
  }

  enum End: Hashable {
    case client(Int), server(Int)

    var host: Int {
      switch self {
      case .client(let host), .server(let host): host
      }
    }
  }

  private struct Link {
    let ends: [End]
    var finished: Set<End> = []
    /// When what was sent last arrives, so that nothing overtakes.
    var arrival = Instant.zero
    func other(than end: End) -> End { ends[0] == end ? ends[1] : ends[0] }
  }

  private(set) var now = Instant.zero
  private(set) var hosts: [Host] = []
  private(set) var trace: [String] = []
  private(set) var dialled: [(by: Int, address: Multiaddr, for: PeerID)] = []
  private var generator: SeededGenerator
  private let seed: UInt64
  private var links: [StreamHandle: Link] = [:]
  /// Who asks, and who is asked.
  private var connections: [ConnectionID: (client: Int, server: Int)] = [:]
  private var dialledConnections: [ConnectionID: (client: Int, server: Int)] = [:]
  private var actions: [(at: Instant, number: UInt64, run: () -> Void)] = []
  private var counter: UInt64 = 0

  init(seed: UInt64) {
    self.seed = seed
    generator = SeededGenerator(seed: seed).fork("world")
  }

  // MARK: Building

  @discardableResult
  func addHost(isOpen: Bool, isLiar: Bool = false, versions: Set<Version> = [.v1, .v2]) -> Host {
    let host = Host(hosts.count, isOpen: isOpen, isLiar: isLiar, versions: versions, seed: seed)
    host.server.ownAddressesChanged([host.address])
    hosts.append(host)
    return host
  }

  func connect(_ asker: Host, to server: Host) {
    guard server.isUp else { return }
    connections[nextConnection()] = (asker.number, server.number)
    asker.client.serverFound(server.peer, speaks: server.versions, at: server.address, now: now)
    pump(.client(asker.number))
  }

  func setCandidates(_ candidates: [Candidate], of host: Host) {
    host.client.candidatesChanged(candidates, at: now)
    pump(.client(host.number))
  }

  /// A host dies, and its connections with it.
  func kill(_ host: Host) {
    host.isUp = false
    let all = connections.merging(dialledConnections) { first, _ in first }
    for (id, pair) in all.sorted(by: { $0.key < $1.key })
    where [pair.client, pair.server].contains(host.number) {
      cut(id)
    }
  }

  private func cut(_ connection: ConnectionID) {
    let asked = connections.removeValue(forKey: connection)
    dialledConnections[connection] = nil
    for stream in links.keys.filter({ $0.connection == connection }).sorted() {
      guard let link = links.removeValue(forKey: stream) else { continue }
      for end in link.ends { ended(stream, at: end) }
    }
    if let asked, hosts[asked.client].isUp {
      hosts[asked.client].client.serverLost(hosts[asked.server].peer, at: now)
      pump(.client(asked.client))
    }
  }

  private func nextNumber() -> UInt64 {
    counter += 1
    return counter
  }
  private func nextConnection() -> ConnectionID { ConnectionID(rawValue: nextNumber()) }

  // MARK: Running

  func after(_ delay: Duration, _ run: @escaping () -> Void) {
    actions.append((now + delay, nextNumber(), run))
  }

  func run(for limit: Duration) {
    let end = now + limit
    while let next = nextInstant, next <= end {
      now = max(now, next)
      let due = actions.filter { $0.at <= now }.sorted { ($0.at, $0.number) < ($1.at, $1.number) }
      actions.removeAll { $0.at <= now }
      for action in due { action.run() }
      for host in hosts where host.isUp {
        if let deadline = host.client.deadline, deadline <= now { host.client.advance(to: now) }
        pump(.client(host.number))
        if let deadline = host.server.deadline, deadline <= now { host.server.advance(to: now) }
        pump(.server(host.number))
      }
    }
    now = end
  }

  private var nextInstant: Instant? {
    var all = actions.map(\.at)
    for host in hosts where host.isUp {
      all += [host.client.deadline, host.server.deadline].compactMap { $0 }
    }
    return all.min()
  }

  // MARK: What machines want

  private func pump(_ end: End) {
    let host = hosts[end.host]
    switch end {
    case .client: while host.isUp, let event = host.client.nextEvent() { handle(event, host) }
    case .server: while host.isUp, let event = host.server.nextEvent() { handle(event, host) }
    }
  }

  private func handle(_ event: Client.Event, _ host: Host) {
    let end = End.client(host.number)
    switch event {
    case .open(let open, let name, let peer):
      let found = connections.filter { $0.value.client == host.number && hosts[$0.value.server].peer == peer }
      guard let (connection, pair) = found.first else {
        return host.client.openFailed(open, isUnsupported: false, at: now)
      }
      let stream = link(connection, end, .server(pair.server))
      host.client.opened(open, as: stream, at: now)
      let version: Version = name == .autoNAT ? .v1 : .v2
      let remote = AutoNATTests.address("/ip4/\(host.ip)/tcp/\(50_000 + host.number)")
      deliver(stream, from: end) { [self] _ in
        hosts[pair.server].server.streamOpened(
          stream, version, by: host.peer, from: remote, isRelayed: false, at: now)
      }
    case .write(let bytes, let stream): send(bytes, on: stream, from: end)
    case .consumed: break
    case .finish(let stream): finish(stream, from: end)
    case .reset(let stream): reset(stream, from: end)
    case .addressChanged(let address, let state):
      trace.append("\(now.nanoseconds) \(host.number) \(address) \(state)")
    case .reachability(let state, let addresses):
      host.states.append((now, state))
      trace.append("\(now.nanoseconds) \(host.number) \(state) \(addresses)")
    }
  }

  private func handle(_ event: Server.Event, _ host: Host) {
    let end = End.server(host.number)
    switch event {
    case .dial(let key, let address, let peer):
      dialled.append((host.number, address, peer))
      trace.append("\(now.nanoseconds) \(host.number) dials \(address)")
      dial(key, address, peer, by: host)
    case .cancelDial: break
    case .open(let open, _, let connection):
      guard let pair = dialledConnections[connection] else { return host.server.openFailed(open, at: now) }
      let asker = hosts[pair.client]
      let stream = link(connection, end, .client(pair.client))
      host.server.opened(open, as: stream, at: now)
      deliver(stream, from: end) { [self] _ in
        asker.client.streamOpened(stream, local: asker.address, isInbound: true, at: now)
      }
    case .closeConnection(let connection):
      // What was sent before arrives before.
      after(.milliseconds(200)) { [self] in cut(connection) }
    case .write(let bytes, let stream): send(bytes, on: stream, from: end)
    case .consumed: break
    case .finish(let stream): finish(stream, from: end)
    case .reset(let stream): reset(stream, from: end)
    }
  }

  private func dial(_ key: DialKey, _ address: Multiaddr, _ peer: PeerID, by host: Host) {
    let target = hosts.first { $0.address == address }
    if let target, target.isUp, target.isOpen, target.peer == peer {
      after(.milliseconds(90)) { [self] in
        guard host.isUp else { return }
        let connection = nextConnection()
        dialledConnections[connection] = (target.number, host.number)
        host.server.dialed(key, on: connection, at: now)
        pump(.server(host.number))
      }
    } else if Bool.random(using: &generator) {
      after(.milliseconds(90)) { [self] in
        host.server.dialFailed(key, at: now)
        pump(.server(host.number))
      }
    }  // Else it goes into a black hole.
  }

  // MARK: Streams

  private func link(_ connection: ConnectionID, _ opener: End, _ acceptor: End) -> StreamHandle {
    let stream = StreamHandle(connection: connection, stream: UInt32(truncatingIfNeeded: nextNumber()))
    links[stream] = Link(ends: [opener, acceptor])
    return stream
  }

  private func deliver(_ stream: StreamHandle, from end: End, _ run: @escaping (End) -> Void) {
    guard var link = links[stream] else { return }
    let latency = Duration.milliseconds(Int64.random(in: 5...60, using: &generator))
    link.arrival = max(link.arrival, now + latency)
    links[stream] = link
    let other = link.other(than: end)
    after(link.arrival - now) { [self] in
      guard links[stream] != nil, hosts[other.host].isUp else { return }
      run(other)
      pump(other)
    }
  }

  private func send(_ bytes: ByteBuffer, on stream: StreamHandle, from end: End) {
    deliver(stream, from: end) { [self] other in
      if case .server(let number) = other, hosts[number].isLiar { return lie(on: stream, by: hosts[number]) }
      var bytes = bytes
      while bytes.readableBytes > 0 {
        let count = Int.random(in: 1...bytes.readableBytes, using: &generator)
        guard var piece = bytes.readSlice(length: count) else { return }
        switch other {
        case .client(let host): hosts[host].client.receive(&piece, from: stream, at: now)
        case .server(let host): hosts[host].server.receive(&piece, from: stream, at: now)
        }
      }
    }
  }

  private func finish(_ stream: StreamHandle, from end: End) {
    deliver(stream, from: end) { [self] other in
      switch other {
      case .client(let host): hosts[host].client.remoteFinished(stream, at: now)
      case .server(let host): hosts[host].server.remoteFinished(stream, at: now)
      }
      links[stream]?.finished.insert(end)
      guard links[stream]?.finished.count == 2, let link = links.removeValue(forKey: stream) else { return }
      for end in link.ends { ended(stream, at: end) }
    }
  }

  private func reset(_ stream: StreamHandle, from end: End) {
    guard let link = links.removeValue(forKey: stream) else { return }
    let other = link.other(than: end)
    after(.milliseconds(20)) { [self] in ended(stream, at: other) }
  }

  private func ended(_ stream: StreamHandle, at end: End) {
    let host = hosts[end.host]
    guard host.isUp else { return }
    switch end {
    case .client: host.client.streamEnded(stream, at: now)
    case .server: host.server.streamEnded(stream, at: now)
    }
    pump(end)
  }

  private func lie(on stream: StreamHandle, by liar: Host) {
    let answers: [ByteBuffer] = [
      V2Message.answer(0, .ok).encoded, V2Message.answer(0, .dialError).encoded,
      V2Message.answer(0, .dialBackError).encoded, V2Message.answer(5, .ok).encoded,
      V2Message.dialDataRequest(index: 0, bytes: 100_000).encoded,
      V2Message.dialDataRequest(index: 0, bytes: .max).encoded, V1Message.response(.ok, liar.address).encoded,
      V1Message.response(.dialError, nil).encoded, ByteBuffer(bytes: generator.bytes(30)), ByteBuffer(),
    ]
    let answer = answers[Int.random(in: answers.indices, using: &generator)]
    send(answer, on: stream, from: .server(liar.number))
  }
}
