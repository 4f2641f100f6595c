import CircuitRelay
import Identity
import NIOCore
import SansIO
import Wire

/// A whole relay between peers that the run's bytes speak for: they connect, reserve, ask for each other, say
/// anything, read or do not read, and leave. Whatever they do, limits hold and nothing is held in the end.
struct RelayRig {
  private static let peers = (21...26).map { FuzzTarget.relayPeer($0) }
  private static let heldBytesMax = 6_000

  private var input: FuzzInput
  private var now = Instant.zero
  private var service: Service
  private var connections: [ConnectionID: Int] = [:]
  private var streams: [StreamHandle] = []
  private var opens: [(OpenID, ConnectionID)] = []
  /// Of every stream: what came on it and is not said to be used yet.
  private var unused: [StreamHandle: Int] = [:]
  private var ended: Set<StreamHandle> = []
  /// Of every stream: what it takes.
  private var room: [StreamHandle: Int] = [:]
  private var number: UInt64 = 0

  init(_ input: FuzzInput) {
    self.input = input
    var configuration = ServiceConfiguration()
    configuration.reservationsMax = 4
    configuration.circuitsMax = 6
    configuration.circuitsPerPeerMax = 3
    configuration.requestsPerConnectionMax = 4
    configuration.heldBytesMax = Self.heldBytesMax
    let shape = self.input.decision()
    if shape & 1 != 0 { configuration.circuitLimit = Limit(duration: .seconds(20), bytes: 5000) }
    if shape & 2 != 0 { configuration.circuitBytesPerSecond = 2000 }
    service = Service(keyPair: FuzzTarget.alice, configuration: configuration, now: now)
    service.announce([FuzzTarget.relayPlace])
  }

  static var seeds: [FuzzTarget.Seed] {
    func say(_ stream: UInt8, _ frame: ByteBuffer) -> [UInt8] {
      let bytes = [UInt8](frame.readableBytesView)
      return [2, stream, UInt8(bytes.count)] + bytes
    }
    let reserve: [UInt8] = [0, 1, 1, 0] + say(0, HopMessage.reserve.encoded)
    let connect = [0, 2, 1, 1] + say(1, HopMessage.connect(to: peers[1].peerID).encoded)
    let circuit = reserve + connect + [3, 0] + say(2, StopMessage.status(.ok).encoded)
    return [
      .init("reserve", reserve + [0]),
      .init("circuit", circuit + [4, 1, 200, 4, 2, 90, 9, 20, 0]),
      .init("refused", reserve + connect + [3, 1, 8, 0, 0]),
      .init("drained", reserve + [10, 0, 9, 255, 0]),
    ]
  }

  mutating func run() {
    while !input.isEmpty {
      step()
      settle()
      check()
    }
    for connection in connections.keys.sorted() { leave(connection) }
    settle()
    check()
    expect(service.circuitCount == 0, "\(service.circuitCount) circuits of nobody")
    expect(service.reservationCount == 0, "\(service.reservationCount) reservations of nobody")
    expect(service.heldByteCount == 0, "\(service.heldByteCount) bytes held for nobody")
  }

  // MARK: Steps

  private mutating func step() {
    switch input.byte() % 12 {
    case 0: connect(input.byte())
    case 1: openHop(input.byte())
    case 2: receive(input.byte(), input.take(Int(input.byte())))
    case 3: answerOpen(input.byte())
    case 4: receive(input.byte(), [UInt8](repeating: 7, count: Int(input.byte()) * 16))
    case 5: if let stream = stream(input.byte()) { service.remoteFinished(stream, at: now) }
    case 6: if let stream = stream(input.byte()) { end(stream, wasReset: input.byte() & 1 == 0) }
    case 7: say(input.byte(), input.byte(), input.byte())
    case 8:
      guard let stream = stream(input.byte()) else { return }
      room[stream] = Int(input.number() & 0xFFFF)
      service.streamWritable(stream)
    case 9:
      now += .milliseconds(Int64(input.byte()) * 200)
      service.advance(to: now)
    case 10: if input.byte() & 7 == 0 { service.drain(over: .seconds(Int64(input.byte())), at: now) }
    default:
      guard let connection = connections.keys.sorted().first(where: { _ in input.byte() & 1 == 0 }) else {
        return
      }
      leave(connection)
    }
  }

  private mutating func connect(_ choice: UInt8) {
    number += 1
    let connection = ConnectionID(rawValue: number)
    let peer = Int(choice) % Self.peers.count
    connections[connection] = peer
    service.peerConnected(
      Self.peers[peer].peerID, on: connection, local: FuzzTarget.relayPlace,
      remote: .tcp(.v4(IPv4Address(rawValue: 0x3C00_0001 + UInt32(choice >> 6))), port: 9),
      isRelayed: choice & 0x38 == 0x38)
  }

  private mutating func openHop(_ choice: UInt8) {
    let there = connections.keys.sorted()
    guard !there.isEmpty else { return }
    let stream = newStream(on: there[Int(choice) % there.count])
    service.streamOpened(stream, at: now)
  }

  private mutating func newStream(on connection: ConnectionID) -> StreamHandle {
    number += 1
    let stream = StreamHandle(connection: connection, stream: UInt32(truncatingIfNeeded: number))
    streams.append(stream)
    room[stream] = 1000
    return stream
  }

  private func stream(_ choice: UInt8) -> StreamHandle? {
    guard Int(choice) < streams.count, !ended.contains(streams[Int(choice)]) else { return nil }
    return streams[Int(choice)]
  }

  private mutating func receive(_ choice: UInt8, _ bytes: [UInt8]) {
    guard let stream = stream(choice) else { return }
    unused[stream, default: 0] += bytes.count
    var buffer = ByteBuffer(bytes: bytes)
    service.receive(&buffer, from: stream, nowMs: 1_700_000_000_000, at: now)
    expect(buffer.readableBytes == 0, "all is taken")
  }

  /// Something well-formed, so that short inputs get far.
  private mutating func say(_ choice: UInt8, _ kind: UInt8, _ peer: UInt8) {
    let other = Self.peers[Int(peer) % Self.peers.count].peerID
    let frame =
      switch kind & 3 {
      case 0: HopMessage.reserve.encoded
      case 1: HopMessage.connect(to: other).encoded
      case 2: StopMessage.status(.ok).encoded
      default: StopMessage.status(.permissionDenied).encoded
      }
    receive(choice, [UInt8](frame.readableBytesView) + [UInt8](repeating: 1, count: Int(kind >> 2)))
  }

  private mutating func answerOpen(_ choice: UInt8) {
    guard let (open, connection) = opens.popLast() else { return }
    if choice & 1 == 0, connections[connection] != nil {
      service.opened(open, as: newStream(on: connection), at: now)
    } else {
      service.openFailed(open, at: now)
    }
  }

  private mutating func end(_ stream: StreamHandle, wasReset: Bool) {
    ended.insert(stream)
    unused[stream] = nil
    service.streamEnded(stream, wasReset: wasReset, at: now)
  }

  private mutating func leave(_ connection: ConnectionID) {
    for stream in streams where stream.connection == connection { ended.insert(stream) }
    for stream in ended { unused[stream] = nil }
    connections[connection] = nil
    service.peerDisconnected(connection, at: now)
  }

  // MARK: What follows

  private mutating func settle() {
    while true {
      var isIdle = true
      while let event = service.nextEvent() {
        isIdle = false
        handle(event)
      }
      while let stream = service.nextStreamWithOutbound() {
        isIdle = false
        let most = ended.contains(stream) ? 0 : room[stream] ?? 0
        guard let chunk = service.nextChunk(for: stream, maxBytes: most, at: now) else { continue }
        expect((1...most).contains(chunk.readableBytes), "\(chunk.readableBytes) bytes where \(most) fit")
        room[stream] = most - chunk.readableBytes
      }
      if isIdle { return }
    }
  }

  private mutating func handle(_ event: Service.Event) {
    switch event {
    case .openStop(let open, let connection):
      expect(connections[connection] != nil, "a stop stream is asked for where there is a connection")
      opens.append((open, connection))
    case .consumed(let count, let stream):
      guard !ended.contains(stream) else { return }
      let before = unused[stream] ?? 0
      expect(count <= before, "\(count) bytes are used of \(before)")
      unused[stream] = before - count
    case .reset(let stream): if !ended.contains(stream) { end(stream, wasReset: true) }
    case .release(let peer):
      for (connection, index) in connections.sorted(by: { $0.key < $1.key })
      where Self.peers[index].peerID == peer { leave(connection) }
    case .finish, .reserved, .reservationEnded, .circuitOpened, .circuitClosed, .drained: break
    }
  }

  private func check() {
    let limits = service.configuration
    expect(service.reservationCount <= limits.reservationsMax, "\(service.reservationCount) reservations")
    expect(service.circuitCount <= limits.circuitsMax, "\(service.circuitCount) circuits")
    expect(service.heldByteCount >= 0, "\(service.heldByteCount) bytes held")
    expect(service.heldByteCount <= limits.heldBytesMax, "\(service.heldByteCount) bytes held")
    if service.circuitCount == 0 {
      expect(service.heldByteCount == 0, "\(service.heldByteCount) bytes held without circuits")
    }
  }
}

extension FuzzTarget {
  static func relayPeer(_ number: Int) -> KeyPair {
    certain("32 bytes are a seed") { () throws(IdentityError) in
      try KeyPair(seed: [UInt8](repeating: UInt8(number & 0xFF), count: 32))
    }
  }
}
