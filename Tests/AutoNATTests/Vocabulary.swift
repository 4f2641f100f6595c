// The words the AutoNAT tests are written in.

import AutoNAT
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

func ms(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }
func seconds(_ seconds: Int64) -> Instant { .zero + .seconds(seconds) }

/// The `number`th of some peers.
func peer(_ number: Int) -> PeerID {
  let seed = [UInt8](repeating: UInt8(number & 0xFF), count: 31) + [UInt8(number >> 8 & 0xFF)]
  guard let keys = try? KeyPair(seed: seed) else { preconditionFailure("32 bytes make a key") }
  return keys.peerID
}

func address(_ text: String) -> Multiaddr {
  guard let address = try? Multiaddr(text) else { preconditionFailure("not an address: \(text)") }
  return address
}

extension ByteBuffer {
  var bytes: [UInt8] { [UInt8](readableBytesView) }

  /// The bodies of the frames in it.
  func bodies() throws -> [ByteBuffer] {
    var frames = LengthPrefixedFrames(maxBytes: 1 << 20)
    var rest = self
    frames.receive(&rest)
    var bodies: [ByteBuffer] = []
    while let body = try frames.nextFrame() { bodies.append(body) }
    #expect(frames.isAtBoundary)
    return bodies
  }

  func body() throws -> ByteBuffer {
    let bodies = try bodies()
    #expect(bodies.count == 1)
    return try #require(bodies.first)
  }
}

extension V1Message {
  static func refused() -> V1Message { .response(.dialRefused, nil) }
}

extension V2Message {
  static func answer(_ index: UInt32, _ status: DialStatus) -> V2Message {
    .dialResponse(DialResponse(.ok, index: index, status))
  }
  static func answer(_ status: Status) -> V2Message { .dialResponse(DialResponse(status)) }
}

/// One server, spoken to by hand: every peer has one connection, of its own number.
struct Desk {
  var server: Server
  var events: [Server.Event] = []
  private var streamNumber: UInt32 = 0

  init(
    _ transports: Transports = [.ip4, .ip6, .tcp], _ change: (inout ServerConfiguration) -> Void = { _ in }
  ) {
    var configuration = ServerConfiguration()
    change(&configuration)
    server = Server(
      transports: transports, configuration: configuration, generator: SeededGenerator(seed: 1), now: .zero)
    server.ownAddressesChanged([address("/ip4/45.1.2.3/tcp/4001")])
  }

  static func ip(_ number: Int) -> String { "60.\(number / 200).\(number % 200).1" }

  mutating func open(
    _ version: Version, by number: Int = 1, from remote: String? = nil, isRelayed: Bool = false,
    at now: Instant = .zero
  ) -> StreamHandle {
    streamNumber += 2
    let stream = StreamHandle(connection: ConnectionID(rawValue: UInt64(number)), stream: streamNumber)
    server.streamOpened(
      stream, version, by: peer(number), from: address(remote ?? "/ip4/\(Self.ip(number))/tcp/9"),
      isRelayed: isRelayed, at: now)
    return stream
  }

  mutating func send(_ bytes: ByteBuffer, on stream: StreamHandle, at now: Instant = .zero) {
    var bytes = bytes
    server.receive(&bytes, from: stream, at: now)
    #expect(bytes.readableBytes == 0)
  }

  /// A whole request on a fresh stream, and what follows at once.
  @discardableResult
  mutating func ask(
    _ message: V2Message, by number: Int = 1, from remote: String? = nil, at now: Instant = .zero
  ) -> StreamHandle {
    let stream = open(.v2, by: number, from: remote, at: now)
    send(message.encoded, on: stream, at: now)
    pump()
    return stream
  }

  @discardableResult
  mutating func ask(
    _ message: V1Message, by number: Int = 1, from remote: String? = nil, at now: Instant = .zero
  ) -> StreamHandle {
    let stream = open(.v1, by: number, from: remote, at: now)
    send(message.encoded, on: stream, at: now)
    pump()
    return stream
  }

  mutating func pump() {
    events = []
    while let event = server.nextEvent() {
      if case .consumed = event { continue }
      events.append(event)
    }
  }

  mutating func advance(to now: Instant) {
    server.advance(to: now)
    pump()
  }

  // What happened since the last pump.

  var dials: [(key: DialKey, address: Multiaddr, peer: PeerID)] {
    events.compactMap {
      if case .dial(let key, let address, let peer) = $0 { (key, address, peer) } else { nil }
    }
  }
  var dialled: [Multiaddr] { dials.map(\.address) }

  func written(on stream: StreamHandle) throws -> [ByteBuffer] {
    var all = ByteBuffer()
    for case .write(let bytes, stream) in events { all.writeImmutableBuffer(bytes) }
    return try all.bodies()
  }

  /// The only thing said on a stream, which is finished with it.
  func v2Answer(on stream: StreamHandle) throws -> V2Message {
    #expect(events.contains(.finish(stream)))
    let bodies = try written(on: stream)
    #expect(bodies.count == 1)
    return try V2Message(decoding: #require(bodies.first))
  }

  func v1Answer(on stream: StreamHandle) throws -> V1Message {
    #expect(events.contains(.finish(stream)))
    let bodies = try written(on: stream)
    #expect(bodies.count == 1)
    return try V1Message(decoding: #require(bodies.first))
  }

  mutating func v1Answer(to message: V1Message, by number: Int = 1) throws -> V1Message {
    let stream = ask(message, by: number)
    return try v1Answer(on: stream)
  }

  mutating func v2Answer(to message: V2Message, by number: Int = 1) throws -> V2Message {
    let stream = ask(message, by: number)
    return try v2Answer(on: stream)
  }

  /// What the server demands before it dials.
  func demanded(on stream: StreamHandle) throws -> (index: UInt32, bytes: UInt64) {
    guard
      case .dialDataRequest(let index, let bytes) = try V2Message(
        decoding: #require(written(on: stream).first))
    else {
      Issue.record("no demand for data")
      return (0, 0)
    }
    return (index, bytes)
  }

  /// Answers the one dial there is, and the stream that is asked for on it.
  mutating func reach(_ connection: UInt64 = 1000, at now: Instant = .zero) throws -> StreamHandle {
    let dial = try #require(dials.first)
    let connection = ConnectionID(rawValue: connection)
    server.dialed(dial.key, on: connection, at: now)
    pump()
    let opens = events.compactMap { event -> OpenID? in
      guard case .open(let open, .autoNATDialBack, connection) = event else { return nil }
      return open
    }
    let stream = StreamHandle(connection: connection, stream: 1)
    server.opened(try #require(opens.first), as: stream, at: now)
    pump()
    return stream
  }
}

/// One client, spoken to by hand. The stream of a question has the number of its `OpenID`.
struct Asker {
  var client: Client
  var events: [Client.Event] = []
  /// Whether the other side finishes streams that we have finished.
  var endsStreams = true
  private var streamNumber: UInt32 = 1000
  private var clock = Instant.zero

  static let home = "/ip4/70.1.2.3/tcp/4001"

  init(
    _ candidates: [Candidate] = [Candidate(address(home), .announced)], boot: Bool = true,
    _ change: (inout ClientConfiguration) -> Void = { _ in }
  ) {
    var configuration = ClientConfiguration()
    change(&configuration)
    client = Client(
      own: peer(0), configuration: configuration, generator: SeededGenerator(seed: 7), now: .zero)
    client.candidatesChanged(candidates, at: .zero)
    if boot { client.advance(to: ms(2000)) }
    pump()
  }

  /// Streams that are asked for and not yet opened are kept in view.
  mutating func pump() {
    events = events.filter { if case .open = $0 { true } else { false } }
    while let event = client.nextEvent() {
      if case .consumed = event { continue }
      events.append(event)
      if case .finish(let stream) = event, endsStreams { client.streamEnded(stream, at: clock) }
    }
  }

  mutating func advance(to now: Instant) {
    clock = now
    client.advance(to: now)
    pump()
  }

  /// A server in a network of its own number.
  mutating func find(
    _ number: Int, _ versions: Set<Version> = [.v2], at remote: String? = nil, now: Instant = ms(2000)
  ) {
    clock = now
    client.serverFound(
      peer(number), speaks: versions, at: address(remote ?? "/ip4/45.\(number).0.1/tcp/4001"), now: now)
    pump()
  }

  struct Asked {
    let server: PeerID
    let stream: StreamHandle
    let v1: V1Message?
    let v2: V2Message?

    var addresses: [Multiaddr] {
      if case .dialRequest(let addresses, _)? = v2 { return addresses.compactMap { $0 } }
      if case .dial(_, let addresses)? = v1 { return addresses }
      return []
    }
    var nonce: UInt64 {
      guard case .dialRequest(_, let nonce)? = v2 else { return 0 }
      return nonce
    }
  }

  /// The streams that were asked for at the last step, opened, and what was said on them.
  mutating func asked(at now: Instant = ms(2000)) throws -> [Asked] {
    let opens = events.compactMap { event -> (OpenID, ProtocolName, PeerID)? in
      if case .open(let open, let name, let peer) = event { (open, name, peer) } else { nil }
    }
    events = []
    clock = now
    var all: [Asked] = []
    for (open, name, server) in opens {
      let stream = StreamHandle(
        connection: ConnectionID(rawValue: 1), stream: UInt32(truncatingIfNeeded: open.rawValue))
      client.opened(open, as: stream, at: now)
      pump()
      let body = try #require(written(on: stream).first)
      all.append(
        Asked(
          server: server, stream: stream, v1: name == .autoNAT ? try V1Message(decoding: body) : nil,
          v2: name == .autoNATDialRequest ? try V2Message(decoding: body) : nil))
    }
    return all
  }

  mutating func theQuestion(at now: Instant = ms(2000)) throws -> Asked {
    let asked = try asked(at: now)
    #expect(asked.count == 1)
    return try #require(asked.first)
  }

  func written(on stream: StreamHandle) throws -> [ByteBuffer] {
    var all = ByteBuffer()
    for case .write(let bytes, stream) in events { all.writeImmutableBuffer(bytes) }
    return try all.bodies()
  }

  mutating func send(_ bytes: ByteBuffer, on stream: StreamHandle, at now: Instant = ms(2000)) {
    var bytes = bytes
    clock = now
    client.receive(&bytes, from: stream, at: now)
    #expect(bytes.readableBytes == 0)
    pump()
  }

  mutating func answer(_ message: V2Message, _ asked: Asked, at now: Instant = ms(2000)) {
    send(message.encoded, on: asked.stream, at: now)
  }

  /// A dial-back stream with this nonce on it.
  @discardableResult
  mutating func dialBack(
    _ nonce: UInt64, to local: String = "/ip4/192.168.1.2/tcp/4001", isInbound: Bool = true,
    at now: Instant = ms(2000)
  ) -> StreamHandle {
    streamNumber += 1
    let stream = StreamHandle(connection: ConnectionID(rawValue: 2), stream: streamNumber)
    client.streamOpened(stream, local: address(local), isInbound: isInbound, at: now)
    send(DialBackMessage.encoded(nonce: nonce), on: stream, at: now)
    return stream
  }

  /// The server of this question reaches us and says so.
  mutating func prove(_ asked: Asked, at now: Instant = ms(2000)) {
    dialBack(asked.nonce, at: now)
    answer(.answer(0, .ok), asked, at: now)
  }

  var reachability: Reachability { client.reachability }
}
