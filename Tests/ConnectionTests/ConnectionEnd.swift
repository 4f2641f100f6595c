@testable import Connection
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire
import Yamux

/// One side of a connection under test: it records what happens, consumes what it gets, and echoes on
/// request.
struct ConnectionEnd: StreamEnd, ~Copyable {
  var connection: Connection
  var events: [Connection.Event] = []
  var failure: ConnectionError?
  /// Bytes received, by stream.
  var received: [StreamID: [UInt8]] = [:]
  var keyLog: [String] = []
  /// Answers every byte on an inbound stream with itself, and its end with an end.
  var echoes = false
  /// Gives window back for what it receives.
  var consumes = true
  var answeredAt: Instant?

  init(
    _ role: Role, _ identity: KeyPair, expecting: PeerID? = nil, supported: Set<ProtocolName> = [.echo],
    configuration: Connection.Configuration = .init(), entropySeed: UInt8 = 1, now: Instant = .zero
  ) {
    connection = Connection(
      role: role, identity: identity, expectedPeer: expecting, supported: supported,
      configuration: configuration,
      entropy: (0..<64).map { UInt8($0) &+ entropySeed &* 64 &+ (role == .initiator ? 0 : 128) }, now: now)
  }

  mutating func receive(_ bytes: consuming ByteBuffer, at now: Instant) {
    do throws(ConnectionError) {
      try connection.receive(bytes, at: now)
    } catch {
      failure = failure ?? error
    }
  }

  mutating func advance(to now: Instant) {
    guarded { end throws(ConnectionError) in try end.connection.advance(to: now) }
  }

  var deadline: Instant? { connection.deadline }

  mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    while let line = connection.nextKeyLogLine() { keyLog.append(line) }
    return connection.drainOutbound(into: &wire, maxBytes: wire.readableBytes + 64 * 1024)
  }

  mutating func settle(at now: Instant) {
    guarded { end throws(ConnectionError) in
      while let event = try end.connection.nextEvent() { end.note(event, at: now) }
    }
  }

  private mutating func note(_ event: Connection.Event, at now: Instant) {
    events.append(event)
    switch event {
    case .data(let id, let bytes):
      answeredAt = answeredAt ?? now
      received[id, default: []].append(contentsOf: bytes.readableBytesView)
      if consumes { connection.consumed(bytes.readableBytes, on: id) }
      if echoes { try? connection.write(bytes, to: id) }
    case .remoteFinished(let id):
      if echoes { connection.finish(id) }
    default: break
    }
  }

  private mutating func guarded(_ body: (inout ConnectionEnd) throws(ConnectionError) -> Void) {
    do throws(ConnectionError) {
      try body(&self)
    } catch {
      failure = failure ?? error
    }
  }

  // MARK: What happened

  var peer: PeerID? {
    for case .established(let peer, _, _) in events { return peer }
    return nil
  }

  var muxerNegotiation: Connection.MuxerNegotiation? {
    for case .established(_, _, let negotiation) in events { return negotiation }
    return nil
  }

  var closed: Set<StreamID> {
    var ids: Set<StreamID> = []
    for case .streamClosed(let id, _) in events { ids.insert(id) }
    return ids
  }

  /// Opens a stream and sends at once, without waiting for the agreement.
  mutating func say(_ text: String, over name: ProtocolName = .echo, finish: Bool = false) throws -> StreamID
  {
    let id = try connection.openStream([name])
    try connection.write(ByteBuffer(string: text), to: id)
    if finish { connection.finish(id) }
    return id
  }

  /// Opens a stream that begins to name its protocol and never ends.
  mutating func openMute() throws -> StreamID {
    let id = try #require(try connection.yamux?.open())
    try connection.yamux?.write(ByteBuffer(string: "\u{13}/multi"), to: id)
    return id
  }
}

extension ProtocolName {
  static let echo: ProtocolName = "/test/echo/1"
}

typealias ConnectionPair = VirtualPair<ConnectionEnd, ConnectionEnd>

enum Keys {
  static let alice = key(1)
  static let bob = key(2)
  static let mallory = key(3)

  private static func key(_ byte: UInt8) -> KeyPair {
    do { return try KeyPair(seed: [UInt8](repeating: byte, count: 32)) } catch { fatalError("\(error)") }
  }
}

/// Alice dials Bob, who echoes.
func dial(
  expecting peer: PeerID? = Keys.bob.peerID, latency: Duration = .milliseconds(10),
  chunking: Chunking = .whole,
  seed: UInt64 = 1, alice: Connection.Configuration = .init(), bob: Connection.Configuration = .init()
) -> ConnectionPair {
  var responder = ConnectionEnd(.responder, Keys.bob, configuration: bob)
  responder.echoes = true
  return ConnectionPair(
    ConnectionEnd(.initiator, Keys.alice, expecting: peer, configuration: alice), responder,
    latency: latency, chunking: chunking, seed: seed)
}
