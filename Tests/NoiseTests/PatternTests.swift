import Testing
import Wire

@testable import Noise

@Suite struct PatternTests {
  @Test(arguments: Vector.all) func `published handshakes and their transport messages`(vector: Vector) throws
  {
    var initiator = HandshakeState(
      role: .initiator, staticSeed: vector.initiatorStatic, ephemeralSeed: vector.initiatorEphemeral,
      prologue: vector.prologue)
    var responder = HandshakeState(
      role: .responder, staticSeed: vector.responderStatic, ephemeralSeed: vector.responderEphemeral,
      prologue: vector.prologue)
    let (first, reply, final) = (vector.messages[0], vector.messages[1], vector.messages[2])

    #expect(try initiator.write(first.payload) == first.ciphertext)
    #expect(try responder.read(first.ciphertext) == .first(payload: first.payload))
    #expect(try responder.write(reply.payload) == reply.ciphertext)
    #expect(
      try initiator.read(reply.ciphertext)
        == .reply(payload: reply.payload, remoteStatic: responder.staticPublicKey))
    #expect(try initiator.write(final.payload) == final.ciphertext)
    #expect(
      try responder.read(final.ciphertext)
        == .final(payload: final.payload, remoteStatic: initiator.staticPublicKey))

    #expect(initiator.hash == responder.hash)
    if let hash = vector.handshakeHash { #expect(initiator.hash == hash) }
    try expectTransport(vector, try #require(initiator.transportKeys), try #require(responder.transportKeys))
  }

  private func expectTransport(_ vector: Vector, _ ours: TransportKeys, _ theirs: TransportKeys) throws {
    var sealing: [Role: CipherState] = [
      .initiator: CipherState(key: ours.initiatorToResponder),
      .responder: CipherState(key: theirs.responderToInitiator),
    ]
    var opening: [Role: CipherState] = [
      .initiator: CipherState(key: theirs.initiatorToResponder),
      .responder: CipherState(key: ours.responderToInitiator),
    ]
    var sender = vector.firstTransportSender
    for message in vector.messages.dropFirst(3) {
      #expect(try sealing[sender]?.seal(message.payload) == message.ciphertext)
      #expect(try opening[sender]?.open(message.ciphertext) == message.payload)
      sender = sender.opposite
    }
  }

  @Test func `each side knows which message is next`() throws {
    var initiator = HandshakeState.initiator()
    var responder = HandshakeState.responder()
    #expect(initiator.awaited == nil && responder.awaited == .first)
    _ = try responder.read(initiator.write([]))
    #expect(initiator.awaited == .reply && responder.awaited == nil)
    _ = try initiator.read(responder.write([]))
    #expect(initiator.awaited == nil && responder.awaited == .final)
    _ = try responder.read(initiator.write([]))
    #expect(initiator.awaited == nil && responder.awaited == nil)
  }

  @Test func `every truncated message is refused`() throws {
    var initiator = HandshakeState.initiator()
    var responder = HandshakeState.responder()
    let first = try initiator.write([])
    expectTruncationsRefused(responder, first, .first)
    _ = try responder.read(first)
    let reply = try responder.write([1, 2, 3])
    expectTruncationsRefused(initiator, reply, .reply)
    _ = try initiator.read(reply)
    expectTruncationsRefused(responder, try initiator.write([1, 2, 3]), .final)
  }

  private func expectTruncationsRefused(
    _ reader: HandshakeState, _ message: [UInt8], _ name: HandshakeMessage
  ) {
    for count in 0..<message.count {
      var reader = reader
      let error: NoiseError =
        count < name.bytesMin ? .messageTooShort(name, bytes: count) : .handshakeNotAuthentic(name)
      #expect(throws: error) { try reader.read(Array(message.prefix(count))) }
      #expect(reader.awaited == nil)
    }
  }

  /// The u coordinates of small order, and one that is not reduced (RFC 7748, section 6.1; Noise, section
  /// 12.1).
  @Test(arguments: [
    hex("0000000000000000000000000000000000000000000000000000000000000000"),
    hex("0100000000000000000000000000000000000000000000000000000000000000"),
    hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  ]) func `keys of small order are refused`(point: [UInt8]) throws {
    var responder = HandshakeState.responder()
    _ = try responder.read(point)
    #expect(throws: NoiseError.weakPublicKey(.first)) { try responder.write([]) }

    var initiator = HandshakeState.initiator()
    _ = try initiator.write([])
    let reply = point + [UInt8](repeating: 0, count: 64)
    #expect(throws: NoiseError.weakPublicKey(.reply)) { try initiator.read(reply) }
    #expect(DHKeyPair(seed: seed(1)).sharedSecret(with: point) == nil)
  }

  @Test func `a key that is no key`() {
    #expect(DHKeyPair(seed: seed(1)).sharedSecret(with: []) == nil)
    #expect(DHKeyPair(seed: seed(1)).sharedSecret(with: [UInt8](repeating: 9, count: 31)) == nil)
  }

  /// RFC 8439, section 2.8.2, with the nonce's fixed part as Noise has it would need another; so only the
  /// counter's place is pinned here: the same key and counter give the same bytes, another counter others.
  @Test func `each message has its own nonce`() throws {
    var first = CipherState(key: seed(7))
    var again = CipherState(key: seed(7), nonce: 1)
    _ = try first.seal([1])
    #expect(try first.seal([2]) == again.seal([2]))
    #expect(first.nonce == 2)
    var high = CipherState(key: seed(7), nonce: 1 << 32)
    #expect(try high.seal([2]) != CipherState(key: seed(7), nonce: 0).sealing([2]))
  }

  @Test func `a failed opening does not count`() throws {
    var sealing = CipherState(key: seed(7))
    var opening = CipherState(key: seed(7))
    let message = try sealing.seal([1, 2, 3], additionalData: [9])
    #expect(try opening.open(message) == nil)
    #expect(try opening.open(message, additionalData: [8]) == nil)
    #expect(try opening.open([], additionalData: [9]) == nil)
    #expect(try opening.open(Array(message.dropLast()), additionalData: [9]) == nil)
    #expect(opening.nonce == 0)
    #expect(try opening.open(message, additionalData: [9]) == [1, 2, 3])
    #expect(opening.nonce == 1)
  }

  @Test func `the last nonce is never used`() throws {
    var cipher = CipherState(key: seed(7), nonce: .max - 1)
    let message = try cipher.seal([1])
    #expect(throws: NoiseError.nonceExhausted) { try cipher.seal([2]) }
    #expect(throws: NoiseError.nonceExhausted) { try cipher.open(message) }
  }
}

extension CipherState {
  fileprivate func sealing(_ plaintext: [UInt8]) throws -> [UInt8] {
    var copy = self
    return try copy.seal(plaintext)
  }
}
