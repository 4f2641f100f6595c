// Lines out of bytes that were split anywhere.

package import NIOCore

/// Takes one line at a time from a buffer and not a byte more; keeps a line that has only partly arrived.
package struct LineReader: Sendable {
  /// The beginning of a line, prefix included. Empty between lines.
  private var partial = ByteBuffer()

  package init() {}

  /// The next line's text, without prefix and newline, or nil when `bytes` ran out first.
  package mutating func nextLine(from bytes: inout ByteBuffer) throws(MultistreamError) -> ByteBuffer? {
    if partial.readableBytes == 0 {
      if try Self.missingBytes(of: bytes) == 0 { return try Self.readLine(from: &bytes) }
      if bytes.readableBytes > 0 { partial.writeBuffer(&bytes) }
      return nil
    }
    while case let missing = try Self.missingBytes(of: partial), missing > 0 {
      guard bytes.readableBytes > 0, var more = bytes.readSlice(length: min(missing, bytes.readableBytes))
      else { return nil }
      partial.writeBuffer(&more)
    }
    defer { partial = ByteBuffer() }
    return try Self.readLine(from: &partial)
  }

  var isBetweenLines: Bool { partial.readableBytes == 0 }

  mutating func discard() {
    partial = ByteBuffer()
  }

  /// How many bytes must still arrive before the line at the front is whole, as far as its prefix can tell: 0
  /// when it is. Judges the declared length before anything is kept for it.
  private static func missingBytes(of bytes: ByteBuffer) throws(MultistreamError) -> Int {
    guard let (prefixBytes, length) = try prefix(of: bytes) else { return 1 }
    return max(0, prefixBytes + length - bytes.readableBytes)
  }

  /// The prefix at the front: its own size and the length it declares.
  private static func prefix(of bytes: ByteBuffer) throws(MultistreamError) -> (bytes: Int, length: Int)? {
    var view = bytes.readableBytesView[...]
    guard let low = view.popFirst() else { return nil }
    if low < 0x80 {
      if low == 0 { throw .malformedLine }
      return (1, Int(low))
    }
    guard let high = view.popFirst() else { return nil }
    if high >= 0x80 { throw .lineTooLong }
    if high == 0 { throw .malformedPrefix }
    let length = Int(high) << 7 | Int(low & 0x7F)
    if length > Negotiation.lineBytesMax { throw .lineTooLong }
    return (2, length)
  }

  private static func readLine(from bytes: inout ByteBuffer) throws(MultistreamError) -> ByteBuffer? {
    guard let (prefixBytes, length) = try prefix(of: bytes) else { return nil }
    bytes.moveReaderIndex(forwardBy: prefixBytes)
    guard let text = bytes.readSlice(length: length - 1), let end = bytes.readInteger(as: UInt8.self) else {
      return nil
    }
    if end != UInt8(ascii: "\n") || text.readableBytes == 0 { throw .malformedLine }
    return text
  }
}
