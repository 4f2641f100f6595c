import SansIO
import TestKit
import Testing

@testable import Wire

/// Whatever is accepted must be the one encoding of what it says, in bytes and in text.
private func expectCanonicalIfValid(_ bytes: [UInt8]) throws {
  guard let address = try? Multiaddr(bytes: bytes) else { return }
  #expect(address.bytes == bytes)
  #expect(try Multiaddr(address.components).bytes == bytes)
  #expect(try Multiaddr(address.description).bytes == bytes, "\(bytes.hex)")
}

extension RandomNumberGenerator {
  fileprivate mutating func component() -> Multiaddr.Component {
    let host = "host-\(UInt8.random(in: 0...255, using: &self)).example"
    let port = UInt16.random(in: 0 ... .max, using: &self)
    let all: [Multiaddr.Component] = [
      .ip4(IPv4Address(rawValue: UInt32.random(in: 0 ... .max, using: &self))),
      .ip6(IPv6Address(upper: next() & next() & next(), lower: next() & next() & next())),
      .ip6zone("eth\(port)"), .ipcidr(UInt8.random(in: 0 ... .max, using: &self)),
      .dns(host), .dns4(host), .dns6(host), .dnsaddr(host), .sni("ü\(host)"),
      .tcp(port), .udp(port), .dccp(port), .sctp(port), .udt, .utp, .quic, .quicV1, .webtransport,
      .certhash(Multihash(code: Multihash.sha256Code, digest: bytes(32))),
      .webrtc, .webrtcDirect, .p2pWebrtcDirect, .tls, .noise, .http, .https, .ws, .wss,
      .p2p(Multihash(code: Multihash.sha256Code, digest: bytes(32))),
      .p2p(Multihash(code: Multihash.identityCode, digest: [8, 1, 0x12, 0x20] + bytes(32))), .p2pCircuit,
      .onion3(bytes(35), port: port | 1), .memory(next()),
    ]
    return all[Int.random(in: all.indices, using: &self)]
  }
}

@Suite struct MultiaddrHostileTests {
  @Test("Any address of known components survives text and bytes", arguments: 0..<200 as Range<UInt64>)
  func roundTrips(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var components = (0..<Int.random(in: 1...12, using: &generator)).map { _ in generator.component() }
    if Bool.random(using: &generator) { components.append(.unix("/run//x \(seed)")) }
    let address = try Multiaddr(components)
    #expect(address.components == components)
    #expect(try Multiaddr(bytes: address.bytes) == address)
    #expect(try Multiaddr(address.description) == address)
  }

  @Test(
    "A cut address is refused, or is what its whole components say", arguments: MultiaddrVectors.canonical)
  func truncations(text: String) throws {
    for bytes in try Multiaddr(text).bytes.truncations { try expectCanonicalIfValid(bytes) }
  }

  @Test("A flipped bit is refused, or makes another whole address", arguments: MultiaddrVectors.canonical)
  func bitFlips(text: String) throws {
    for bytes in try Multiaddr(text).bytes.bitFlips { try expectCanonicalIfValid(bytes) }
  }

  @Test("Cut text never traps", arguments: MultiaddrVectors.canonical + MultiaddrVectors.invalidTexts)
  func cutText(text: String) throws {
    for bytes in [UInt8](text.utf8).truncations + [UInt8](text.utf8).bitFlips {
      guard let address = try? Multiaddr(String(decoding: bytes, as: UTF8.self)) else { continue }
      try expectCanonicalIfValid(address.bytes)
    }
  }

  @Test("Random bytes behind every known code never trap", arguments: 0..<64 as Range<UInt64>)
  func randomBytes(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for known in MultiaddrProtocol.allCases {
      var bytes: [UInt8] = []
      Varint.encode(known.code, into: &bytes)
      try expectCanonicalIfValid(bytes + generator.bytes(Int.random(in: 0...50, using: &generator)))
    }
    try expectCanonicalIfValid(generator.bytes(Int.random(in: 0...100, using: &generator)))
  }

  @Test func aHugeAnnouncedSizeIsRefused() {
    var bytes: [UInt8] = [53]
    Varint.encode(Varint.max, into: &bytes)
    #expect(throws: WireError.truncated) { try Multiaddr(bytes: bytes + [1, 2, 3]) }
  }

  @Test func addressesAreBoundedInBytes() throws {
    let longest = "/dns/" + String(repeating: "x", count: Multiaddr.bytesMax - 3)
    #expect(try Multiaddr(longest).bytes.count == Multiaddr.bytesMax)
    #expect(throws: WireError.addressTooLong(limit: Multiaddr.bytesMax)) { try Multiaddr(longest + "x") }
    #expect(throws: WireError.addressTooLong(limit: Multiaddr.bytesMax)) {
      try Multiaddr(bytes: [UInt8](repeating: 0, count: Multiaddr.bytesMax + 1))
    }
    #expect(throws: WireError.addressTooLong(limit: Multiaddr.bytesMax)) {
      try Multiaddr(longest).appending(Multiaddr("/tcp/1"))
    }
    #expect(throws: WireError.textTooLong(limit: 3 * Multiaddr.bytesMax)) {
      try Multiaddr(String(repeating: "/", count: 100_000))
    }
  }

  @Test func addressesAreBoundedInComponents() throws {
    let limit = Multiaddr.componentsMax
    let most = String(repeating: "/p2p-webrtc-direct", count: limit)
    #expect(try Multiaddr(most).components.count == limit)
    #expect(throws: WireError.tooManyComponents(limit: limit)) { try Multiaddr(most + "/tls") }
    #expect(throws: WireError.tooManyComponents(limit: limit)) { try Multiaddr(most).appending(.tls) }
    #expect(throws: WireError.tooManyComponents(limit: limit)) {
      try Multiaddr(bytes: Multiaddr(most).bytes + Multiaddr("/tls").bytes)
    }
  }

  @Test("Names that would command a terminal are none", arguments: ["\u{1B}", "\u{7F}", "\u{9B}", "\u{85}"])
  func namesWithControlCharacters(control: String) {
    for name in ["dns", "dns4", "dnsaddr", "sni", "ip6zone", "unix"] {
      #expect(throws: WireError.invalidValue(of: name)) { try Multiaddr("/\(name)/a\(control)31mb") }
    }
    let bytes = [UInt8]("a\(control)b".utf8)
    #expect(throws: WireError.invalidValue(of: "dns")) {
      try Multiaddr(bytes: [53, UInt8(bytes.count)] + bytes)
    }
  }

  @Test("Errors show hostile text harmlessly")
  func harmlessErrors() {
    #expect(throws: WireError.unknownProtocol("\u{1B}[2J")) { try Multiaddr("/\u{1B}[2J") }
    #expect(WireError.unknownProtocol("\u{1B}[2J").description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }
}
