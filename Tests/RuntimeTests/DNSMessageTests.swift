import NIOCore
import Testing

@testable import Runtime

@Suite struct DNSMessageTests {
  static let id: UInt16 = 0xBEEF
  static let name = "_dnsaddr.example.org"

  // MARK: Vocabulary

  static func labels(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  static func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

  static func header(id: UInt16 = id, flags: Int = 0x8180, questions: Int = 1, answers: Int) -> [UInt8] {
    word(Int(id)) + word(flags) + word(questions) + word(answers) + word(0) + word(0)
  }

  static func question(_ name: String = name) -> [UInt8] { labels(name) + word(16) + word(1) }

  static func record(_ owner: [UInt8], type: Int, _ data: [UInt8]) -> [UInt8] {
    owner + word(type) + word(1) + [0, 0, 0, 60] + word(data.count) + data
  }

  static func text(_ owner: [UInt8], _ strings: String...) -> [UInt8] {
    record(owner, type: 16, strings.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) })
  }

  /// A pointer to the question's name, which stands behind the header.
  static let asked: [UInt8] = [0xC0, 12]

  static func read(_ bytes: [UInt8], name: String = name) throws(DNSMessage.Failure) -> DNSMessage.Answer {
    try DNSMessage.answer(in: ByteBuffer(bytes: bytes), id: id, name: name)
  }

  // MARK: Questions

  @Test func questionAsksForTextsAndOffersLargeDatagrams() throws {
    let question = try DNSMessage.question(id: 0x1234, name: "a.bc")
    let expected: [UInt8] =
      [0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1] + [1, 0x61, 2, 0x62, 0x63, 0] + [0, 16, 0, 1]
      + [0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0]
    #expect(Array(question.readableBytesView) == expected)
    #expect(try DNSMessage.question(id: 0x1234, name: "a.bc.") == question)
  }

  @Test(arguments: [
    "", ".", "..", "a..b", ".a", String(repeating: "a", count: 64) + ".b",
    Array(repeating: String(repeating: "a", count: 63), count: 4).joined(separator: "."),
  ])
  func impossibleNamesAreNotAsked(_ name: String) {
    #expect(throws: DNSMessage.Failure.invalidName) { try DNSMessage.question(id: 1, name: name) }
  }

  // MARK: Answers

  @Test func textsInTheirOrder() throws {
    let message =
      Self.header(answers: 2) + Self.question() + Self.text(Self.asked, "dnsaddr=/ip4/1.2.3.4")
      + Self.text(Self.labels(Self.name), "dnsaddr=", "/ip6/::1")
    #expect(try Self.read(message) == .texts(["dnsaddr=/ip4/1.2.3.4", "dnsaddr=/ip6/::1"]))
  }

  @Test func ownersCompareWithoutCase() throws {
    let message = Self.header(answers: 1) + Self.question("_DNSADDR.Example.org") + Self.text(Self.asked, "a")
    #expect(try Self.read(message) == .texts(["a"]))
  }

  @Test func aliasesAreFollowed() throws {
    let message =
      Self.header(answers: 3) + Self.question() + Self.record(Self.asked, type: 5, Self.labels("x.net"))
      + Self.record(Self.labels("x.net"), type: 5, Self.labels("y.net"))
      + Self.text(Self.labels("y.net"), "found")
    #expect(try Self.read(message) == .texts(["found"]))
  }

  @Test func aliasLoopsEnd() throws {
    let message =
      Self.header(answers: 3) + Self.question() + Self.record(Self.asked, type: 5, Self.labels("x.net"))
      + Self.record(Self.labels("x.net"), type: 5, Self.asked) + Self.text(Self.labels("z.net"), "stray")
    #expect(try Self.read(message) == .texts([]))
  }

  @Test func otherRecordsAndStrangersAreSkipped() throws {
    let message =
      Self.header(answers: 4) + Self.question() + Self.record(Self.asked, type: 1, [1, 2, 3, 4])
      + Self.text(Self.labels("other.org"), "stray") + Self.record(Self.asked, type: 16, [2, 0xFF, 0xFE])
      + Self.text(Self.asked, "ours")
    #expect(try Self.read(message) == .texts(["ours"]))
  }

  @Test(arguments: [
    (0x8183, DNSMessage.Answer.noSuchName), (0x8182, .failed(code: 2)), (0x8185, .failed(code: 5)),
    (0x8380, .truncated),
  ])
  func codes(_ flags: Int, _ expected: DNSMessage.Answer) throws {
    #expect(try Self.read(Self.header(flags: flags, answers: 0) + Self.question()) == expected)
  }

  @Test func answersToOtherQuestionsAreUnrelated() {
    let records = Self.text(Self.asked, "a")
    let others: [[UInt8]] = [
      Self.header(id: 0xBEEE, answers: 1) + Self.question() + records,
      Self.header(flags: 0x0100, answers: 1) + Self.question() + records,
      Self.header(questions: 0, answers: 1) + records,
      Self.header(answers: 1) + Self.question("other.org") + records,
      Self.header(answers: 1) + Self.labels(Self.name) + Self.word(1) + Self.word(1) + records,
    ]
    for other in others {
      #expect(throws: DNSMessage.Failure.unrelated) { try Self.read(other) }
    }
  }

  // MARK: Malformed

  @Test func cutAtEveryByte() throws {
    let message =
      Self.header(answers: 3) + Self.question() + Self.record(Self.asked, type: 5, Self.labels("x.net"))
      + Self.text(Self.labels("x.net"), "one", "two") + Self.text(Self.labels("x.net"), "three")
    #expect(try Self.read(message) == .texts(["onetwo", "three"]))
    for count in 0..<message.count {
      #expect(throws: DNSMessage.Failure.self, "cut to \(count)") { try Self.read(Array(message[..<count])) }
    }
  }

  @Test func everyByteFlippedIsSurvived() {
    let message =
      Self.header(answers: 2) + Self.question() + Self.record(Self.asked, type: 5, Self.labels("x.net"))
      + Self.text(Self.labels("x.net"), "one")
    for index in message.indices {
      for bit in 0..<8 {
        var flipped = message
        flipped[index] ^= 1 << bit
        _ = try? Self.read(flipped)
      }
    }
  }

  @Test(
    arguments: [
      [0xC0, 33],  // to itself
      [0xC0, 34],  // forwards, into itself
      [0xC1, 0xFF],  // past the end
      [1, 0x61, 0xC0, 33],  // a label, then back to it
      [0x40, 0],  // a kind of label that was never defined
      [0x80, 0],
    ] as [[UInt8]])
  func pointersThatLeadNowhere(_ owner: [UInt8]) {
    let start = Self.header(answers: 1) + Self.question("abcdefghijklmno")
    #expect(start.count == 33)
    #expect(throws: DNSMessage.Failure.malformed) {
      try Self.read(start + Self.text(owner, "a"), name: "abcdefghijklmno")
    }
  }

  @Test func namesGrownByPointersStayBounded() {
    // Each name is a label of 63 and a pointer to the one before: the fifth is too long.
    var message = Self.header(answers: 6) + Self.question()
    var previous = 12
    for _ in 0..<6 {
      let here = message.count
      let owner =
        [63] + [UInt8](repeating: 0x61, count: 63) + [0xC0 | UInt8(previous >> 8), UInt8(previous & 0xFF)]
      message += Self.record(owner, type: 1, [0, 0, 0, 0])
      previous = here
    }
    #expect(throws: DNSMessage.Failure.malformed) { try Self.read(message) }
  }

  @Test func lengthsInsideRecordsAreHeldToTheRecord() {
    let start = Self.header(answers: 1) + Self.question()
    let overlong = start + Self.record(Self.asked, type: 16, [5, 0x61, 0x62]) + [0x63, 0x64, 0x65]
    #expect(throws: DNSMessage.Failure.malformed) { try Self.read(overlong) }
    let aliasBeyond = start + Self.record(Self.asked, type: 5, [1]) + [0x61, 0]
    #expect(throws: DNSMessage.Failure.malformed) { try Self.read(aliasBeyond) }
  }

  @Test func moreTextsThanAnyoneNeeds() throws {
    let record = Self.text(Self.asked, "a")
    let message =
      Self.header(answers: 1000) + Self.question() + Array(repeating: record, count: 1000).joined()
    #expect(try Self.read(message) == .texts(Array(repeating: "a", count: DNSMessage.textsMax)))
  }
}
