import SansIO
import TestKit
import Testing
import Wire

@testable import Identity

private let payload: [UInt8] = [1, 2, 3]
private let type: [UInt8] = [0x03, 0x01]

private func sealed(domain: String = "test") throws -> SignedEnvelope {
  try SignedEnvelope(
    sealing: payload, type: type, domain: domain, with: KeyPair(protobuf: KeyVectors.ed25519Private))
}

@Suite struct SignedEnvelopeTests {
  @Test func anEnvelopeComesBackAndOpens() throws {
    let envelope = try SignedEnvelope(decoding: sealed().encoded)
    #expect(try envelope == sealed())
    #expect(envelope.publicKey.protobuf == KeyVectors.ed25519Public)
    #expect(try envelope.opened(type: type, domain: "test") == payload)
  }

  @Test("The bytes are fields 1, 2, 3 and 5")
  func layout() throws {
    let encoded = try sealed().encoded.hex
    #expect(encoded.hasPrefix("0a24" + KeyVectors.ed25519Public.hex + "12020301" + "1a03010203" + "2a40"))
  }

  @Test("The signature covers domain, type and payload, each with its length")
  func signedBytes() throws {
    let envelope = try sealed()
    let signature = [UInt8](envelope.encoded.suffix(64))
    let signed = [4] + [UInt8]("test".utf8) + [2] + type + [3] + payload
    #expect(envelope.publicKey.isValid(signature: signature, of: signed))
  }

  @Test func aSignatureForOneDomainIsNoneForAnother() throws {
    #expect(throws: IdentityError.invalidSignature) { try sealed().opened(type: type, domain: "tes") }
    #expect(throws: IdentityError.unexpectedPayloadType) {
      try sealed().opened(type: [3, 2], domain: "test")
    }
  }

  @Test("A cut envelope does not decode") func truncations() throws {
    for bytes in try sealed().encoded.truncations {
      #expect(throws: IdentityError.self) {
        try SignedEnvelope(decoding: bytes).opened(type: type, domain: "test")
      }
    }
  }

  @Test("No flipped bit goes unnoticed") func bitFlips() throws {
    for bytes in try sealed().encoded.bitFlips {
      #expect(throws: IdentityError.self) {
        try SignedEnvelope(decoding: bytes).opened(type: type, domain: "test")
      }
    }
  }

  @Test func aHugeEnvelopeIsRefused() {
    #expect(throws: IdentityError.tooLarge(limit: SignedEnvelope.bytesMax)) {
      try SignedEnvelope(decoding: [UInt8](repeating: 0, count: SignedEnvelope.bytesMax + 1))
    }
  }

  @Test("Random bytes never trap", arguments: 0..<200 as Range<UInt64>)
  func randomBytes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let noise = generator.bytes(Int.random(in: 0...200, using: &generator))
    #expect(throws: IdentityError.self) { try SignedEnvelope(decoding: noise) }
  }
}
