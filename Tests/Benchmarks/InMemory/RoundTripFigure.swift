import Connection
import Identity
import NIOCore
import SansIO
import TestKit
import Wire

/// How often a new connection waits for the other side before the first answer on a stream, counted in
/// virtual time.
enum RoundTripFigure {
  static func figures(_ effort: Effort) throws -> [Figure] {
    let latency = Duration.milliseconds(10)
    let (left, right) = (try KeyPair.bench(1), try KeyPair.bench(2))
    var pair = VirtualPair(
      AskingEnd(.initiator, left, expecting: right.peerID), AskingEnd(.responder, right, expecting: nil),
      latency: latency)
    guard pair.run(within: .seconds(5), until: { asking, _ in asking.answeredAt != nil }),
      let answeredAt = pair.left.answeredAt
    else { throw BenchError("no answer in virtual time: \(pair.left.failure ?? "no error")") }
    let waited = (answeredAt - .zero).milliseconds / (2 * latency.milliseconds)
    return [
      Figure(
        name: "connect + first byte answered, TCP's included", measured: 1 + waited, unit: "round trips",
        goal: .atMost(3), counted: "round-trips")
    ]
  }
}

/// The initiator asks one byte as early as it may; the responder gives it back.
private struct AskingEnd: StreamEnd, ~Copyable {
  private(set) var answeredAt: Instant?
  private(set) var failure: String?
  private var connection: Connection

  init(_ role: Role, _ identity: KeyPair, expecting peer: PeerID?) {
    connection = Connection(
      role: role, identity: identity, expectedPeer: peer, supported: [ConnectionPair.protocolName],
      configuration: .init(), entropy: [UInt8](repeating: role == .initiator ? 1 : 2, count: 64), now: .zero)
  }

  mutating func receive(_ bytes: consuming ByteBuffer, at now: Instant) {
    do { try connection.receive(bytes, at: now) } catch { failure = "\(error)" }
  }

  mutating func settle(at now: Instant) {
    do {
      while let event = try connection.nextEvent() { try take(event, at: now) }
    } catch {
      failure = "\(error)"
    }
  }

  mutating func advance(to now: Instant) {
    do { try connection.advance(to: now) } catch { failure = "\(error)" }
  }

  var deadline: Instant? { connection.deadline }

  mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    connection.drainOutbound(into: &wire, maxBytes: wire.readableBytes + ConnectionPair.flushBytes)
  }

  private mutating func take(_ event: Connection.Event, at now: Instant) throws {
    switch event {
    case .established:
      guard connection.role == .initiator else { return }
      let stream = try connection.openStream([ConnectionPair.protocolName])
      try connection.write(ByteBuffer(integer: 1 as UInt8), to: stream)
    case .data(let stream, let bytes):
      if connection.role == .initiator {
        answeredAt = answeredAt ?? now
      } else {
        try connection.write(bytes, to: stream)
      }
    case .streamOpened, .streamRefused, .remoteFinished, .writable, .streamClosed, .roundTrip, .goAway:
      break
    }
  }
}
