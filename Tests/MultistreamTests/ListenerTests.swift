// The answering side.

import Multistream
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct ListenerTests {
  @Test func `header and acceptance leave together`() throws {
    var listener = Listener()
    #expect(listener.drained() == ByteBuffer())
    try listener.expect(lines(header, "/a"), toAgreeOn: "/a")
    #expect(listener.drained() == text("\u{13}/multistream/1.0.0\n\u{03}/a\n"))
    #expect(listener.drained() == ByteBuffer())
  }

  @Test func `what follows the accepted proposal stays with the caller`() throws {
    var listener = Listener()
    try listener.expect(lines(header, "/b") + lines("/a"), toAgreeOn: "/b", leaving: lines("/a"))
    try listener.expect(lines("/a"), toAgreeOn: nil, leaving: lines("/a"))
  }

  @Test func `unknown names and ls are answered na, in order`() throws {
    var listener = Listener()
    try listener.expect(lines(header, "/x", "ls", "/multistream/1.0.0"), toAgreeOn: nil)
    #expect(listener.drained() == lines(header) + bytes(3, 0x6E, 0x61, 0x0A) + lines("na", "na"))
    try listener.expect(lines("/y", "/b"), toAgreeOn: "/b")
    #expect(listener.drained() == lines("na", "/b"))
  }

  @Test func `a dialer that waits for our header gets it`() throws {
    var listener = Listener()
    try listener.expect(lines(header), toAgreeOn: nil)
    #expect(listener.drained() == lines(header))
    try listener.expect(lines("/a"), toAgreeOn: "/a")
    #expect(listener.drained() == lines("/a"))
  }

  @Test func `the sixteenth proposal is answered, the seventeenth ends it`() throws {
    var listener = Listener()
    try listener.expect(lines(header), toAgreeOn: nil)
    for _ in 1...Negotiation.proposalsMax {
      try listener.expect(lines("/x"), toAgreeOn: nil)
    }
    var accepting = listener
    accepting.expect(lines("/a"), toThrow: .tooManyProposals)
    #expect(accepting.drained() == ByteBuffer())
    #expect(MultistreamError.tooManyProposals.fault == .limit)
  }

  @Test func `the sixteenth may be the one`() throws {
    var listener = Listener()
    try listener.expect(lines(header), toAgreeOn: nil)
    for _ in 1..<Negotiation.proposalsMax { try listener.expect(lines("/x"), toAgreeOn: nil) }
    try listener.expect(lines("/a"), toAgreeOn: "/a")
  }

  // Violations.

  @Test(arguments: ["/multistream/1.0.1", "/a", "ls", "na"])
  func `anything but the header first`(first: String) {
    var listener = Listener()
    listener.expect(lines(first), toThrow: .wrongHeader)
  }

  @Test(arguments: ["a", "na", " /a", "/a\n", "/a\u{0}", "/a\u{7F}", "/\u{1B}[2J"])
  func `a proposal that is no protocol name`(name: String) {
    var listener = Listener()
    listener.expect(lines(header, name), toThrow: .malformedName)
  }

  @Test func `a proposal that is not UTF-8`() {
    var listener = Listener()
    listener.expect(lines(header) + bytes(4, 0x2F, 0xFF, 0xFE, 0x0A), toThrow: .malformedName)
  }

  @Test func `after an error nothing is taken or sent`() throws {
    var listener = Listener()
    listener.expect(lines(header, "/x", "bad"), toThrow: .malformedName)
    try listener.expect(lines("/a"), toAgreeOn: nil, leaving: lines("/a"))
    #expect(listener.drained() == ByteBuffer())
  }
}
