// Relays and clients joined by streams with a delay and a window, in virtual time. How a driver hosts the two
// machines can be read here.

import CircuitRelay
import Identity
import NIOCore
import SansIO
import Testing
import Wire

final class World {
  static let windowBytes = 256 * 1024

  /// A node that is reached through relays.
  final class Host {
    let number: Int
    var client: Client
    /// Of each relay that is connected.
    var connections: [PeerID: ConnectionID] = [:]
    var circuits: [CircuitID: CircuitDescription] = [:]
    var streams: [CircuitID: StreamHandle] = [:]
    var received: [StreamHandle: ByteBuffer] = [:]
    var finished: Set<StreamHandle> = []
    var ended: Set<StreamHandle> = []
    var failures: [CircuitID: CircuitFailure] = [:]
    var endings: [CircuitID: CircuitEnding] = [:]
    var reservations: [(at: Instant, relay: PeerID, state: ReservationState)] = []
    var announced: [Multiaddr] = []
    var reads = true

    init(_ number: Int, client: Client) {
      self.number = number
      self.client = client
    }

    var peer: PeerID { client.own }
    func states(of relay: PeerID) -> [ReservationState] {
      reservations.filter { $0.relay == relay }.map(\.state)
    }
  }

  final class Station {
    let keys: KeyPair
    let address: Multiaddr
    var service: Service
    var isUp = true
    /// Takes connections and bytes, and says nothing.
    var isSilent = false
    var requests: [Instant] = []
    var drained = false

    init(_ keys: KeyPair, _ address: Multiaddr, _ service: Service) {
      self.keys = keys
      self.address = address
      self.service = service
    }
    var peer: PeerID { keys.peerID }
  }

  private struct Link {
    let host: Int
    let relay: PeerID
    var unreadByHost = 0
    var finishedByHost = false
    var finishedByRelay = false
  }

  private(set) var now = Instant.zero
  let latency: Duration
  var hosts: [Host] = []
  var relays: [PeerID: Station] = [:]
  private var links: [StreamHandle: Link] = [:]
  private var actions: [(at: Instant, number: UInt64, run: () -> Void)] = []
  private var counter: UInt64 = 0
  private var serviceConfiguration = ServiceConfiguration()
  /// What the clock of the relays is ahead of the clients'.
  var skewMs: Int64 = 0

  init(latency: Duration = .milliseconds(20), _ change: (inout ServiceConfiguration) -> Void = { _ in }) {
    self.latency = latency
    change(&serviceConfiguration)
  }

  func nowMs(skew: Int64 = 0) -> Int64 { epochMs + Int64((now - .zero).milliseconds) + skew }

  // MARK: Building

  @discardableResult
  func addRelay(_ number: Int) -> Station {
    let keys = keys(number)
    let place = address("/ip4/45.1.\(number / 250).\(number % 250 + 1)/tcp/4001")
    let station = Station(keys, place, service(keys, place))
    relays[keys.peerID] = station
    return station
  }

  private func service(_ keys: KeyPair, _ place: Multiaddr) -> Service {
    var service = Service(keyPair: keys, configuration: serviceConfiguration, now: now)
    service.announce([place])
    return service
  }

  @discardableResult
  func addHost(
    _ number: Int, at candidates: [Station] = [], _ change: (inout ClientConfiguration) -> Void = { _ in }
  ) -> Host {
    var configuration = ClientConfiguration()
    change(&configuration)
    let generator = SeededGenerator(seed: UInt64(number))
    let host = Host(
      number,
      client: Client(own: peer(number), configuration: configuration, generator: generator, now: now))
    hosts.append(host)
    for station in candidates {
      host.client.addCandidate(station.peer, at: [station.address], now: now)
    }
    pump(host)
    return host
  }

  // MARK: Running

  func after(_ delay: Duration, _ run: @escaping () -> Void) {
    counter += 1
    actions.append((now + delay, counter, run))
  }

  func run(for limit: Duration) {
    let end = now + limit
    while let next = nextInstant, next <= end {
      now = max(now, next)
      step()
    }
    now = end
  }

  private var nextInstant: Instant? {
    var first = actions.map(\.at).min()
    for host in hosts { if let due = host.client.deadline { first = min(first ?? due, due) } }
    for station in relays.values where station.isUp {
      if let due = station.service.deadline { first = min(first ?? due, due) }
    }
    return first
  }

  private func step() {
    let due = actions.filter { $0.at <= now }.sorted { ($0.at, $0.number) < ($1.at, $1.number) }
    actions.removeAll { $0.at <= now }
    for action in due { action.run() }
    for host in hosts {
      if let deadline = host.client.deadline, deadline <= now {
        host.client.advance(to: now)
        pump(host)
      }
    }
    for station in relays.values.sorted(by: { $0.peer < $1.peer }) where station.isUp {
      if let deadline = station.service.deadline, deadline <= now {
        station.service.advance(to: now)
        pump(station)
      }
    }
  }

  // MARK: Connections

  private func connect(_ host: Host, _ relay: PeerID) {
    guard let station = relays[relay], station.isUp else {
      host.client.connectFailed(relay, at: now)
      return pump(host)
    }
    if host.connections[relay] == nil {
      counter += 1
      let connection = ConnectionID(rawValue: counter)
      host.connections[relay] = connection
      station.service.peerConnected(
        host.peer, on: connection, local: station.address,
        remote: address("/ip4/\(60 + host.number / 250).\(host.number % 250).0.1/tcp/9"), isRelayed: false)
    }
    host.client.peerConnected(relay, at: station.address, now: now)
    pump(host)
  }

  /// The connection breaks, and both ends know at once.
  func disconnect(_ host: Host, _ relay: PeerID) {
    guard let connection = host.connections.removeValue(forKey: relay) else { return }
    for (stream, _) in links where stream.connection == connection {
      links[stream] = nil
      host.ended.insert(stream)
      host.client.streamEnded(stream, at: now)
    }
    host.client.peerDisconnected(relay, at: now)
    pump(host)
    guard let station = relays[relay], station.isUp else { return }
    station.service.peerDisconnected(connection, at: now)
    pump(station)
  }

  func kill(_ station: Station) {
    station.isUp = false
    for host in hosts { disconnect(host, station.peer) }
  }

  func restart(_ station: Station) {
    station.service = service(station.keys, station.address)
    station.isUp = true
    station.requests = []
  }

  // MARK: What clients want

  func pump(_ host: Host) {
    while let event = host.client.nextEvent() { handle(event, host) }
  }

  private func handle(_ event: Client.Event, _ host: Host) {
    switch event {
    case .connect(let relay, _): after(latency * 2) { [self] in connect(host, relay) }
    case .openHop(let open, let relay):
      guard let connection = host.connections[relay], let station = relays[relay] else {
        return host.client.openFailed(open, isUnsupported: false, at: now)
      }
      counter += 1
      let stream = StreamHandle(connection: connection, stream: UInt32(truncatingIfNeeded: counter))
      links[stream] = Link(host: host.number, relay: relay)
      host.client.opened(open, as: stream, at: now)
      atRelay(stream) { station in
        station.requests.append(self.now)
        station.service.streamOpened(stream, at: self.now)
      }
      _ = station
    case .write(let bytes, let stream): send(bytes, on: stream)
    case .consumed(let count, let stream): consumed(count, on: stream)
    case .finish(let stream): finish(stream)
    case .reset(let stream): reset(stream, by: host)
    case .reservation(let relay, let state): host.reservations.append((now, relay, state))
    case .addressesChanged(let addresses): host.announced = addresses
    case .circuitOpened(let circuit, let stream, let early):
      host.circuits[circuit.id] = circuit
      host.streams[circuit.id] = stream
      read(early, on: stream, host)
    case .circuitFailed(let id, let failure): host.failures[id] = failure
    case .circuitEnding(let id, let ending): host.endings[id] = ending
    }
  }

  /// A circuit's bytes, to whoever it leads to.
  private func read(_ bytes: ByteBuffer, on stream: StreamHandle, _ host: Host) {
    guard bytes.readableBytes > 0 else { return }
    host.received[stream, default: ByteBuffer()].writeImmutableBuffer(bytes)
    if host.reads { consumed(bytes.readableBytes, on: stream) }
    if let id = host.streams.first(where: { $0.value == stream })?.key {
      host.client.carried(id, sent: 0, received: bytes.readableBytes, at: now)
    }
  }

  // MARK: Streams, from clients to relays

  private func atRelay(_ stream: StreamHandle, _ run: @escaping (Station) -> Void) {
    guard let relay = links[stream]?.relay else { return }
    after(latency) { [self] in
      guard links[stream] != nil, let station = relays[relay], station.isUp, !station.isSilent else { return }
      run(station)
      pump(station)
    }
  }

  func send(_ bytes: ByteBuffer, on stream: StreamHandle) {
    atRelay(stream) { [self] station in
      var bytes = bytes
      station.service.receive(&bytes, from: stream, nowMs: nowMs(skew: skewMs), at: now)
    }
  }

  func finish(_ stream: StreamHandle) {
    atRelay(stream) { [self] station in
      links[stream]?.finishedByHost = true
      station.service.remoteFinished(stream, at: now)
      endIfDone(stream)
    }
  }

  func reset(_ stream: StreamHandle, by host: Host) {
    guard let relay = links.removeValue(forKey: stream)?.relay else { return }
    host.client.streamEnded(stream, at: now)
    after(latency) { [self] in
      guard let station = relays[relay], station.isUp else { return }
      station.service.streamEnded(stream, wasReset: true, at: now)
      pump(station)
    }
  }

  /// A client has read: the relay may write more.
  private func consumed(_ count: Int, on stream: StreamHandle) {
    atRelay(stream) { [self] station in
      links[stream]?.unreadByHost -= count
      station.service.streamWritable(stream)
    }
  }

  // MARK: What relays want

  private func host(of stream: StreamHandle) -> Host? {
    links[stream].flatMap { link in hosts.first { $0.number == link.host } }
  }

  func pump(_ station: Station) {
    while true {
      var isIdle = true
      while let event = station.service.nextEvent() {
        isIdle = false
        handle(event, station)
      }
      while let stream = station.service.nextStreamWithOutbound() {
        isIdle = false
        let room = Self.windowBytes - (links[stream]?.unreadByHost ?? 0)
        guard let chunk = station.service.nextChunk(for: stream, maxBytes: room, at: now) else { continue }
        links[stream]?.unreadByHost += chunk.readableBytes
        atHost(stream) { [self] host in
          var bytes = chunk
          if let id = host.streams.first(where: { $0.value == stream })?.key, host.circuits[id] != nil {
            read(bytes, on: stream, host)
          } else {
            host.client.receive(&bytes, from: stream, nowMs: nowMs(), at: now)
          }
        }
      }
      if isIdle { return }
    }
  }

  private func handle(_ event: Service.Event, _ station: Station) {
    switch event {
    case .openStop(let open, let connection):
      guard let host = hosts.first(where: { $0.connections[station.peer] == connection }) else {
        return station.service.openFailed(open, at: now)
      }
      counter += 1
      let stream = StreamHandle(connection: connection, stream: UInt32(truncatingIfNeeded: counter))
      links[stream] = Link(host: host.number, relay: station.peer)
      station.service.opened(open, as: stream, at: now)
      atHost(stream) { [self] host in host.client.streamOpened(stream, by: station.peer, at: now) }
    case .consumed: break
    case .finish(let stream):
      atHost(stream) { [self] host in
        links[stream]?.finishedByRelay = true
        host.finished.insert(stream)
        host.client.remoteFinished(stream, at: now)
        endIfDone(stream)
      }
    case .reset(let stream):
      let host = host(of: stream)
      station.service.streamEnded(stream, wasReset: true, at: now)
      after(latency) { [self] in
        guard links.removeValue(forKey: stream) != nil, let host else { return }
        host.ended.insert(stream)
        host.client.streamEnded(stream, at: now)
        pump(host)
      }
    case .release(let peer):
      guard let host = hosts.first(where: { $0.peer == peer }) else { return }
      after(latency) { [self] in disconnect(host, station.peer) }
    case .drained: station.drained = true
    case .reserved, .reservationEnded, .circuitOpened, .circuitClosed: break
    }
  }

  private func atHost(_ stream: StreamHandle, _ run: @escaping (Host) -> Void) {
    after(latency) { [self] in
      guard let host = host(of: stream) else { return }
      run(host)
      pump(host)
    }
  }

  private func endIfDone(_ stream: StreamHandle) {
    guard let link = links[stream], link.finishedByHost, link.finishedByRelay, let host = host(of: stream)
    else { return }
    links[stream] = nil
    host.ended.insert(stream)
    host.client.streamEnded(stream, at: now)
    relays[link.relay]?.service.streamEnded(stream, wasReset: false, at: now)
    pump(host)
  }
}
