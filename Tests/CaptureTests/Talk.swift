import Connection
import Identity
import NIOCore
import Noise
import Ping
import SansIO
import Testing
import Wire

@testable import Capture
@testable import Chat
@testable import GossipSub
@testable import Identify

enum Keys {
  static let alice = key(1)
  static let bob = key(2)
  static let relay = key(3)

  private static func key(_ byte: UInt8) -> KeyPair {
    do { return try KeyPair(seed: [UInt8](repeating: byte, count: 32)) } catch { fatalError("\(error)") }
  }
}

/// Alice dials Bob over TCP, both are the node's own connections, and a tap sees the packets.
struct Talk: ~Copyable {
  var alice: Connection
  var bob: Connection
  var fromAlice: PacketWriter
  var fromBob: PacketWriter
  private(set) var packets: [TapPacket] = []
  private(set) var keyLog: [String] = []
  var now = Instant(nanoseconds: 1_700_000_000_000_000_000)
  /// Bytes a packet carries.
  var segmentBytes = 1400
  /// Streams that were agreed on, by who answers.
  private(set) var opened: [(isAlice: Bool, id: Connection.StreamID, name: ProtocolName)] = []

  static let protocols: Set<ProtocolName> = [
    .ping, .identify, .identifyPush, .chat, "/meshsub/1.1.0", "/gopeer/bench/1", "/test/echo/1",
  ]

  /// - Parameter sequence: of Alice's SYN; Bob's is half around from it.
  init(alice end: Endpoint = .alice, bob other: Endpoint = .bob, sequence: UInt32 = 1000, entropy: UInt8 = 0)
  {
    alice = Connection(
      role: .initiator, identity: Keys.alice, expectedPeer: nil, supported: Self.protocols,
      configuration: .init(), entropy: (0..<64).map { UInt8($0) &+ entropy }, now: now)
    bob = Connection(
      role: .responder, identity: Keys.bob, expectedPeer: nil, supported: Self.protocols,
      configuration: .init(), entropy: (0..<64).map { UInt8($0) &+ 128 &+ entropy }, now: now)
    fromAlice = PacketWriter(source: end, destination: other, sequence: sequence)
    fromBob = PacketWriter(source: other, destination: end, sequence: sequence &+ 0x8000_0000)
  }

  var ring: KeyRing {
    var ring = KeyRing()
    for line in keyLog { ring.add(line: line) }
    return ring
  }

  // MARK: TCP

  mutating func tap(_ packet: ByteBuffer) {
    now += .milliseconds(1)
    packets.append(TapPacket(time: now, bytes: packet))
  }

  mutating func shakeHands() {
    tap(fromAlice.syn())
    fromBob.acknowledgement = fromAlice.sequence
    tap(fromBob.syn([.syn, .ack]))
    fromAlice.acknowledgement = fromBob.sequence
    tap(fromAlice.ack())
  }

  mutating func hangUp() {
    tap(fromAlice.fin())
    fromBob.acknowledgement = fromAlice.sequence
    tap(fromBob.fin())
    fromAlice.acknowledgement = fromBob.sequence
    tap(fromAlice.ack())
  }

  // MARK: What is carried

  /// Carries bytes until neither has any.
  mutating func exchange() throws {
    var isBusy = true
    while isBusy {
      isBusy = false
      var wire = ByteBuffer()
      while let line = alice.nextKeyLogLine() { keyLog.append(line) }
      if alice.drainOutbound(into: &wire, maxBytes: 1 << 20) {
        isBusy = true
        carry(wire, isFromAlice: true)
        try bob.receive(wire, at: now)
        while let event = try bob.nextEvent() { note(event, isAlice: false) }
      }
      wire = ByteBuffer()
      while bob.nextKeyLogLine() != nil {}
      if bob.drainOutbound(into: &wire, maxBytes: 1 << 20) {
        isBusy = true
        carry(wire, isFromAlice: false)
        try alice.receive(wire, at: now)
        while let event = try alice.nextEvent() { note(event, isAlice: true) }
      }
    }
  }

  private mutating func carry(_ wire: ByteBuffer, isFromAlice: Bool) {
    var rest = wire
    while let part = rest.readSlice(length: min(segmentBytes, rest.readableBytes)), part.readableBytes > 0 {
      if isFromAlice {
        tap(fromAlice.data(ByteBuffer(part.readableBytesView)))
        fromBob.acknowledgement = fromAlice.sequence
      } else {
        tap(fromBob.data(ByteBuffer(part.readableBytesView)))
        fromAlice.acknowledgement = fromBob.sequence
      }
    }
  }

  private mutating func note(_ event: Connection.Event, isAlice: Bool) {
    if case .streamOpened(let id, let name, isInbound: true) = event { opened.append((isAlice, id, name)) }
    if case .data(let id, let bytes) = event {
      if isAlice {
        alice.consumed(bytes.readableBytes, on: id)
      } else {
        bob.consumed(bytes.readableBytes, on: id)
      }
    }
  }

  // MARK: Vocabulary

  /// Alice opens a stream and speaks at once.
  mutating func ask(_ name: ProtocolName, _ bytes: ByteBuffer, finish: Bool = false) throws
    -> Connection.StreamID
  {
    let id = try alice.openStream([name])
    if bytes.readableBytes > 0 { try alice.write(bytes, to: id) }
    if finish { alice.finish(id) }
    try exchange()
    return id
  }

  mutating func answer(_ id: Connection.StreamID, _ bytes: ByteBuffer, finish: Bool = false) throws {
    try bob.write(bytes, to: id)
    if finish { bob.finish(id) }
    try exchange()
  }

  mutating func ping() throws {
    let payload = ByteBuffer(repeating: 7, count: 32)
    let id = try ask(.ping, payload)
    try answer(id, payload, finish: true)
    alice.finish(id)
    try exchange()
  }

  mutating func identify() throws {
    let id = try ask(.identify, ByteBuffer(), finish: true)
    try answer(id, try Said.identify(), finish: true)
  }

  mutating func gossip(_ texts: [String]) throws {
    let id = try ask("/meshsub/1.1.0", Said.rpc(subscribing: "p2p-chat-global"))
    for (index, text) in texts.enumerated() {
      try alice.write(Said.rpc(publishing: text, sequence: UInt64(100 + index)), to: id)
      try exchange()
    }
    try alice.write(Said.control, to: id)
    try exchange()
  }

  mutating func chat(_ text: String) throws {
    let message = Said.direct(text)
    let id = try ask(.chat, message.frame)
    try answer(id, message.acknowledgement, finish: true)
    alice.finish(id)
    try exchange()
  }

  /// Everything that the tests look for, from SYN to FIN.
  static func whole(
    from alice: Endpoint = .alice, to bob: Endpoint = .bob, sequence: UInt32 = 1000, segmentBytes: Int = 1400
  ) throws -> Talk {
    var talk = Talk(alice: alice, bob: bob, sequence: sequence)
    talk.segmentBytes = segmentBytes
    talk.shakeHands()
    try talk.exchange()
    try talk.identify()
    try talk.ping()
    try talk.gossip(["ANNOUNCE:PRESENCE", "hello"])
    try talk.chat("for Bob alone")
    _ = try talk.ask("/test/unknown/1", ByteBuffer(string: "lost"))
    let echo = try talk.ask("/test/echo/1", ByteBuffer(string: "opaque"))
    try talk.answer(echo, ByteBuffer(string: "opaque"))
    talk.alice.reset(echo, code: 5)
    talk.alice.close(.normal)
    try talk.exchange()
    talk.hangUp()
    return talk
  }
}

/// Messages as their protocols have them.
enum Said {
  static func framed(_ body: ByteBuffer) -> ByteBuffer {
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(body, into: &frame)
    return frame
  }

  static func identify() throws -> ByteBuffer {
    var frames = ByteBuffer()
    let message = Identify.Message(
      publicKey: Keys.bob.publicKey.protobuf, listenAddrs: [], protocols: [.ping, .identify],
      agentVersion: "bob/1")
    for part in try message.parts() { LengthPrefixedFrames.encode(part, into: &frames) }
    return frames
  }

  static func rpc(subscribing topic: String) -> ByteBuffer {
    var subscription = ByteBuffer()
    subscription.writeField(1, varint: 1)
    subscription.writeField(2, bytes: topic.utf8)
    var rpc = ByteBuffer()
    rpc.writeField(1, message: subscription)
    return framed(rpc)
  }

  static func rpc(publishing text: String, sequence: UInt64) -> ByteBuffer {
    var rpc = ByteBuffer()
    rpc.writeField(
      2,
      message: Signing.sealed(
        ByteBuffer(string: text), to: "p2p-chat-global", sequence: sequence, by: Keys.alice))
    return framed(rpc)
  }

  /// One of each.
  static var control: ByteBuffer {
    var topic = ByteBuffer()
    topic.writeField(1, bytes: "p2p-chat-global".utf8)
    var ids = ByteBuffer()
    ids.writeField(1, bytes: [1, 2, 3])
    var control = ByteBuffer()
    control.writeField(1, message: topic + fieldTwo)
    control.writeField(2, message: ids)
    control.writeField(3, message: topic)
    var prune = topic
    prune.writeField(3, varint: 60)
    control.writeField(4, message: prune)
    control.writeField(5, message: ids)
    var rpc = ByteBuffer()
    rpc.writeField(3, message: control)
    return framed(rpc)
  }

  private static var fieldTwo: ByteBuffer {
    var id = ByteBuffer()
    id.writeField(2, bytes: [1, 2, 3])
    return id
  }

  static func direct(_ text: String) -> (frame: ByteBuffer, acknowledgement: ByteBuffer) {
    let id = [UInt8](repeating: 9, count: 16)
    let message = Chat.Message(
      key: MessageKey(author: Keys.alice.peerID, idBytes: id),
      conversation: Chat.Conversation.peer(Keys.bob.peerID), sequence: 1,
      text: text, sentMs: 1, receivedMs: 1, state: .queued)
    return (
      framed(DirectForm.encode(message) ?? ByteBuffer()), framed(DirectForm.encode(.kept, of: id))
    )
  }
}
