import SansIO
import TestKit
import Testing

@testable import Wire

private let sha256OfTest = "12209f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

@Suite struct MultihashTests {
  @Test func aHashSaysItsFunctionAndItsLength() throws {
    let hash = try Multihash(bytes: [UInt8](hex: sha256OfTest))
    #expect(hash.code == Multihash.sha256Code)
    #expect(hash.digest.count == 32)
    #expect(hash == Multihash(code: Multihash.sha256Code, digest: hash.digest))
    #expect(hash.isPeerID)
  }

  @Test(
    "A digest of another length than announced is refused",
    arguments: ["1203aabb", "1201aabb", "12", "", "1280"])
  func wrongLength(hex: String) {
    #expect(throws: WireError.self) { try Multihash(bytes: [UInt8](hex: hex)) }
  }

  @Test func everyTruncationIsRefused() {
    for bytes in [UInt8](hex: sha256OfTest).truncations {
      #expect(throws: WireError.self) { try Multihash(bytes: bytes) }
    }
  }

  @Test func onlyShortKeysAndWholeHashesArePeerIDs() {
    func isPeerID(_ code: UInt64, _ digest: [UInt8]) -> Bool {
      Multihash(code: code, digest: digest).isPeerID
    }
    func key(bytes count: Int) -> [UInt8] {
      [0x08, 0x01, 0x12, UInt8(count)] + [UInt8](repeating: 1, count: count)
    }
    func hash(bytes count: Int) -> [UInt8] { [UInt8](repeating: 1, count: count) }

    #expect(isPeerID(Multihash.identityCode, key(bytes: 32)))
    #expect(isPeerID(Multihash.identityCode, key(bytes: 38)))
    #expect(!isPeerID(Multihash.identityCode, key(bytes: 39)))
    #expect(!isPeerID(Multihash.identityCode, key(bytes: 0)))
    #expect(!isPeerID(Multihash.identityCode, []))
    #expect(!isPeerID(Multihash.identityCode, hash(bytes: 32)))
    for cut in key(bytes: 32).truncations { #expect(!isPeerID(Multihash.identityCode, cut)) }
    #expect(!isPeerID(Multihash.sha256Code, hash(bytes: 31)))
    #expect(isPeerID(Multihash.sha256Code, hash(bytes: 32)))
    #expect(!isPeerID(Multihash.sha256Code, hash(bytes: 33)))
    #expect(!isPeerID(0x13, hash(bytes: 32)))
  }

  @Test("A hash of an unknown function keeps its bytes", arguments: 0..<16 as Range<UInt64>)
  func roundTrips(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let digest = generator.bytes(Int.random(in: 0...200, using: &generator))
    let hash = Multihash(code: generator.next() >> 1, digest: digest)
    #expect(try Multihash(bytes: hash.bytes) == hash)
    #expect([UInt8](hash.digest) == digest)
  }
}
