import NIOCore
import Wire

// Writing protobuf fields. All numbers are below 16, so a tag is one byte.

extension ByteBuffer {
  mutating func writeField(_ number: UInt8, bytes: some Collection<UInt8>) {
    writeFieldHeader(number, length: bytes.count)
    writeBytes(bytes)
  }

  mutating func writeField(_ number: UInt8, message: ByteBuffer) {
    writeFieldHeader(number, length: message.readableBytes)
    writeImmutableBuffer(message)
  }

  mutating func writeField(_ number: UInt8, varint value: UInt64) {
    writeInteger(number << 3)
    Varint.encode(value, into: &self)
  }

  mutating func writeFieldHeader(_ number: UInt8, length: Int) {
    writeInteger(number << 3 | 2)
    Varint.encode(UInt64(length), into: &self)
  }

  /// What `writeField(_:bytes:)` takes.
  static func fieldBytes(_ length: Int) -> Int {
    1 + Varint.size(of: UInt64(length)) + length
  }
}
