import NIOCore
import TestKit
import Testing
import Wire

@testable import LocalDiscovery

@Suite struct MessageTests {
  static func decode(_ bytes: [UInt8]) throws(MessageError) -> Message {
    try Message(decoding: ByteBuffer(bytes: bytes))
  }

  static let header: [UInt8] = [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]
  static let peers: [UInt8] = [4] + "_p2p".utf8 + [4] + "_udp".utf8 + [5] + "local".utf8 + [0]

  // MARK: Published shapes

  /// The question of the spec, and the bytes every implementation sends for it.
  @Test func findAllPeers() throws {
    let bytes: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + Self.peers + [0, 12, 0, 1]
    #expect(question().encoded() == ByteBuffer(bytes: bytes))
    #expect(try Self.decode(bytes) == question())
  }

  /// The answer and the additional records of the spec's example, as rust-libp2p lays them out: without
  /// pointers, a record for each address.
  @Test func theExampleOfTheSpec() throws {
    let name: [UInt8] = [32] + [UInt8](repeating: UInt8(ascii: "q"), count: 32) + Self.peers
    let texts = ["/ip6/2001:db8::7573:b0a8:46b0:bfea/tcp/4001", "/ip4/192.0.2.0/tcp/4001"].map { text($0) }
    var bytes: [UInt8] = [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    bytes += Self.peers + [0, 12, 0, 1, 0, 0, 1, 0x68, 0, UInt8(name.count)] + name
    for text in texts {
      bytes += name + [0, 16, 0x80, 1, 0, 0, 1, 0x68, 0, UInt8(text.utf8.count + 1), UInt8(text.utf8.count)]
      bytes += text.utf8
    }
    let message = try Self.decode(bytes)
    #expect(message.texts == texts)
    #expect(message.answers.first?.data == .pointer(instanceName(String(repeating: "q", count: 32))))
    #expect(message.additionals.map(\.isUnique) == [true, true])
    var stage = Stage()
    stage.hear(ByteBuffer(bytes: bytes))
    #expect(
      stage.discovered.first?.addresses
        == [addr("/ip6/2001:db8::7573:b0a8:46b0:bfea/tcp/4001"), addr("/ip4/192.0.2.0/tcp/4001")])
  }

  // MARK: Round trips

  static let examples: [Message] = [
    question(), question(known: [(instanceName("a"), 100), (instanceName("b"), 50)], truncated: true),
    announcement(at: "/ip4/10.0.0.2/tcp/1", "/ip6/fd00::2/udp/2/quic-v1"),
    announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 0), instance(named: "x", "", "a=b", "dnsaddr="),
  ]

  @Test(arguments: examples) func whatIsWrittenIsRead(message: Message) throws {
    #expect(try Message(decoding: message.encoded()) == message)
    #expect(try Message(decoding: message.encoded(forLegacy: true)) == message)
  }

  @Test func namesAreShortenedAndForLegacyTheHostIsNot() {
    let message = Self.examples[2]
    let (plain, legacy) = (message.encoded().readableBytes, message.encoded(forLegacy: true).readableBytes)
    #expect(plain < 450)
    #expect(legacy > plain)
  }

  @Test func namesCompareWithoutCase() throws {
    let loud = Self.peers.map { (0x61...0x7A).contains($0) ? $0 & 0xDF : $0 }
    let message = try Self.decode([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + loud + [0, 12, 0, 1])
    #expect(message.questions.first?.name == Service.peers)
  }

  @Test func whereInItsStorageAMessageLiesMakesNoDifference() throws {
    var moved = ByteBuffer(bytes: [1, 2, 3])
    moved.writeImmutableBuffer(Self.examples[2].encoded())
    moved.moveReaderIndex(forwardBy: 3)
    #expect(try Message(decoding: moved) == Self.examples[2])
  }

  // MARK: Names

  @Test(
    arguments: [
      [0xC0, 12],  // to itself
      [0xC0, 13],  // forwards, into itself
      [0xC1, 0xFF],  // past the end
      [1, 0x61, 0xC0, 12],  // a label, then back to it
      [0x40, 0],  // a kind of label that was never defined
      [0x80, 0],
    ] as [[UInt8]])
  func namesThatLeadNowhere(name: [UInt8]) {
    #expect(throws: MessageError.malformed) {
      try Self.decode(Self.header + name + [0, 16, 0, 1, 0, 0, 0, 9, 0, 1, 0])
    }
  }

  @Test func namesGrownByPointersStayBounded() {
    var bytes: [UInt8] = [0, 0, 0x84, 0, 0, 0, 0, 6, 0, 0, 0, 0]
    var previous: Int?
    for _ in 0..<6 {
      let here = bytes.count
      bytes += [63] + [UInt8](repeating: 0x61, count: 63)
      bytes += previous.map { [0xC0 | UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? [0]
      bytes += [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1]
      previous = here
    }
    #expect(throws: MessageError.malformed) { try Self.decode(bytes) }
  }

  @Test func longNamesOverAndOverAreRefused() {
    // One name of 120 labels, and pointers to it.
    var bytes: [UInt8] = [0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0]
    bytes +=
      [UInt8](repeating: 0, count: 240).indices.map { $0.isMultiple(of: 2) ? 1 : 0x61 } + [0, 0, 12, 0, 1]
    for _ in 1..<100 { bytes += [0xC0, 12, 0, 12, 0, 1] }
    #expect(throws: MessageError.malformed) { try Self.decode(bytes) }
  }

  @Test func ourOwnNamesAreHeldToTheLimits() {
    #expect(Service.peers.prefixed(by: []) == nil)
    #expect(Service.peers.prefixed(by: [UInt8](repeating: 0x61, count: 64)) == nil)
    var name: Name? = Service.peers
    for _ in 0..<3 { name = name?.prefixed(by: [UInt8](repeating: 0x61, count: 63)) }
    #expect(name != nil)
    #expect(name?.prefixed(by: [UInt8](repeating: 0x61, count: 63)) == nil)
    #expect("\(Service.peers)" == "_p2p._udp.local.")
  }

  // MARK: Malformed

  @Test(arguments: [0x2800, 0x0003, 0xA800, 0x8403]) func otherOperationsAndResultsAreNotForUs(flags: Int) {
    let bytes = [0, 0, UInt8(flags >> 8), UInt8(flags & 0xFF)] + [UInt8](repeating: 0, count: 8)
    #expect(throws: MessageError.unsupported) { try Self.decode(bytes) }
  }

  @Test(arguments: examples) func cutAtEveryByte(message: Message) {
    for cut in [UInt8](message.encoded().readableBytesView).truncations {
      #expect(throws: MessageError.self, "cut to \(cut.count)") { try Self.decode(cut) }
    }
  }

  @Test(arguments: examples.suffix(2)) func everyBitTurnedOverIsSurvived(message: Message) {
    for flipped in [UInt8](message.encoded().readableBytesView).bitFlips {
      guard let message = try? Self.decode(flipped) else { continue }
      // What was read can be written and read again.
      #expect(
        (try? Message(decoding: message.encoded())) != nil || message.questions.contains { $0.type == nil })
    }
  }

  @Test func lengthsInsideRecordsAreHeldToTheRecord() {
    let start = Self.header + Self.peers
    for record: [UInt8] in [
      [0, 16, 0, 1, 0, 0, 0, 9, 0, 3, 5, 0x61, 0x62, 0x63, 0x64, 0x65],  // a string beyond the record
      [0, 12, 0, 1, 0, 0, 0, 9, 0, 1, 1, 0x61, 0],  // a name beyond the record
      [0, 1, 0, 1, 0, 0, 0, 9, 0, 3, 1, 2, 3, 4],  // four bytes in three
      [0, 1, 0, 1, 0, 0, 0, 9, 0, 5, 1, 2, 3, 4, 5],  // and in five
      [0, 28, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4],
      [0, 33, 0, 1, 0, 0, 0, 9, 0, 6, 0, 0, 0, 0, 0, 1],
    ] {
      #expect(throws: MessageError.malformed) { try Self.decode(start + record) }
    }
  }

  @Test func otherTypesAndClassesAreSkipped() throws {
    let record: [UInt8] = Self.peers + [0, 47, 0, 1, 0, 0, 0, 9, 0, 2, 9, 9]
    let chaos: [UInt8] = Self.peers + [0, 1, 0, 3, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]
    let message = try Self.decode([0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0] + record + chaos)
    #expect(message.answers.isEmpty)
  }

  @Test func tenThousandRecordsAreNotRead() throws {
    var bytes: [UInt8] = [0, 0, 0x84, 0, 0, 0, 0x27, 0x10, 0, 0, 0, 0]
    bytes += Self.peers + [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]
    for _ in 1..<10_000 { bytes += [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4] }
    let message = try Self.decode(bytes)
    #expect(message.isCut)
    #expect(message.answers.count == Message.entriesMax)
  }
}
