package import NIOCore

/// Unsigned varints as multiformats write them: seven bits a byte, least significant first, in the shortest
/// form, at most nine bytes and so 63 bits (multiformats/unsigned-varint, "Practical maximum of 9 bytes").
package enum Varint {
  /// The largest value that fits.
  package static let max = UInt64(Int64.max)
  static let bytesMax = 9

  /// Bytes that `value` takes.
  package static func size(of value: UInt64) -> Int {
    precondition(value <= max, "a varint cannot hold \(value)")
    return Swift.max(1, (70 - value.leadingZeroBitCount) / 7)
  }

  package static func encode(_ value: UInt64, into buffer: inout ByteBuffer) {
    precondition(value <= max, "a varint cannot hold \(value)")
    var rest = value
    while rest >= 0x80 {
      buffer.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    buffer.writeInteger(UInt8(truncatingIfNeeded: rest))
  }

  package static func encode(_ value: UInt64, into bytes: inout [UInt8]) {
    precondition(value <= max, "a varint cannot hold \(value)")
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Takes a varint from the front. Nil, and nothing taken, while the bytes end inside it.
  package static func decode(_ buffer: inout ByteBuffer) throws(WireError) -> UInt64? {
    guard let (value, size) = try decode(buffer.readableBytesView) else { return nil }
    buffer.moveReaderIndex(forwardBy: size)
    return value
  }

  /// Takes a varint from the front of bytes that are all there.
  package static func decode(_ bytes: inout ArraySlice<UInt8>) throws(WireError) -> UInt64 {
    guard let (value, size) = try decode(bytes) else { throw .truncated }
    bytes.removeFirst(size)
    return value
  }

  private static func decode(_ bytes: some Sequence<UInt8>) throws(WireError) -> (value: UInt64, size: Int)? {
    var value: UInt64 = 0
    var size = 0
    for byte in bytes {
      value |= UInt64(byte & 0x7F) << (7 * UInt64(size))
      size += 1
      if byte < 0x80 {
        if byte == 0, size > 1 { throw .varintNotMinimal }
        return (value, size)
      }
      if size == bytesMax { throw .varintTooLong }
    }
    return nil
  }
}
