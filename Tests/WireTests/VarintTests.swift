import NIOCore
import SansIO
import TestKit
import Testing

@testable import Wire

private func encoded(_ value: UInt64) -> [UInt8] {
  var buffer = ByteBuffer()
  Varint.encode(value, into: &buffer)
  return [UInt8](buffer: buffer)
}

private func decoded(_ bytes: [UInt8]) throws -> UInt64? {
  var buffer = ByteBuffer(bytes: bytes)
  return try Varint.decode(&buffer)
}

@Suite struct VarintTests {
  @Test(
    "The specification's examples",
    arguments: [
      (0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (255, "ff01"), (300, "ac02"), (16384, "808001"),
      (Varint.max, "ffffffffffffffff7f"),
    ] as [(UInt64, String)])
  func examples(value: UInt64, hex: String) throws {
    #expect(encoded(value) == [UInt8](hex: hex))
    #expect(try decoded([UInt8](hex: hex)) == value)
    #expect(Varint.size(of: value) == hex.count / 2)
  }

  @Test("Both encoders agree on every size")
  func encodersAgree() {
    for bits in 0..<63 {
      for value in [UInt64(1) << bits, (UInt64(1) << bits) - 1, (UInt64(1) << bits) + 1] {
        var bytes: [UInt8] = []
        Varint.encode(value, into: &bytes)
        #expect(bytes == encoded(value))
        #expect(bytes.count == Varint.size(of: value))
      }
    }
  }

  @Test("A part is not an error and takes nothing", arguments: ["", "80", "ffff", "ffffffffffffffff"])
  func part(hex: String) throws {
    var buffer = ByteBuffer(bytes: [UInt8](hex: hex))
    let before = buffer
    #expect(try Varint.decode(&buffer) == nil)
    #expect(buffer == before)
    var slice = [UInt8](hex: hex)[...]
    #expect(throws: WireError.truncated) { try Varint.decode(&slice) }
  }

  @Test("A longer form than needed is refused", arguments: ["8000", "808000", "ff00", "808080808080808000"])
  func notMinimal(hex: String) {
    #expect(throws: WireError.varintNotMinimal) { try decoded([UInt8](hex: hex)) }
  }

  @Test(
    "More than nine bytes are refused, before a tenth has come",
    arguments: [
      "808080808080808080", "80808080808080808001", "ffffffffffffffffff01", "ffffffffffffffffffffffff",
    ])
  func tooLong(hex: String) {
    #expect(throws: WireError.varintTooLong) { try decoded([UInt8](hex: hex)) }
  }

  @Test("What follows stays in the buffer")
  func leavesTheRest() throws {
    var buffer = ByteBuffer(bytes: [0xAC, 0x02, 0x09])
    #expect(try Varint.decode(&buffer) == 300)
    #expect([UInt8](buffer: buffer) == [9])
  }

  @Test("Round trips", arguments: 0..<64 as Range<UInt64>)
  func roundTrips(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let value = generator.next() >> UInt64.random(in: 1...63, using: &generator)
      #expect(try decoded(encoded(value)) == value)
    }
  }

  @Test("Random bytes give a value in its one form, an error, or a wait", arguments: 0..<64 as Range<UInt64>)
  func randomBytes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let bytes = generator.bytes(Int.random(in: 0...12, using: &generator))
      guard let value = try? decoded(bytes) else { continue }
      #expect(bytes.starts(with: encoded(value)))
    }
  }
}
