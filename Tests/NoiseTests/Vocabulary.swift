import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import Noise

/// Bytes from hexadecimal text; white space is ignored.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func seed(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

/// The identities of the tests.
let alice = identity(1)
let bob = identity(2)
let mallory = identity(3)

private func identity(_ byte: UInt8) -> KeyPair {
  do { return try KeyPair(seed: seed(byte)) } catch { fatalError("\(error)") }
}

let yamux: ProtocolName = "/yamux/1.0.0"
let mplex: ProtocolName = "/mplex/6.7.0"

extension ByteBuffer {
  var allBytes: [UInt8] { Array(readableBytesView) }

  /// Where the first byte lies in memory.
  var address: UInt {
    withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
  }
}

extension Handshake {
  static func initiator(
    _ identity: KeyPair = alice, expecting peer: PeerID? = nil, muxers: [ProtocolName] = [],
    prologue: [UInt8] = []
  ) -> Handshake {
    Handshake(
      role: .initiator, identity: identity, staticSeed: seed(11), ephemeralSeed: seed(12), expectedPeer: peer,
      muxers: muxers, prologue: prologue)
  }

  static func responder(
    _ identity: KeyPair = bob, expecting peer: PeerID? = nil, muxers: [ProtocolName] = [],
    prologue: [UInt8] = []
  ) -> Handshake {
    Handshake(
      role: .responder, identity: identity, staticSeed: seed(21), ephemeralSeed: seed(22), expectedPeer: peer,
      muxers: muxers, prologue: prologue)
  }

  /// What it wants sent, length and all.
  mutating func sent() -> [UInt8] {
    var buffer = ByteBuffer()
    let hasOutbound = drainOutbound(into: &buffer)
    #expect(hasOutbound == (buffer.readableBytes > 0))
    return buffer.allBytes
  }

  /// Gives it bytes, and returns those it left.
  @discardableResult
  mutating func receive(_ bytes: [UInt8]) throws(NoiseError) -> [UInt8] {
    var buffer = ByteBuffer(bytes: bytes)
    try receive(&buffer)
    return buffer.allBytes
  }

  mutating func outcome() throws -> Outcome {
    let outcome = takeOutcome()
    return try #require(outcome)
  }

  mutating func keyLogLine() throws -> String {
    let line = nextKeyLogLine()
    return try #require(line)
  }

  mutating func keyLogLines() -> [String] {
    var lines: [String] = []
    while let line = nextKeyLogLine() { lines.append(line) }
    return lines
  }
}

/// The bytes of a whole handshake, and what both sides got out of it.
struct Run {
  var messages: [[UInt8]]
  var initiator: Handshake.Outcome
  var responder: Handshake.Outcome

  init(_ initiator: Handshake = .initiator(), _ responder: Handshake = .responder()) throws {
    var (initiator, responder) = (initiator, responder)
    let first = initiator.sent()
    #expect(try responder.receive(first) == [])
    let reply = responder.sent()
    #expect(try initiator.receive(reply) == [])
    let final = initiator.sent()
    #expect(try responder.receive(final) == [])
    messages = [first, reply, final]
    self.initiator = try initiator.outcome()
    self.responder = try responder.outcome()
    #expect(initiator.sent() == [] && responder.sent() == [])
  }

  /// The two ends of a session.
  static func sessions() throws -> (initiator: Session, responder: Session) {
    let run = try Run()
    return (run.initiator.session, run.responder.session)
  }
}

extension Session {
  /// One frame a plaintext.
  mutating func sealed(_ plaintexts: [UInt8]...) throws -> [UInt8] { try sealed(plaintexts) }

  mutating func sealed(_ plaintexts: [[UInt8]]) throws -> [UInt8] {
    var wire = ByteBuffer()
    for plaintext in plaintexts {
      let start = beginFrame(in: &wire)
      wire.writeBytes(plaintext)
      try sealFrame(start, in: &wire)
    }
    return wire.allBytes
  }

  mutating func opened(_ bytes: [UInt8]) throws -> [[UInt8]] {
    try receive(ByteBuffer(bytes: bytes))
    return plaintexts().map(\.allBytes)
  }

  mutating func plaintexts() -> [ByteBuffer] {
    var plaintexts: [ByteBuffer] = []
    while let plaintext = nextPlaintext() { plaintexts.append(plaintext) }
    return plaintexts
  }
}

/// The pattern alone, for peers that put something else into it than we would.
extension HandshakeState {
  static func initiator() -> HandshakeState {
    HandshakeState(role: .initiator, staticSeed: seed(31), ephemeralSeed: seed(32))
  }

  static func responder() -> HandshakeState {
    HandshakeState(role: .responder, staticSeed: seed(41), ephemeralSeed: seed(42))
  }
}

extension [UInt8] {
  /// With its length before it.
  var framed: [UInt8] { [UInt8(count >> 8), UInt8(count & 0xff)] + self }
  var unframed: [UInt8] { Array(dropFirst(2)) }

  func flipping(_ mask: UInt8, at index: Int) -> [UInt8] {
    var copy = self
    copy[index] ^= mask
    return copy
  }
}
