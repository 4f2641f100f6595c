import NIOCore

/// Reads the fields of a protobuf message one at a time, in place.
///
/// The generated types build the whole tree before anything can be judged: a frame of 1 MiB may hold some
/// 350,000 subscriptions or empty ids, twenty times its size in memory. This reader allocates nothing and its
/// caller stops counting where it likes. It also sees where fields lie, which signatures over received bytes
/// need.
struct FieldReader {
  enum Value {
    case varint(UInt64)
    case bytes(ByteBuffer)
    /// Of four or eight bytes; no field of ours.
    case fixed
  }

  struct Field {
    let number: UInt64
    let value: Value
    /// Where it lies, as indices of the buffer read; bytes are the last of it.
    let start: Int
    let end: Int
  }

  private var rest: ByteBuffer
  /// Whether every varint so far was in its shortest form.
  private(set) var isMinimal = true

  init(_ bytes: ByteBuffer) {
    rest = bytes
  }

  mutating func next() throws(RouterError) -> Field? {
    guard rest.readableBytes > 0 else { return nil }
    let start = rest.readerIndex
    let tag = try varint()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw .malformedRPC }
    let value = try value(ofType: tag & 7)
    return Field(number: tag >> 3, value: value, start: start, end: rest.readerIndex)
  }

  private mutating func value(ofType type: UInt64) throws(RouterError) -> Value {
    switch type {
    case 0: return .varint(try varint())
    case 1: try skip(8)
    case 2:
      guard let length = Int(exactly: try varint()), let bytes = rest.readSlice(length: length) else {
        throw .malformedRPC
      }
      return .bytes(bytes)
    case 5: try skip(4)
    default: throw .malformedRPC  // groups, which no version of these messages had
    }
    return .fixed
  }

  private mutating func skip(_ count: Int) throws(RouterError) {
    guard rest.readableBytes >= count else { throw .malformedRPC }
    rest.moveReaderIndex(forwardBy: count)
  }

  /// Protobuf's varint: up to 64 bits and any length up to ten bytes.
  private mutating func varint() throws(RouterError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = rest.readInteger(as: UInt8.self) {
      if shift == 63, byte > 1 { throw .malformedRPC }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        if byte == 0, shift > 0 { isMinimal = false }
        return value
      }
      shift += 7
    }
    throw .malformedRPC
  }
}
