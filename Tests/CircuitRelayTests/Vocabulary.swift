// The words the relay tests are written in.

import CircuitRelay
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

func ms(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

/// The `number`th of some peers.
func keys(_ number: Int) -> KeyPair {
  let seed = [UInt8](repeating: UInt8(number & 0xFF), count: 31) + [UInt8(number >> 8 & 0xFF)]
  guard let keys = try? KeyPair(seed: seed) else { preconditionFailure("32 bytes make a key") }
  return keys
}

func peer(_ number: Int) -> PeerID { keys(number).peerID }

func address(_ text: String) -> Multiaddr {
  guard let address = try? Multiaddr(text) else { preconditionFailure("not an address: \(text)") }
  return address
}

func buffer(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

/// The body of the one frame in `frame`.
func body(_ frame: ByteBuffer) throws -> ByteBuffer {
  var frames = LengthPrefixedFrames(maxBytes: messageBytesMax)
  var frame = frame
  frames.receive(&frame)
  let body = try #require(try frames.nextFrame())
  #expect(frames.isAtBoundary)
  return body
}

/// Unix time at the beginning of every test.
let epochMs: Int64 = 1_700_000_000_000

/// One relay, spoken to by hand: every peer has one connection, of its own number.
struct Desk {
  var service: Service
  let relay = keys(200)
  var events: [Service.Event] = []
  private var streamNumber: UInt32 = 0

  init(_ change: (inout ServiceConfiguration) -> Void = { _ in }) {
    var configuration = ServiceConfiguration()
    change(&configuration)
    service = Service(keyPair: relay, configuration: configuration, now: .zero)
    service.announce([address("/ip4/45.1.2.3/tcp/4001")])
  }

  mutating func connect(_ number: Int, from remote: String? = nil, isRelayed: Bool = false) {
    service.peerConnected(
      peer(number), on: ConnectionID(rawValue: UInt64(number)), local: address("/ip4/45.1.2.3/tcp/4001"),
      remote: address(remote ?? "/ip4/\(60 + number % 100).0.0.1/tcp/9"), isRelayed: isRelayed)
  }

  /// A hop stream by a peer.
  mutating func open(_ number: Int, at now: Instant = .zero) -> StreamHandle {
    streamNumber += 2
    let stream = StreamHandle(connection: ConnectionID(rawValue: UInt64(number)), stream: streamNumber)
    service.streamOpened(stream, at: now)
    return stream
  }

  mutating func send(_ bytes: ByteBuffer, on stream: StreamHandle, at now: Instant = .zero) {
    var bytes = bytes
    service.receive(&bytes, from: stream, nowMs: epochMs, at: now)
    #expect(bytes.readableBytes == 0)
  }

  /// Everything the service has to say now: its events, and its bytes by stream.
  mutating func pump(at now: Instant = .zero) -> [StreamHandle: ByteBuffer] {
    var sent: [StreamHandle: ByteBuffer] = [:]
    events = []
    while true {
      let before = events.count
      while let event = service.nextEvent() { events.append(event) }
      guard let stream = service.nextStreamWithOutbound() else {
        if events.count == before { return sent }
        continue
      }
      if let chunk = service.nextChunk(for: stream, maxBytes: 100_000, at: now) {
        sent[stream, default: ByteBuffer()].writeImmutableBuffer(chunk)
      }
    }
  }

  /// What a request on a fresh stream is answered with.
  mutating func ask(
    _ message: HopMessage, by number: Int, at now: Instant = .zero
  ) throws -> HopMessage {
    try ask(message.encoded, by: number, at: now)
  }

  mutating func ask(_ bytes: ByteBuffer, by number: Int, at now: Instant = .zero) throws -> HopMessage {
    let stream = open(number, at: now)
    send(bytes, on: stream, at: now)
    let answer = try #require(pump(at: now)[stream])
    #expect(events.contains(.finish(stream)))
    service.remoteFinished(stream, at: now)
    service.streamEnded(stream, wasReset: false, at: now)
    return try HopMessage(decoding: body(answer))
  }

  mutating func status(_ message: HopMessage, by number: Int, at now: Instant = .zero) throws -> Status {
    guard case .status(let status, _, _) = try ask(message, by: number, at: now) else {
      Issue.record("no status")
      return .other(0)
    }
    return status
  }

  /// Both streams of a circuit that is being asked for.
  mutating func asks(
    _ number: Int, for target: Int, at now: Instant = .zero
  ) throws -> (hop: StreamHandle, stop: StreamHandle) {
    let hop = open(number, at: now)
    send(HopMessage.connect(to: peer(target)).encoded, on: hop, at: now)
    _ = pump(at: now)
    let wish = events.compactMap { event -> (OpenID, ConnectionID)? in
      if case .openStop(let open, let connection) = event { (open, connection) } else { nil }
    }
    let (open, connection) = try #require(wish.first)
    #expect(connection == ConnectionID(rawValue: UInt64(target)))
    streamNumber += 1
    let stop = StreamHandle(connection: connection, stream: streamNumber * 2 + 1)
    service.opened(open, as: stop, at: now)
    let announced = try #require(pump(at: now)[stop])
    #expect(
      try StopMessage(decoding: body(announced))
        == .connect(from: peer(number), service.configuration.circuitLimit))
    return (hop, stop)
  }

  /// Both streams of an open circuit.
  mutating func circuit(
    from number: Int, to target: Int, at now: Instant = .zero
  ) throws -> (hop: StreamHandle, stop: StreamHandle) {
    let (hop, stop) = try asks(number, for: target, at: now)
    send(StopMessage.status(.ok).encoded, on: stop, at: now)
    let answer = try #require(pump(at: now)[hop])
    #expect(
      try HopMessage(decoding: body(answer)) == .status(.ok, nil, service.configuration.circuitLimit))
    return (hop, stop)
  }
}
