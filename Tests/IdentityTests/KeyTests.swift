import SansIO
import TestKit
import Testing
import Wire

@testable import Identity

private func pair(_ number: UInt8) throws -> KeyPair {
  try KeyPair(seed: [UInt8](repeating: number, count: 32))
}

@Suite struct KeyTests {
  @Test func thePublishedPrivateKeyGivesThePublishedPublicKey() throws {
    let keyPair = try KeyPair(protobuf: KeyVectors.ed25519Private)
    #expect(keyPair.publicKey.protobuf == KeyVectors.ed25519Public)
    #expect(keyPair.protobuf == KeyVectors.ed25519Private)
  }

  @Test(
    "RFC 8032, section 7.1",
    arguments: [
      (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        """
        e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
        5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
        """
      ),
      (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        """
        6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
        18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
        """
      ),
    ])
  func rfc8032(seed: String, publicKey: String, message: String, signature: String) throws {
    let keyPair = try KeyPair(seed: [UInt8](hex: seed))
    #expect(keyPair.publicKey.rawBytes.hex == publicKey)
    #expect(keyPair.sign([UInt8](hex: message)) == [UInt8](hex: signature))
    #expect(keyPair.publicKey.isValid(signature: [UInt8](hex: signature), of: [UInt8](hex: message)))
  }

  @Test func theOldFormOfAPrivateKeyIsRead() throws {
    let seedAndKey = [UInt8](KeyVectors.ed25519Private[4...])
    let old = [0x08, 0x01, 0x12, 0x60] + seedAndKey + seedAndKey[32...]
    #expect(try KeyPair(protobuf: old).protobuf == KeyVectors.ed25519Private)
  }

  @Test func halvesThatDoNotBelongTogetherAreRefused() throws {
    var foreign = KeyVectors.ed25519Private
    foreign[40] ^= 1
    #expect(throws: IdentityError.mismatchedPublicKey) { try KeyPair(protobuf: foreign) }

    let seedAndKey = [UInt8](KeyVectors.ed25519Private[4...])
    var old = [0x08, 0x01, 0x12, 0x60] + seedAndKey + seedAndKey[32...]
    old[99] ^= 1
    #expect(throws: IdentityError.mismatchedPublicKey) { try KeyPair(protobuf: old) }
  }

  @Test func privateKeysOfOtherKindsAreRefusedByName() {
    #expect(throws: IdentityError.unsupportedKeyKind(.secp256k1)) {
      try KeyPair(protobuf: KeyVectors.secp256k1Private)
    }
  }

  @Test("A damaged private key file is refused at every byte")
  func damagedPrivateKeys() {
    for bytes in KeyVectors.ed25519Private.truncations + KeyVectors.ed25519Private.bitFlips {
      #expect(throws: IdentityError.self) { try KeyPair(protobuf: bytes) }
    }
    #expect(throws: IdentityError.malformedKey) {
      try KeyPair(protobuf: KeyVectors.ed25519Private + [0x18, 0])
    }
  }

  @Test("Entropy is 32 bytes", arguments: [0, 31, 33, 64])
  func wrongSeeds(count: Int) {
    #expect(throws: IdentityError.wrongSeedSize(bytes: count)) {
      try KeyPair(seed: [UInt8](repeating: 0, count: count))
    }
  }

  @Test(
    "Keys of every kind are read, named and written back",
    arguments: [
      (KeyVectors.ed25519Public, KeyKind.ed25519), (KeyVectors.secp256k1Public, .secp256k1),
      (KeyVectors.ecdsaPublic, .ecdsa), (KeyVectors.rsaPublic, .rsa), (KeyVectors.rsa2048Public, .rsa),
    ])
  func everyKind(protobuf: [UInt8], kind: KeyKind) throws {
    let key = try PublicKey(protobuf: protobuf)
    #expect(key.kind == kind)
    #expect(key.protobuf == protobuf)
    #expect(key.peerID.bytes.first == (protobuf.count <= 42 ? 0x00 : 0x12))
  }

  @Test(
    "A key has one encoding",
    arguments: [
      ("1220", "0801"),  // out of order
      ("0881001220", ""),  // not minimal
      ("08011220", "1801"),  // with more
      ("080208011220", ""),  // twice
      ("1220", ""),  // without a kind
      ("08041220", ""),  // of an unknown kind
      ("0801", "1200"),  // without a key
    ])
  func oneEncoding(before: String, after: String) {
    let raw = [UInt8](KeyVectors.ed25519Public[4...])
    let key = before.hasSuffix("1220") ? raw : []
    #expect(throws: IdentityError.malformedKey) {
      try PublicKey(protobuf: [UInt8](hex: before) + key + [UInt8](hex: after))
    }
  }

  @Test("A damaged public key is refused, or is another key in its one encoding")
  func damagedPublicKeys() {
    for bytes in KeyVectors.ed25519Public.truncations {
      #expect(throws: IdentityError.malformedKey) { try PublicKey(protobuf: bytes) }
    }
    for bytes in KeyVectors.ed25519Public.bitFlips {
      guard let key = try? PublicKey(protobuf: bytes) else { continue }
      #expect(key.protobuf == bytes)
    }
  }

  @Test func hugeKeysAreRefusedBeforeTheyAreLookedInto() {
    let huge = [0x08, 0x00, 0x12, 0x80, 0x20] + [UInt8](repeating: 1, count: 4096)
    #expect(throws: IdentityError.tooLarge(limit: 1105)) { try PublicKey(protobuf: huge) }
    let small = [0x08, 0x00, 0x12, 0x10] + [UInt8](repeating: 1, count: 16)
    #expect(throws: IdentityError.malformedKey) { try PublicKey(protobuf: small) }
  }

  @Test func aSignatureIsForOneKeyAndOneMessage() throws {
    let message: [UInt8] = [1, 2, 3]
    let signature = try pair(1).sign(message)
    let key = try pair(1).publicKey
    try key.verify(signature: signature, of: message)
    #expect(try !pair(2).publicKey.isValid(signature: signature, of: message))
    #expect(throws: IdentityError.invalidSignature) { try key.verify(signature: signature, of: [1, 2]) }
    for bytes in signature.truncations + signature.bitFlips + [signature + [0]] {
      #expect(!key.isValid(signature: bytes, of: message))
    }
  }

  @Test(
    "No signature of another kind of key is valid",
    arguments: [KeyVectors.secp256k1Public, KeyVectors.rsaPublic])
  func otherKindsNeverVerify(protobuf: [UInt8]) throws {
    let key = try PublicKey(protobuf: protobuf)
    let signature = try pair(1).sign([])
    #expect(!key.isValid(signature: signature, of: []))
    #expect(throws: IdentityError.unsupportedKeyKind(key.kind)) {
      try key.verify(signature: signature, of: [])
    }
  }

  @Test func aKeyPairIsNeverPrinted() throws {
    let keyPair = try pair(7)
    var dumped = ""
    dump(keyPair, to: &dumped)
    for text in ["\(keyPair)", String(reflecting: keyPair), dumped] {
      #expect(text.contains("12D3KooW"))
      #expect(!text.contains("7, 7") && !text.contains("0707"))
    }
  }
}
