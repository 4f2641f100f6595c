// Lines: their limits, and bytes that were split anywhere.

import Multistream
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct LineTests {
  @Test func `the longest line is accepted, one byte more is not`() throws {
    let longest = ProtocolName("/" + String(repeating: "p", count: Negotiation.lineBytesMax - 2))
    var listener = Listener()
    try listener.expect(lines(header, longest.rawValue), supporting: [longest], toAgreeOn: longest)

    var refusing = Listener()
    refusing.expect(lines(header, longest.rawValue + "p"), toThrow: .lineTooLong)
    #expect(MultistreamError.lineTooLong.fault == .limit)
  }

  @Test func `a long name survives both machines`() throws {
    let name = ProtocolName("/" + String(repeating: "n", count: 200))
    var dialer = Dialer([name], lazy: false)
    var listener = Listener()
    try listener.expect(dialer.drained(), supporting: [name], toAgreeOn: name)
    try dialer.expect(listener.drained(), toAgreeOn: name)
  }

  @Test func `a declared length is judged before its bytes arrive`() {
    var listener = Listener()
    listener.expect(bytes(0x81, 0x08), toThrow: .lineTooLong)  // 1025
  }

  @Test(
    arguments: [
      ([0xFF, 0xFF, 0x01], MultistreamError.lineTooLong),  // a third prefix byte
      ([0x80, 0x80], .lineTooLong),
      ([0x85, 0x00], .malformedPrefix),  // 5 in two bytes
      ([0x80, 0x00], .malformedPrefix),
      ([0x00], .malformedLine),
      ([0x01, 0x0A], .malformedLine),  // no text
      ([0x03, 0x6E, 0x61, 0x61], .malformedLine),  // no newline
      ([0x01, 0x61], .malformedLine),
    ] as [([UInt8], MultistreamError)])
  func `malformed lines`(raw: [UInt8], error: MultistreamError) {
    var whole = Listener()
    whole.expect(ByteBuffer(bytes: raw), toThrow: error)

    var split = Listener()
    var thrown: MultistreamError?
    for byte in raw where thrown == nil {
      var one = bytes(byte)
      do { _ = try split.receive(&one, supported: { _ in true }) } catch { thrown = error }
    }
    #expect(thrown == error)
  }

  @Test func `split at every boundary, a dialer agrees and leaves the rest`() throws {
    let arriving = lines(header, "na", "/b") + text("payload")
    for cut in 0...arriving.readableBytes {
      var dialer = Dialer(["/a", "/b"], lazy: false)
      _ = dialer.drained()
      var agreed: ProtocolName?
      var rest = ByteBuffer()
      // The answer to the second proposal must not come before it was made.
      for part in arriving.cut(at: [cut, lines(header, "na").readableBytes]) {
        rest.writeImmutableBuffer(part)
        if agreed == nil { agreed = try dialer.receive(&rest) }
        _ = dialer.drained()
      }
      #expect(agreed == "/b", "cut at \(cut)")
      #expect(rest == text("payload"), "cut at \(cut)")
    }
  }

  @Test func `split at every two boundaries, a listener agrees and leaves the rest`() throws {
    let arriving = lines(header, "/x", "/a") + text("pay")
    for first in 0...arriving.readableBytes {
      for second in first...arriving.readableBytes {
        var listener = Listener()
        var agreed: ProtocolName?
        var rest = ByteBuffer()
        for part in arriving.cut(at: [first, second]) {
          rest.writeImmutableBuffer(part)
          if let name = try listener.receive(&rest, supporting: ["/a"]) { agreed = name }
        }
        #expect(agreed == "/a" && rest == text("pay"), "cut at \(first) and \(second)")
        #expect(listener.drained() == lines(header, "na", "/a"))
      }
    }
  }

  @Test func `bit flips and truncations end in an error, a refusal or a wait, never in a trap`() throws {
    let arriving = lines(header, "/a")
    for bit in 0..<arriving.readableBytes * 8 {
      var flipped = arriving
      let byte = flipped.getInteger(at: bit / 8, as: UInt8.self) ?? 0
      flipped.setInteger(byte ^ (1 << UInt8(bit % 8)), at: bit / 8)
      var listener = Listener()
      let agreed = try? listener.receive(&flipped, supporting: ["/a"])
      #expect(agreed == nil, "bit \(bit)")
    }
    for length in 0..<arriving.readableBytes {
      var listener = Listener()
      var cut = arriving.getSlice(at: 0, length: length) ?? ByteBuffer()
      #expect(try listener.receive(&cut, supporting: ["/a"]) == nil)
    }
  }
}

extension ByteBuffer {
  /// The pieces between `offsets`.
  func cut(at offsets: [Int]) -> [ByteBuffer] {
    var whole = self
    var pieces: [ByteBuffer] = []
    var taken = 0
    for offset in offsets.sorted() + [readableBytes] {
      pieces.append(whole.readSlice(length: offset - taken) ?? ByteBuffer())
      taken = offset
    }
    return pieces
  }
}
