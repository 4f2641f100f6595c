import DCUtR
import Identity
import NIOCore
import SansIO
import Wire

// What a peer may say over a relayed connection, to either side of an upgrade.
extension FuzzTarget {
  static let dcutr = [
    FuzzTarget("dcutr-message", seeds: messageSeeds, run: message),
    FuzzTarget("dcutr-machine", seeds: machineSeeds, run: machine),
  ]

  private static let places = ["/ip4/45.1.2.3/tcp/4001", "/ip6/2a00::1/tcp/4001"].compactMap { text in
    attempt { () throws(WireError) in try Multiaddr(text) }
  }

  private static func bytes(_ frame: ByteBuffer) -> [UInt8] { [UInt8](frame.readableBytesView) }

  private static var messageSeeds: [Seed] {
    [
      Seed("connect", [UInt8](bytes(Message.connect(places).encoded).dropFirst())),
      Seed("empty", [UInt8](bytes(Message.connect([]).encoded).dropFirst())),
      Seed("sync", [UInt8](bytes(Message.sync.encoded).dropFirst())),
    ]
  }

  private static func message(_ input: FuzzInput) {
    var input = input
    let frame = ByteBuffer(bytes: input.rest())
    guard let message = attempt({ () throws(DCUtRError) in try Message(decoding: frame) }) else { return }
    var encoded = message.encoded
    var frames = LengthPrefixedFrames(maxBytes: max(1, encoded.readableBytes))
    frames.receive(&encoded)
    let again = certain("what was read can be written") { () throws(WireError) in try frames.nextFrame() }
    let read = again.flatMap { body in
      attempt { () throws(DCUtRError) in try Message(decoding: body) }
    }
    expect(read == message, "a message is what is read of it")
    guard case .connect(let addresses) = message else { return }
    expect(addresses.count <= Message.addressesMax, "\(addresses.count) addresses")
    let candidates = Candidates(addresses, of: alice.peerID, limits: .init())
    expect(candidates.addresses.count + candidates.dropped == addresses.count, "every address is judged")
    expect(candidates.addresses.allSatisfy { $0.host?.ip?.reach == .global }, "all can be dialled")
    expect(candidates.addresses.count <= Configuration().addressesMax, "and are few")
  }

  // MARK: The machine

  /// Frames for both sides, and steps between them.
  private static var machineSeeds: [Seed] {
    let connect = bytes(Message.connect(places).encoded)
    let sync = bytes(Message.sync.encoded)
    func send(_ step: UInt8, _ frame: [UInt8]) -> [UInt8] { [step, UInt8(frame.count)] + frame }
    return [
      Seed("starting", [0, 2] + send(4, connect) + [9, 20, 10, 11]),
      Seed("answering", [1, 3] + send(5, connect) + send(5, sync) + [10, 12]),
      Seed("both", [0, 1, 2, 3] + send(5, connect) + send(4, connect) + send(5, sync) + [9, 90, 13, 8]),
    ]
  }

  /// A hostile peer at both kinds of circuit, and a driver that does what the machine wants at some time.
  private static func machine(_ input: FuzzInput) {
    var input = input
    var rig = UpgradeRig(own: bob.peerID, peer: alice.peerID, places: places)
    while !input.isEmpty { rig.step(&input) }
    rig.finish()
  }
}

/// A machine, and what it has asked for.
private struct UpgradeRig {
  private var machine: Machine
  private let peer: PeerID
  private let places: [Multiaddr]
  private var now = Instant.zero
  private var open: [OpenID] = []
  private var ours: [StreamHandle] = []
  private var theirs: [StreamHandle] = []
  private var attempts: [AttemptID] = []
  private var started = 0
  private var ended = 0
  private var streamNumber: UInt32 = 0

  init(own: PeerID, peer: PeerID, places: [Multiaddr]) {
    machine = Machine(own: own, generator: SeededGenerator(seed: 1), now: .zero)
    machine.ownAddressesChanged(Array(places.prefix(1)), at: .zero)
    self.peer = peer
    self.places = places
  }

  mutating func step(_ input: inout FuzzInput) {
    let inbound = ConnectionID(rawValue: 1)
    let outbound = ConnectionID(rawValue: 2)
    switch input.byte() % 16 {
    case 0:
      machine.relayedOpened(inbound, to: peer, isInbound: true, at: now)
      describe(input.byte())
    case 1: machine.relayedOpened(outbound, to: peer, isInbound: false, at: now)
    case 2: if let id = open.popLast() { opened(id, on: inbound) }
    case 3:
      let stream = fresh(on: outbound)
      theirs.append(stream)
      machine.streamOpened(stream, by: peer, at: now)
    case 4: receive(&input, from: ours.last)
    case 5: receive(&input, from: theirs.last)
    case 6: if let stream = ours.popLast() { machine.remoteFinished(stream, at: now) }
    case 7: if let stream = theirs.popLast() { machine.streamEnded(stream, at: now) }
    case 8: machine.relayedClosed(input.byte() & 1 == 0 ? inbound : outbound, to: peer, at: now)
    case 9: now += .milliseconds(Int64(input.number() % 700_000))
    case 10: if let id = attempts.last { machine.tcpConnected(id, at: now) }
    case 11:
      if let id = attempts.popLast() {
        machine.punchFailed(id, [.timedOut, .rejected, .handshake][Int(input.byte() % 3)], at: now)
      }
    case 12: if let id = attempts.popLast() { machine.punched(id, as: .initiator, at: now) }
    case 13: machine.directConnected(peer, at: now)
    case 14: machine.directLost(peer, at: now)
    default: describe(input.byte())
    }
    machine.advance(to: now)
    drain()
  }

  /// Whatever has happened, what is left over comes to its end by itself.
  mutating func finish() {
    for id in open { machine.openFailed(id, isUnsupported: false, at: now) }
    for circuit in [1, 2] {
      machine.relayedClosed(ConnectionID(rawValue: UInt64(circuit)), to: peer, at: now)
    }
    drain()
    for _ in 0..<100 {
      guard let due = machine.deadline else { break }
      now = max(now, due)
      machine.advance(to: now)
      drain()
    }
    expect(machine.deadline == nil, "without circuits everything ends")
    expect(started == ended, "\(started) attempts started and \(ended) ended")
    expectLife()
  }

  /// Another circuit leads to another attempt, sooner or later.
  private mutating func expectLife() {
    open = []
    machine.directLost(peer, at: now)
    machine.relayedOpened(ConnectionID(rawValue: 3), to: peer, isInbound: true, at: now)
    machine.peerDescribed(peer, speaksDCUtR: true, addresses: [], at: now)
    drain()
    for _ in 0..<10 where open.isEmpty {
      guard let due = machine.deadline else { break }
      now = max(now, due)
      machine.advance(to: now)
      drain()
    }
    expect(!open.isEmpty, "the machine is stuck")
  }

  private func fresh(on connection: ConnectionID) -> StreamHandle {
    StreamHandle(connection: connection, stream: streamNumber)
  }

  private mutating func opened(_ id: OpenID, on connection: ConnectionID) {
    let stream = fresh(on: connection)
    ours.append(stream)
    machine.opened(id, as: stream, at: now)
  }

  private mutating func describe(_ byte: UInt8) {
    let addresses = Array(places.suffix(Int(byte >> 1 & 1)))
    machine.peerDescribed(peer, speaksDCUtR: byte & 1 == 0, addresses: addresses, at: now)
  }

  private mutating func receive(_ input: inout FuzzInput, from stream: StreamHandle?) {
    var bytes = ByteBuffer(bytes: input.take(Int(input.byte())))
    guard let stream else { return }
    machine.receive(&bytes, from: stream, at: now)
    expect(bytes.readableBytes == 0, "all is taken")
  }

  private mutating func drain() {
    streamNumber += 1
    while let event = machine.nextEvent() {
      switch event {
      case .openStream(let id, _): open.append(id)
      case .dial(let id, _, let addresses):
        expect(!addresses.isEmpty && addresses.count <= 20, "\(addresses.count) addresses to dial")
        attempts.append(id)
      case .punch(let punch):
        expect(!punch.addresses.isEmpty && punch.addresses.count <= 20, "\(punch.addresses.count) to punch")
        attempts.append(punch.id)
      case .abandon(let id): attempts.removeAll { $0 == id }
      case .outcome(let outcome) where outcome.attempt > 0: count(outcome.result)
      case .outcome, .write, .consumed, .finish, .reset: break
      }
    }
  }

  private mutating func count(_ result: Outcome.Result) {
    switch result {
    case .started: started += 1
    case .succeeded, .failed: ended += 1
    }
  }
}
