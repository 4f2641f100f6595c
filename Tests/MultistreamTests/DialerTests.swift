// The proposing side.

import Multistream
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct DialerTests {
  @Test func `header and first proposal leave together, byte for byte`() {
    var dialer = Dialer(["/noise"], lazy: false)
    #expect(dialer.drained() == text("\u{13}/multistream/1.0.0\n\u{07}/noise\n"))
    #expect(dialer.drained() == ByteBuffer())
  }

  @Test func `an echo is the agreement and the rest stays with the caller`() throws {
    var dialer = Dialer(["/a"], lazy: false)
    _ = dialer.drained()
    try dialer.expect(lines(header, "/a") + text("payload"), toAgreeOn: "/a", leaving: text("payload"))
    try dialer.expect(text("more"), toAgreeOn: nil, leaving: text("more"))
    #expect(dialer.drained() == ByteBuffer())
  }

  @Test func `alternatives follow refusals`() throws {
    var dialer = Dialer(["/a", "/b", "/c"], lazy: false)
    _ = dialer.drained()
    try dialer.expect(lines(header, "na"), toAgreeOn: nil)
    #expect(dialer.drained() == lines("/b"))
    try dialer.expect(lines("na"), toAgreeOn: nil)
    #expect(dialer.drained() == lines("/c"))
    try dialer.expect(lines("/c"), toAgreeOn: "/c")
  }

  @Test func `the last refusal is an error`() throws {
    var dialer = Dialer(["/a", "/b"], lazy: false)
    _ = dialer.drained()
    try dialer.expect(lines(header, "na"), toAgreeOn: nil)
    _ = dialer.drained()
    dialer.expect(lines("na"), toThrow: .refused)
    #expect(dialer.drained() == ByteBuffer())
  }

  @Test func `the listener's header may come before ours has left`() throws {
    var dialer = Dialer(["/a"], lazy: false)
    try dialer.expect(lines(header), toAgreeOn: nil)
    #expect(dialer.drained() == lines(header, "/a"))
    try dialer.expect(lines("/a"), toAgreeOn: "/a")
  }

  // Lazy.

  @Test func `lazy payload follows the only proposal at once`() throws {
    var dialer = Dialer(["/a"], lazy: true)
    #expect(!dialer.payloadMayFollow)
    _ = dialer.drained()
    #expect(dialer.payloadMayFollow)
    try dialer.expect(lines(header, "/a"), toAgreeOn: "/a")
    #expect(dialer.payloadMayFollow)
  }

  @Test func `lazy payload waits for the last alternative`() throws {
    var dialer = Dialer(["/a", "/b"], lazy: true)
    _ = dialer.drained()
    #expect(!dialer.payloadMayFollow)
    try dialer.expect(lines(header, "na"), toAgreeOn: nil)
    #expect(!dialer.payloadMayFollow)
    #expect(dialer.drained() == lines("/b"))
    #expect(dialer.payloadMayFollow)
  }

  @Test func `a refused lazy proposal says so, and no payload may follow`() throws {
    var dialer = Dialer(["/a"], lazy: true)
    _ = dialer.drained()
    dialer.expect(lines(header, "na"), toThrow: .refused)
    #expect(!dialer.payloadMayFollow)
    #expect(MultistreamError.refused.fault == .local)
  }

  @Test func `payload of a dialer that is not lazy waits for the agreement`() throws {
    var dialer = Dialer(["/a"], lazy: false)
    _ = dialer.drained()
    #expect(!dialer.payloadMayFollow)
    try dialer.expect(lines(header, "/a"), toAgreeOn: "/a")
    #expect(dialer.payloadMayFollow)
  }

  // Violations.

  @Test(arguments: ["/multistream/2.0.0", "na", "/a", "ls"])
  func `anything but the header first`(first: String) {
    var dialer = Dialer(["/a"], lazy: false)
    _ = dialer.drained()
    dialer.expect(lines(first), toThrow: .wrongHeader)
  }

  @Test(arguments: ["/b", "ls", "/a/", "nay", "/multistream/1.0.0"])
  func `an answer that is neither the name nor na`(answer: String) {
    var dialer = Dialer(["/a"], lazy: false)
    _ = dialer.drained()
    dialer.expect(lines(header, answer), toThrow: .unexpectedAnswer)
  }

  @Test func `an answer to nothing`() throws {
    var early = Dialer(["/a"], lazy: false)
    early.expect(lines(header, "/a"), toThrow: .unexpectedAnswer)

    var twice = Dialer(["/a", "/b"], lazy: false)
    _ = twice.drained()
    twice.expect(lines(header, "na", "na"), toThrow: .unexpectedAnswer)
  }

  @Test func `after an error nothing is taken or sent`() throws {
    var dialer = Dialer(["/a", "/b"], lazy: true)
    _ = dialer.drained()
    dialer.expect(lines("nonsense"), toThrow: .wrongHeader)
    try dialer.expect(lines(header, "/a"), toAgreeOn: nil, leaving: lines(header, "/a"))
    #expect(dialer.drained() == ByteBuffer())
    #expect(!dialer.payloadMayFollow)
  }
}
