import Identity
import NIOCore
import SansIO
import SwiftProtobuf
import Testing
import Wire

@testable import Noise

/// Payloads our own handshake would never send, sealed into a pattern that is right.
@Suite struct HandshakePayloadTests {
  /// What an initiator of ours says to a responder with this payload.
  private func initiator(
    hears payload: (_ staticKey: [UInt8]) -> [UInt8], muxers: [ProtocolName] = []
  ) throws -> Handshake.Outcome? {
    var initiator = Handshake.initiator(muxers: muxers)
    var forger = HandshakeState.responder()
    _ = try forger.read(initiator.sent().unframed)
    try initiator.receive(forger.write(payload(forger.staticPublicKey)).framed)
    return initiator.takeOutcome()
  }

  /// What a responder of ours says to an initiator with this payload.
  private func responder(
    hears payload: (_ staticKey: [UInt8]) -> [UInt8], muxers: [ProtocolName] = []
  ) throws -> Handshake.Outcome? {
    var responder = Handshake.responder(muxers: muxers)
    var forger = HandshakeState.initiator()
    try responder.receive(forger.write([]).framed)
    _ = try forger.read(responder.sent().unframed)
    try responder.receive(forger.write(payload(forger.staticPublicKey)).framed)
    return responder.takeOutcome()
  }

  private func expect(_ error: NoiseError, for payload: (_ staticKey: [UInt8]) -> [UInt8]) {
    #expect(throws: error) { try initiator(hears: payload) }
    #expect(throws: error) { try responder(hears: payload) }
  }

  private func expect(peer: PeerID, for payload: (_ staticKey: [UInt8]) -> [UInt8]) throws {
    #expect(try initiator(hears: payload)?.remotePeer == peer)
    #expect(try responder(hears: payload)?.remotePeer == peer)
  }

  /// An honest payload of mallory's, to be spoilt.
  private func honest(_ staticKey: [UInt8], _ change: (inout Noise_Payload) -> Void = { _ in }) -> [UInt8] {
    var payload = Noise_Payload()
    payload.identityKey = mallory.publicKey.protobuf.protobufBytes()
    let signature = mallory.sign(Array("noise-libp2p-static-key:".utf8) + staticKey)
    payload.identitySig = signature.protobufBytes()
    change(&payload)
    return payload.encodedBytes()
  }

  @Test func `the payload as the spec has it`() throws {
    try expect(peer: mallory.peerID) { honest($0) }
    let bytes = HandshakePayload.encode(identity: alice, staticKey: seed(9), muxers: [yamux])
    let key = alice.publicKey.protobuf
    let signature = alice.sign(Array("noise-libp2p-static-key:".utf8) + seed(9))
    let name = Array(yamux.rawValue.utf8)
    #expect(
      bytes == [0x0a, 36] + key + [0x12, 64] + signature + [0x22, 14, 0x12, 12] + name)
    #expect(HandshakePayload.encode(identity: alice, staticKey: seed(9), muxers: []).count == 2 + 36 + 2 + 64)
  }

  @Test func `a signature over anything else is refused`() {
    expect(.badSignature) { _ in honest(seed(99)) }
    expect(.badSignature) { key in honest(key) { $0.identitySig = mallory.sign(key).protobufBytes() } }
    expect(.badSignature) { honest($0) { $0.identityKey = bob.publicKey.protobuf.protobufBytes() } }
    expect(.badSignature) { honest($0) { $0.identitySig = [UInt8]().protobufBytes() } }
    expect(.badSignature) { honest($0) { $0.identitySig = [UInt8](repeating: 0, count: 65).protobufBytes() } }
  }

  @Test func `every flipped bit of the signature is refused`() throws {
    for index in 0..<64 {
      #expect(throws: NoiseError.badSignature) {
        try responder(hears: { key in
          honest(key) { payload in
            payload.identitySig = [UInt8](payload.identitySig).flipping(1, at: index).protobufBytes()
          }
        })
      }
    }
  }

  @Test func `what is missing is missed`() {
    expect(.malformedPayload) { _ in [] }
    expect(.malformedPayload) { honest($0) { $0.clearIdentityKey() } }
    expect(.malformedPayload) { honest($0) { $0.clearIdentitySig() } }
  }

  @Test func `what is no protobuf is refused, at every length`() throws {
    expect(.malformedPayload) { _ in [0xff] }
    expect(.malformedPayload) { honest($0) + [0x22, 5, 0x12, 3, 0xff, 0xfe, 0xfd] }  // not UTF-8
    expect(.malformedPayload) { honest($0) + [0x0b] }  // an unclosed group
    let length = honest(seed(1)).count
    for count in 0..<length {
      #expect(throws: NoiseError.malformedPayload) {
        try responder(hears: { Array(honest($0).prefix(count)) })
      }
    }
  }

  @Test func `keys that cannot be used`() {
    expect(.identityKey(.malformedKey)) { honest($0) { $0.identityKey = [1, 2, 3].protobufBytes() } }
    expect(.identityKey(.unsupportedKeyKind(.secp256k1))) {
      honest($0) { $0.identityKey = ([8, 2, 0x12, 33, 2] + seed(5)).protobufBytes() }
    }
  }

  @Test func `fields of others are ignored`() throws {
    try expect(peer: mallory.peerID) { honest($0) + [0x1a, 3, 1, 2, 3] }  // field 3, `data` of old versions
    try expect(peer: mallory.peerID) { honest($0) + [0xca, 0x3e, 1, 0] }  // field 1001
    try expect(peer: mallory.peerID) {
      honest($0) { $0.extensions.webtransportCerthashes = [[1, 2].protobufBytes()] }
    }
    try expect(peer: mallory.peerID) { honest($0) { $0.extensions = Noise_Extensions() } }
  }

  @Test func `a hundred muxers are compared, not one more`() throws {
    let names = (0..<99).map { "/muxer/\($0)" } + [yamux.rawValue]
    let hundred = { (key: [UInt8]) in self.honest(key) { $0.extensions.streamMuxers = names } }
    #expect(try initiator(hears: hundred, muxers: [yamux])?.muxer == yamux)
    #expect(try responder(hears: hundred, muxers: [yamux])?.muxer == yamux)
    expect(.tooManyMuxers(count: 101, countMax: 100)) { key in
      honest(key) { $0.extensions.streamMuxers = names + ["/one/more"] }
    }
  }

  @Test func `a payload of any length up to the limit`() throws {
    let padding = { (key: [UInt8], count: Int) in
      self.honest(key) {
        $0.extensions.webtransportCerthashes = [[UInt8](repeating: 1, count: count).protobufBytes()]
      }
    }
    let room = HandshakePayload.bytesMax - padding([], 8000).count + 8000
    try expect(peer: mallory.peerID) { padding($0, room) }
    #expect(throws: NoiseError.self) { try initiator(hears: { padding($0, room + 1) }) }
    #expect(throws: NoiseError.self) { try responder(hears: { padding($0, room + 1) }) }
  }
}
