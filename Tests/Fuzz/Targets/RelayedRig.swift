import CircuitRelay
import Identity
import NIOCore
import SansIO
import Wire

/// A whole client of relays that the run's bytes speak for: they answer anything, offer circuits of anybody,
/// cut streams and connections. Whatever they do, limits hold, and only what may be announced is.
struct RelayedRig {
  private static let relays = (11...14).map { FuzzTarget.relayPeer($0) }
  private static let peers = (1...3).map { FuzzTarget.relayPeer($0) }

  private var input: FuzzInput
  private var now = Instant.zero
  private var client: Client
  private var connected: Set<Int> = []
  private var streams: [(handle: StreamHandle, relay: Int)] = []
  private var ended: Set<StreamHandle> = []
  private var unused: [StreamHandle: Int] = [:]
  /// Streams that have become connections.
  private var circuits: [CircuitID: StreamHandle] = [:]
  private var opens: [(OpenID, relay: PeerID)] = []
  private var number: UInt32 = 0

  init(_ input: FuzzInput) {
    self.input = input
    var configuration = ClientConfiguration()
    configuration.candidatesMax = 6
    configuration.circuitsMax = 5
    configuration.circuitsPerPeerMax = 2
    configuration.streamsMax = 12
    client = Client(
      own: FuzzTarget.bob.peerID, configuration: configuration, generator: SeededGenerator(seed: 1), now: now)
    for relay in Self.relays { client.addCandidate(relay.peerID, at: [FuzzTarget.relayPlace], now: now) }
  }

  static var seeds: [FuzzTarget.Seed] {
    func say(_ stream: UInt8, _ frame: ByteBuffer) -> [UInt8] {
      let bytes = [UInt8](frame.readableBytesView)
      return [1, stream, UInt8(bytes.count & 0xFF)] + bytes.prefix(255)
    }
    let held: [UInt8] = [3, 1, 0, 0, 0, 1, 0, 2, 0, 3, 4, 0] + [8, 0, 0, 0]
    let offer = StopMessage.connect(from: peers[0].peerID, .unlimited).encoded
    return [
      .init("held", held), .init("offered", held + [5, 0] + say(1, offer) + [3, 9]),
      .init("dialled", held + [6, 1, 4, 0, 8, 1, 0, 0, 10, 200]), .init("time", held + [3, 255, 3, 255]),
    ]
  }

  mutating func run() {
    settle()
    while !input.isEmpty {
      step()
      settle()
      check()
    }
    for relay in Self.relays.indices { lose(relay) }
    for relay in Self.relays { client.removeCandidate(relay.peerID, at: now) }
    settle()
    expect(client.addresses.isEmpty, "nothing is announced without a reservation")
  }

  // MARK: Steps

  private mutating func step() {
    switch input.byte() % 12 {
    case 0: meet(Int(input.byte()) % Self.relays.count)
    case 1: receive(input.byte(), input.take(Int(input.byte())))
    case 2: lose(Int(input.byte()) % Self.relays.count)
    case 3:
      now += .milliseconds(Int64(input.byte()) * 1000)
      client.advance(to: now)
    case 4: answerOpen(input.byte())
    case 5: offer(Int(input.byte()) % Self.relays.count)
    case 6:
      let choice = Int(input.byte())
      _ = client.dial(
        Self.peers[choice % Self.peers.count].peerID, through: Self.relays[choice >> 4 & 3].peerID, at: now)
    case 7: if let stream = stream(input.byte()) { end(stream, wasRefused: input.byte() & 7 == 0) }
    case 8: say(input.byte(), input.byte(), input.byte())
    case 9: if let stream = stream(input.byte()) { client.remoteFinished(stream, at: now) }
    case 10:
      guard let id = circuits.keys.sorted().first else { return }
      client.carried(id, sent: Int(input.number()), received: Int(input.number()), at: now)
    default: client.networkChanged(at: now)
    }
  }

  private mutating func meet(_ relay: Int) {
    connected.insert(relay)
    client.peerConnected(Self.relays[relay].peerID, at: FuzzTarget.relayPlace, now: now)
  }

  private mutating func lose(_ relay: Int) {
    for (stream, at) in streams where at == relay && !ended.contains(stream) {
      end(stream, wasRefused: false)
    }
    connected.remove(relay)
    client.peerDisconnected(Self.relays[relay].peerID, at: now)
  }

  private mutating func newStream(_ relay: Int) -> StreamHandle {
    number += 1
    let stream = StreamHandle(connection: ConnectionID(rawValue: UInt64(relay)), stream: number)
    streams.append((stream, relay))
    return stream
  }

  private func stream(_ choice: UInt8) -> StreamHandle? {
    guard Int(choice) < streams.count, !ended.contains(streams[Int(choice)].handle) else { return nil }
    return streams[Int(choice)].handle
  }

  private mutating func answerOpen(_ choice: UInt8) {
    guard let (open, peer) = opens.popLast() else { return }
    let relay = Self.relays.firstIndex { $0.peerID == peer }
    if choice & 7 != 7, let relay {
      client.opened(open, as: newStream(relay), at: now)
    } else {
      client.openFailed(open, isUnsupported: choice & 8 == 0, at: now)
    }
  }

  private mutating func offer(_ relay: Int) {
    let stream = newStream(relay)
    client.streamOpened(stream, by: Self.relays[relay].peerID, at: now)
  }

  private mutating func receive(_ choice: UInt8, _ bytes: [UInt8]) {
    guard let stream = stream(choice), !circuits.values.contains(stream) else { return }
    unused[stream, default: 0] += bytes.count
    var buffer = ByteBuffer(bytes: bytes)
    client.receive(&buffer, from: stream, nowMs: 1_700_000_000_000, at: now)
    expect(buffer.readableBytes == 0, "all is taken")
  }

  /// Something well-formed, so that short inputs get far.
  private mutating func say(_ choice: UInt8, _ kind: UInt8, _ detail: UInt8) {
    guard Int(choice) < streams.count else { return }
    let relay = Self.relays[streams[Int(choice)].relay]
    let frame =
      switch kind & 3 {
      case 0: HopMessage.status(.ok, reservation(of: relay, detail), limit(detail)).encoded
      case 1: HopMessage.status(.ok, nil, limit(detail)).encoded
      case 2:
        StopMessage.connect(from: Self.peers[Int(detail) % Self.peers.count].peerID, limit(kind)).encoded
      default: HopMessage.status(.resourceLimitExceeded, nil, .unlimited).encoded
      }
    receive(choice, [UInt8](frame.readableBytesView) + [UInt8](repeating: 1, count: Int(kind >> 4)))
  }

  private func limit(_ detail: UInt8) -> Limit {
    detail & 1 == 0 ? .unlimited : Limit(duration: .seconds(Int64(detail)), bytes: UInt64(detail) * 100)
  }

  private func reservation(of relay: KeyPair, _ detail: UInt8) -> Reservation {
    let promise = Voucher(relay: relay.peerID, peer: FuzzTarget.bob.peerID, expiration: 7)
    let host = UInt32(detail) << 24 | 0x0102_0300 | UInt32(detail)
    return Reservation(
      expiration: UInt64(1_700_000_000 + Int64(detail) * 60),
      addresses: [.tcp(.v4(IPv4Address(rawValue: host)), port: 4001), FuzzTarget.relayPlace],
      voucher: detail & 3 == 0 ? promise.sealed(by: relay) : nil)
  }

  private mutating func end(_ stream: StreamHandle, wasRefused: Bool) {
    ended.insert(stream)
    unused[stream] = nil
    for (id, carrier) in circuits where carrier == stream { circuits[id] = nil }
    client.streamEnded(stream, wasRefused: wasRefused, at: now)
  }

  // MARK: What follows

  private mutating func settle() {
    while let event = client.nextEvent() { handle(event) }
  }

  private mutating func handle(_ event: Client.Event) {
    switch event {
    case .connect(let relay, _):
      guard let index = Self.relays.firstIndex(where: { $0.peerID == relay }) else {
        fatalError("violated: a relay is one that was named")
      }
      if input.decision() & 3 == 3 { client.connectFailed(relay, at: now) } else { meet(index) }
    case .openHop(let open, let relay): opens.append((open, relay))
    case .consumed(let count, let stream):
      guard !ended.contains(stream) else { return }
      let before = unused[stream] ?? 0
      expect(count <= before, "\(count) bytes are used of \(before)")
      unused[stream] = before - count
    case .reset(let stream): if !ended.contains(stream) { end(stream, wasRefused: false) }
    case .circuitOpened(let circuit, let stream, let early):
      expect(
        circuit.peer != FuzzTarget.bob.peerID && circuit.peer != circuit.relay, "a circuit leads to another")
      expect(early.readableBytes <= unused[stream] ?? 0, "what came early came")
      circuits[circuit.id] = stream
    case .addressesChanged(let addresses): for address in addresses { checkAnnounced(address) }
    case .write, .finish, .reservation, .circuitFailed, .circuitEnding: break
    }
  }

  private func checkAnnounced(_ address: Multiaddr) {
    expect(address.isCircuit, "\(address) is announced")
    let relay = address.circuit?.relay
    expect(Self.relays.contains { $0.peerID == relay?.peerID }, "\(address) is a relay's that was named")
    expect(relay?.host?.ip?.reach == .global, "\(address) can be reached")
  }

  private func check() {
    let limits = client.configuration
    expect(client.circuitCount <= limits.circuitsMax, "\(client.circuitCount) circuits")
    expect(client.summaries.count <= limits.candidatesMax, "\(client.summaries.count) relays")
    expect(client.addresses.count <= limits.candidatesMax * limits.addressesPerRelayMax, "addresses")
  }
}
