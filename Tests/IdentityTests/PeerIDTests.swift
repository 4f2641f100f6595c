import SansIO
import TestKit
import Testing
import Wire

@testable import Identity

private let someIDs = KeyVectors.peerIDs.map(\.base58) + [KeyVectors.ed25519PeerID]

@Suite struct PeerIDTests {
  @Test("Both texts name the same peer", arguments: KeyVectors.peerIDs)
  func bothTexts(base58: String, cid: String) throws {
    let peerID = try PeerID(base58)
    #expect(try PeerID(cid) == peerID)
    #expect(try PeerID(cid.uppercased()) == peerID)
    #expect(peerID.description == base58)
    #expect("b" + Base32.encode([0x01, 0x72] + peerID.bytes) == cid)
  }

  @Test func anEd25519KeyIsItsOwnName() throws {
    let key = try PublicKey(protobuf: KeyVectors.ed25519Public)
    #expect(key.peerID.bytes == [0x00, 0x24] + KeyVectors.ed25519Public)
    #expect(key.peerID.description.hasPrefix("12D3KooW"))
    #expect(try KeyPair(protobuf: KeyVectors.ed25519Private).peerID == key.peerID)
  }

  @Test func aLongKeyIsHashed() throws {
    let key = try PublicKey(protobuf: KeyVectors.rsaPublic)
    #expect(key.peerID.bytes == [0x12, 0x20] + Sodium.sha256(KeyVectors.rsaPublic))
    #expect(key.peerID.description.hasPrefix("Qm"))
  }

  @Test("FIPS 180-2, appendix B.1")
  func sha256() {
    #expect(
      Sodium.sha256([UInt8]("abc".utf8)).hex
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Sodium.sha256([]).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("Bytes come back", arguments: someIDs)
  func bytes(text: String) throws {
    let peerID = try PeerID(text)
    #expect(try PeerID(bytes: peerID.bytes) == peerID)
    #expect(try PeerID(multihash: Multihash(bytes: peerID.bytes)) == peerID)
  }

  @Test(
    "What names no peer is refused",
    arguments: [
      "", "1", "Q", "Qm", "b", "z", KeyVectors.fileCID, "12D3KooW", "hello", "Qm0",
      String(repeating: "1", count: 300),
      "bafz", "\u{0}", "🙂", "zQmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
    ])
  func invalidText(text: String) {
    #expect(throws: IdentityError.self) { try PeerID(text) }
  }

  @Test("A cut text is refused", arguments: someIDs + KeyVectors.peerIDs.map(\.cid))
  func truncatedText(text: String) {
    for bytes in [UInt8](text.utf8).truncations {
      #expect(throws: IdentityError.self) { try PeerID(String(decoding: bytes, as: UTF8.self)) }
    }
  }

  @Test("Damaged bytes are refused, or are another peer", arguments: someIDs)
  func damagedBytes(text: String) throws {
    let peerID = try PeerID(text)
    for bytes in peerID.bytes.truncations {
      #expect(throws: IdentityError.self) { try PeerID(bytes: bytes) }
    }
    for bytes in peerID.bytes.bitFlips {
      guard let other = try? PeerID(bytes: bytes) else { continue }
      #expect(other.bytes == bytes)
      #expect(other != peerID)
    }
  }

  @Test("Order, equality and bytes agree for every size", arguments: 0..<32 as Range<UInt64>)
  func order(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var peerIDs: [PeerID] = []
    for count in 1...38 {
      let digest = [0x08, UInt8(seed), 0x12, UInt8(count)] + generator.bytes(count).map { $0 & 1 }
      peerIDs.append(try PeerID(multihash: Multihash(code: Multihash.identityCode, digest: digest)))
    }
    peerIDs.append(try PeerID(multihash: Multihash(code: Multihash.sha256Code, digest: generator.bytes(32))))
    for left in peerIDs {
      for right in peerIDs {
        #expect((left < right) == left.bytes.lexicographicallyPrecedes(right.bytes))
        #expect((left == right) == (left.bytes == right.bytes))
      }
    }
  }

  @Test func errorsTellWhatAPeerIDLooksLike() {
    #expect(throws: IdentityError.malformedPeerID(.malformedPeerID)) { try PeerID("hello") }
    #expect(IdentityError.malformedPeerID(.malformedPeerID).description.contains("12D3KooW"))
    #expect(throws: IdentityError.malformedPeerID(.malformedText(base: "base58"))) { try PeerID("12D3KooW0") }
  }

  @Test func aPeerIDIsAFewWords() {
    #expect(MemoryLayout<PeerID>.size == 48)
    #expect(_isPOD(PeerID.self))
  }

  @Test func addressesLeadToPeers() throws {
    let peerID = try PeerID(KeyVectors.ed25519PeerID)
    let address = try Multiaddr("/ip4/192.0.2.1/tcp/4001")
    #expect(address.peerID == nil)
    #expect(try address.appending(peerID).peerID == peerID)
    #expect(try address.appending(peerID).description == "/ip4/192.0.2.1/tcp/4001/p2p/\(peerID)")
  }
}
