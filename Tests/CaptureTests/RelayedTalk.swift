import CircuitRelay
import Connection
import DCUtR
import Identify
import Identity
import NIOCore
import Ping
import SansIO
import Testing
import Wire
import Yamux

@testable import Capture

extension Endpoint {
  static let aliceOfRelay = Endpoint("10.0.0.1", 40001)
  static let bobOfRelay = Endpoint("10.0.0.2", 40002)
  static let relay = Endpoint("45.1.2.3", 4001)
}

/// Alice and Bob at a relay, a connection of the node's own each; all three speak by the relay's own
/// machines, and inside a circuit Alice and Bob by a connection of theirs. A tap at each end sees its
/// packets.
final class RelayedTalk {
  enum Tap: CaseIterable { case alice, bob, relay }

  static let epochMs: Int64 = 1_700_000_000_000

  /// One client's leg to the relay.
  final class Leg {
    let number: ConnectionID
    let keys: KeyPair
    let endpoint: Endpoint
    var client: Client
    var host: Connection
    var relay: Connection
    var fromHost: PacketWriter
    var fromRelay: PacketWriter
    var isConnected = false
    /// Inside the circuit.
    var inner: Connection?
    var circuit: StreamHandle?
    var isReserved = false
    var failure: CircuitFailure?
    /// Opened by the other end, inside.
    var asked: [Connection.StreamID] = []

    init(_ number: UInt64, _ keys: KeyPair, at endpoint: Endpoint, now: Instant) {
      self.number = ConnectionID(rawValue: number)
      self.keys = keys
      self.endpoint = endpoint
      client = Client(own: keys.peerID, generator: SeededGenerator(seed: number), now: now)
      host = connection(.initiator, keys, entropy: UInt8(number) &* 16, now)
      relay = connection(.responder, Keys.relay, entropy: UInt8(number) &* 16 + 1, now)
      fromHost = PacketWriter(source: endpoint, destination: .relay, sequence: UInt32(number) &* 1000)
      fromRelay = PacketWriter(source: .relay, destination: endpoint, sequence: UInt32(number) &* 7_000_000)
    }

    func id(_ stream: StreamHandle) -> Connection.StreamID { Connection.StreamID(rawValue: stream.stream) }
    func handle(_ id: Connection.StreamID) -> StreamHandle {
      StreamHandle(connection: number, stream: id.rawValue)
    }
  }

  let alice: Leg
  let bob: Leg
  var service: Service
  private(set) var now = Instant(nanoseconds: UInt64(epochMs) * 1_000_000)
  private var seen: [(leg: ConnectionID, packet: TapPacket)] = []
  /// Of the channels with the relay, and of those inside circuits.
  private(set) var outerKeyLog: [String] = []
  private(set) var innerKeyLog: [String] = []
  private(set) var circuitEnds: [Service.CircuitEnd] = []

  init(_ change: (inout ServiceConfiguration) -> Void = { _ in }) {
    var configuration = ServiceConfiguration()
    change(&configuration)
    service = Service(keyPair: Keys.relay, configuration: configuration, now: now)
    service.announce([address(of: .relay)])
    alice = Leg(1, Keys.alice, at: .aliceOfRelay, now: now)
    bob = Leg(2, Keys.bob, at: .bobOfRelay, now: now)
  }

  // MARK: What is recorded

  func packets(at tap: Tap) -> [TapPacket] {
    seen.filter { entry in
      switch tap {
      case .alice: entry.leg == alice.number
      case .bob: entry.leg == bob.number
      case .relay: true
      }
    }.map(\.packet)
  }

  func ring(inner: Bool = true, outer: Bool = true) -> KeyRing {
    var ring = KeyRing()
    for line in (outer ? outerKeyLog : []) + (inner ? innerKeyLog : []) { ring.add(line: line) }
    return ring
  }

  func timeline(at tap: Tap, keys: KeyRing? = nil) -> Timeline {
    CaptureTests.timeline(of: packets(at: tap), keys: keys ?? ring())
  }

  // MARK: Vocabulary

  func connect() throws {
    for leg in [alice, bob] {
      see(leg.fromHost.syn(), of: leg)
      leg.fromRelay.acknowledgement = leg.fromHost.sequence
      see(leg.fromRelay.syn([.syn, .ack]), of: leg)
      leg.fromHost.acknowledgement = leg.fromRelay.sequence
      see(leg.fromHost.ack(), of: leg)
    }
    try settle()
  }

  func reserve(_ leg: Leg) throws {
    leg.client.addCandidate(Keys.relay.peerID, at: [address(of: .relay)], now: now)
    now += .milliseconds(1)
    leg.client.advance(to: now)
    try settle()
  }

  func dial(from leg: Leg, to peer: PeerID) throws {
    _ = leg.client.dial(peer, through: Keys.relay.peerID, at: now)
    try settle()
  }

  /// Alice speaks inside the circuit.
  @discardableResult
  func ask(_ name: ProtocolName, _ bytes: ByteBuffer, finish: Bool = false) throws -> Connection.StreamID {
    let id = try #require(try alice.inner?.openStream([name]))
    try alice.inner?.write(bytes, to: id)
    if finish { alice.inner?.finish(id) }
    try settle()
    return id
  }

  func gossip(_ texts: [String]) throws {
    let id = try ask("/meshsub/1.1.0", Said.rpc(subscribing: "p2p-chat-global"))
    for (index, text) in texts.enumerated() {
      try alice.inner?.write(Said.rpc(publishing: text, sequence: UInt64(100 + index)), to: id)
      try settle()
    }
  }

  func ping() throws {
    let payload = ByteBuffer(repeating: 7, count: 32)
    try ask(.ping, payload)
    let id = try #require(bob.asked.last)
    try bob.inner?.write(payload, to: id)
    try settle()
  }

  /// Bob, to whom the circuit leads, wants a hole punched.
  func agreeToPunch() throws {
    let addresses = [CaptureTests.address(of: Endpoint("45.9.9.9", 4001))]
    let id = try #require(try bob.inner?.openStream([.dcutr]))
    try bob.inner?.write(DCUtR.Message.connect(addresses).encoded, to: id)
    try settle()
    let answer = try #require(alice.asked.last)
    try alice.inner?.write(DCUtR.Message.connect(addresses).encoded, to: answer)
    try settle()
    try bob.inner?.write(DCUtR.Message.sync.encoded, to: id)
    try settle()
  }

  /// A direct connection, beside the circuit.
  func beginDirect(_ crossing: Crossing, entropy: UInt8 = 7) -> Talk {
    var talk = Talk(
      alice: Endpoint("10.0.0.1", 40100), bob: Endpoint("10.0.0.2", 40200), entropy: entropy)
    talk.now = now
    switch crossing {
    case .none: talk.shakeHands()
    case .both, .one:
      talk.tap(talk.fromAlice.syn())
      talk.tap(talk.fromBob.syn())
      talk.fromAlice.acknowledgement = talk.fromBob.sequence
      talk.fromBob.acknowledgement = talk.fromAlice.sequence
      talk.tap(talk.fromAlice.packet([.syn, .ack], at: talk.fromAlice.sequence &- 1))
      talk.tap(
        crossing == .both
          ? talk.fromBob.packet([.syn, .ack], at: talk.fromBob.sequence &- 1) : talk.fromBob.ack())
    }
    return talk
  }

  enum Crossing { case none, one, both }

  /// Bytes without meaning inside the circuit, until they are carried or it breaks.
  func flood(_ count: Int) throws {
    let id = try ask("/test/bulk/1", ByteBuffer())
    var left = count
    while left > 0, let room = alice.inner?.writableBytes(id), room > 0 {
      let part = min(left, room, 16_000)
      try alice.inner?.write(ByteBuffer(repeating: 1, count: part), to: id)
      left -= part
      try settle()
    }
  }

  func hangUp() throws {
    alice.inner?.close(.normal)
    try settle()
    for leg in [alice, bob] {
      if let stream = leg.circuit { leg.host.finish(leg.id(stream)) }
      try settle()
    }
  }

  /// Bob is reached through the relay, and hears of Alice.
  static func whole(_ change: (inout ServiceConfiguration) -> Void = { _ in }) throws -> RelayedTalk {
    let talk = RelayedTalk(change)
    try talk.connect()
    try talk.reserve(talk.bob)
    try talk.dial(from: talk.alice, to: Keys.bob.peerID)
    try talk.gossip(["ANNOUNCE:PRESENCE", "hello"])
    try talk.ping()
    try talk.hangUp()
    return talk
  }

  // MARK: Carrying

  private func see(_ packet: ByteBuffer, of leg: Leg) {
    now += .milliseconds(1)
    seen.append((leg.number, TapPacket(time: now, bytes: packet)))
  }

  /// Until nobody has anything to say.
  func settle() throws {
    var isBusy = true
    while isBusy {
      isBusy = false
      for leg in [alice, bob] {
        while let event = leg.client.nextEvent() {
          isBusy = true
          try handle(event, of: leg)
        }
        if try speakInside(leg) { isBusy = true }
        if try carryUp(leg) { isBusy = true }
      }
      if try serve() { isBusy = true }
      for leg in [alice, bob] { if try carryDown(leg) { isBusy = true } }
    }
  }

  private func carryUp(_ leg: Leg) throws -> Bool {
    var wire = ByteBuffer()
    while let line = leg.host.nextKeyLogLine() { outerKeyLog.append(line) }
    guard leg.host.drainOutbound(into: &wire, maxBytes: 1 << 20) else { return false }
    while let part = wire.readSlice(length: min(1400, wire.readableBytes)), part.readableBytes > 0 {
      see(leg.fromHost.data(ByteBuffer(part.readableBytesView)), of: leg)
      leg.fromRelay.acknowledgement = leg.fromHost.sequence
      try leg.relay.receive(ByteBuffer(part.readableBytesView), at: now)
      while let event = try leg.relay.nextEvent() { relayHears(event, on: leg) }
    }
    return true
  }

  private func carryDown(_ leg: Leg) throws -> Bool {
    var wire = ByteBuffer()
    while leg.relay.nextKeyLogLine() != nil {}
    guard leg.relay.drainOutbound(into: &wire, maxBytes: 1 << 20) else { return false }
    while let part = wire.readSlice(length: min(1400, wire.readableBytes)), part.readableBytes > 0 {
      see(leg.fromRelay.data(ByteBuffer(part.readableBytesView)), of: leg)
      leg.fromHost.acknowledgement = leg.fromRelay.sequence
      try leg.host.receive(ByteBuffer(part.readableBytesView), at: now)
      while let event = try leg.host.nextEvent() { try hostHears(event, on: leg) }
    }
    return true
  }

  // MARK: At the clients

  private func hostHears(_ event: Connection.Event, on leg: Leg) throws {
    switch event {
    case .established: leg.isConnected = true
    case .streamOpened(let id, .relayStop, isInbound: true):
      leg.client.streamOpened(leg.handle(id), by: Keys.relay.peerID, at: now)
    case .data(let id, let bytes):
      if leg.circuit == leg.handle(id) { return try hearInside(bytes, leg) }
      var bytes = bytes
      leg.client.receive(&bytes, from: leg.handle(id), nowMs: nowMs, at: now)
    case .remoteFinished(let id): leg.client.remoteFinished(leg.handle(id), at: now)
    case .streamClosed(let id, _): leg.client.streamEnded(leg.handle(id), at: now)
    default: break
    }
  }

  private func handle(_ event: Client.Event, of leg: Leg) throws {
    switch event {
    case .connect(let relay, _): leg.client.peerConnected(relay, at: address(of: .relay), now: now)
    case .openHop(let open, _):
      leg.client.opened(open, as: leg.handle(try leg.host.openStream([.relayHop])), at: now)
    case .write(let bytes, let stream): try leg.host.write(bytes, to: leg.id(stream))
    case .consumed(let count, let stream): leg.host.consumed(count, on: leg.id(stream))
    case .finish(let stream): leg.host.finish(leg.id(stream))
    case .reset(let stream): leg.host.reset(leg.id(stream))
    case .circuitOpened(let circuit, let stream, let early):
      leg.circuit = stream
      leg.inner = connection(
        circuit.direction == .outbound ? .initiator : .responder, leg.keys,
        entropy: 200 &+ UInt8(truncatingIfNeeded: leg.number.rawValue), now)
      if early.readableBytes > 0 { try hearInside(early, leg) }
    case .reservation(_, .accepted): leg.isReserved = true
    case .circuitFailed(_, let failure): leg.failure = failure
    case .reservation, .addressesChanged, .circuitEnding: break
    }
  }

  private func hearInside(_ bytes: ByteBuffer, _ leg: Leg) throws {
    if let stream = leg.circuit { leg.host.consumed(bytes.readableBytes, on: leg.id(stream)) }
    try leg.inner?.receive(ByteBuffer(bytes.readableBytesView), at: now)
    while let event = try leg.inner?.nextEvent() {
      if case .streamOpened(let id, _, isInbound: true) = event { leg.asked.append(id) }
      if case .data(let id, let bytes) = event { leg.inner?.consumed(bytes.readableBytes, on: id) }
    }
  }

  private func speakInside(_ leg: Leg) throws -> Bool {
    guard let stream = leg.circuit else { return false }
    while let line = leg.inner?.nextKeyLogLine() {
      if leg === alice { innerKeyLog.append(line) }
    }
    let room = leg.host.writableBytes(leg.id(stream))
    var wire = ByteBuffer()
    guard room > 70_000, leg.inner?.drainOutbound(into: &wire, maxBytes: 1) == true else { return false }
    do { try leg.host.write(wire, to: leg.id(stream)) } catch { leg.circuit = nil }
    return true
  }

  // MARK: At the relay

  private func relayHears(_ event: Connection.Event, on leg: Leg) {
    switch event {
    case .established(let peer, _, _):
      service.peerConnected(
        peer, on: leg.number, local: address(of: .relay), remote: address(of: leg.endpoint), isRelayed: false)
    case .streamOpened(let id, .relayHop, isInbound: true): service.streamOpened(leg.handle(id), at: now)
    case .data(let id, let bytes):
      var bytes = bytes
      service.receive(&bytes, from: leg.handle(id), nowMs: nowMs, at: now)
    case .remoteFinished(let id): service.remoteFinished(leg.handle(id), at: now)
    case .writable(let id): service.streamWritable(leg.handle(id))
    case .streamClosed(let id, let code):
      service.streamEnded(leg.handle(id), wasReset: code != nil, at: now)
    default: break
    }
  }

  private func serve() throws -> Bool {
    var isBusy = false
    while true {
      var isIdle = true
      while let event = service.nextEvent() {
        (isIdle, isBusy) = (false, true)
        try handle(event)
      }
      while let stream = service.nextStreamWithOutbound() {
        (isIdle, isBusy) = (false, true)
        let leg = leg(of: stream)
        let room = leg.relay.writableBytes(leg.id(stream))
        if let chunk = service.nextChunk(for: stream, maxBytes: room, at: now) {
          try leg.relay.write(chunk, to: leg.id(stream))
        }
      }
      if isIdle { return isBusy }
    }
  }

  private func handle(_ event: Service.Event) throws {
    switch event {
    case .openStop(let open, let connection):
      let leg = connection == alice.number ? alice : bob
      service.opened(open, as: leg.handle(try leg.relay.openStream([.relayStop])), at: now)
    case .consumed(let count, let stream):
      leg(of: stream).relay.consumed(count, on: leg(of: stream).id(stream))
    case .finish(let stream): leg(of: stream).relay.finish(leg(of: stream).id(stream))
    case .reset(let stream): leg(of: stream).relay.reset(leg(of: stream).id(stream))
    case .circuitClosed(_, let end, _, _): circuitEnds.append(end)
    case .reserved, .reservationEnded, .circuitOpened, .release, .drained: break
    }
  }

  private func leg(of stream: StreamHandle) -> Leg { stream.connection == alice.number ? alice : bob }
  private var nowMs: Int64 { Int64(now.nanoseconds / 1_000_000) }
}

private func connection(_ role: Role, _ keys: KeyPair, entropy: UInt8, _ now: Instant) -> Connection {
  Connection(
    role: role, identity: keys, expectedPeer: nil,
    supported: [
      .relayHop, .relayStop, .ping, .identify, .dcutr, "/meshsub/1.1.0", "/test/bulk/1",
    ],
    configuration: .init(), entropy: (0..<64).map { UInt8($0) &+ entropy }, now: now)
}

private func address(of endpoint: Endpoint) -> Multiaddr {
  guard let address = try? Multiaddr("/ip4/\(endpoint.address)/tcp/\(endpoint.port)") else {
    preconditionFailure("\(endpoint) is no address")
  }
  return address
}
