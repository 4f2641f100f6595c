import SansIO
import TestKit
import Testing

@testable import Wire

@Suite struct TextEncodingTests {
  @Test(
    "RFC 4648, section 10, without padding",
    arguments: [
      ("", "", "", ""), ("f", "my", "Zg", "66"), ("fo", "mzxq", "Zm8", "666f"),
      ("foo", "mzxw6", "Zm9v", "666f6f"), ("foob", "mzxw6yq", "Zm9vYg", "666f6f62"),
      ("fooba", "mzxw6ytb", "Zm9vYmE", "666f6f6261"), ("foobar", "mzxw6ytboi", "Zm9vYmFy", "666f6f626172"),
    ])
  func rfc4648(plain: String, base32: String, base64: String, base16: String) throws {
    let bytes = [UInt8](plain.utf8)
    #expect(Base32.encode(bytes) == base32)
    #expect(Base64URL.encode(bytes) == base64)
    #expect(Base16.encode(bytes) == base16)
    #expect(try Base32.decode(base32) == bytes)
    #expect(try Base32.decode(base32.uppercased()) == bytes)
    #expect(try Base64URL.decode(base64) == bytes)
    #expect(try Base16.decode(base16.uppercased()) == bytes)
  }

  @Test(
    "draft-msporny-base58, section 5",
    arguments: [
      ("48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"),
      (
        "54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e",
        "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"
      ),
      ("0000287fb4cd", "11233QC4"), ("", ""), ("00", "1"), ("0000", "11"),
    ])
  func base58(hex: String, text: String) throws {
    #expect(Base58.encode([UInt8](hex: hex)) == text)
    #expect(try Base58.decode(text) == [UInt8](hex: hex))
  }

  @Test(
    "multibase, tests/basic.csv and tests/leading_zero.csv",
    arguments: [
      ("yes mani !", "f796573206d616e692021"), ("yes mani !", "F796573206D616E692021"),
      ("yes mani !", "bpfsxgidnmfxgsibb"), ("yes mani !", "BPFSXGIDNMFXGSIBB"),
      ("yes mani !", "k2lcpzo5yikidynfl"), ("yes mani !", "K2LCPZO5YIKIDYNFL"),
      ("yes mani !", "z7paNL19xttacUY"), ("yes mani !", "ueWVzIG1hbmkgIQ"),
      ("\0yes mani !", "bab4wk4zanvqw42jaee"), ("\0yes mani !", "k02lcpzo5yikidynfl"),
      ("\0yes mani !", "z17paNL19xttacUY"),
    ])
  func multibase(plain: String, text: String) throws {
    #expect(try Multibase.decode(text.utf8) == [UInt8](plain.utf8))
  }

  @Test(
    "What no encoder writes is refused",
    arguments: [
      "b1", "b=", "bmy=", "bmz", "ba", "baaa", "bé", "f0", "fxx", "k-", "z0", "zO", "zI", "zl", "uZh", "uZ",
      "u+", "",
    ])
  func strictness(text: String) {
    #expect(throws: WireError.self) { try Multibase.decode(text.utf8) }
  }

  @Test("Big-number text is bounded, because its cost is the square of its length")
  func boundedLength() throws {
    #expect(try Base58.decode(String(repeating: "z", count: 256)).count < 256)
    #expect(throws: WireError.textTooLong(limit: 256)) {
      try Base58.decode(String(repeating: "z", count: 257))
    }
  }

  @Test("Round trips", arguments: 0..<32 as Range<UInt64>)
  func roundTrips(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for length in 0..<64 {
      let bytes = [UInt8](repeating: 0, count: length % 5) + generator.bytes(length)
      #expect(try Base58.decode(Base58.encode(bytes)) == bytes)
      #expect(try Base32.decode(Base32.encode(bytes)) == bytes)
      #expect(try Base64URL.decode(Base64URL.encode(bytes)) == bytes)
      #expect(try Base16.decode(Base16.encode(bytes)) == bytes)
      #expect(try Multibase.decode("k\(Base36.radix.encode(bytes))".utf8) == bytes)
    }
  }

  @Test("What decodes is the encoding of what it decodes to", arguments: 0..<32 as Range<UInt64>)
  func decodedTextIsCanonical(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let alphabet = [UInt8]("abcdefghijklmnopqrstuvwxyz234567".utf8)
    for _ in 0..<200 {
      let length = Int.random(in: 0...12, using: &generator)
      let text = String(decoding: generator.bytes(length).map { alphabet[Int($0) % 32] }, as: UTF8.self)
      if let bytes = try? Base32.decode(text) { #expect(Base32.encode(bytes) == text) }
      if let bytes = try? Base64URL.decode(text) { #expect(Base64URL.encode(bytes) == text) }
      if let bytes = try? Base58.decode(text) { #expect(Base58.encode(bytes) == text) }
    }
  }
}
