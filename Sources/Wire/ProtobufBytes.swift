package import NIOCore
package import SwiftProtobuf

// The generated messages, spoken to in the byte types of this package.

extension SwiftProtobuf.Message {
  /// Decodes a whole message. Unknown fields are kept.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    try self.init(decodingContiguous: bytes)
  }

  /// Decodes a whole message. Unknown fields are kept.
  package init(decoding buffer: ByteBuffer) throws(WireError) {
    try self.init(decodingContiguous: BufferBytes(buffer: buffer))
  }

  private init(decodingContiguous bytes: some SwiftProtobufContiguousBytes) throws(WireError) {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 8  // our deepest message is four deep
    do {
      try self.init(serializedBytes: bytes, options: options)
    } catch {
      throw .malformedMessage
    }
  }

  package func encodedBytes() -> [UInt8] { encoded() }
  package func encodedBuffer() -> ByteBuffer { (encoded() as BufferBytes).buffer }

  private func encoded<Bytes: SwiftProtobufContiguousBytes>() -> Bytes {
    do {
      return try serializedBytes()
    } catch {
      preconditionFailure("\(Self.self) has no required fields and cannot fail to encode: \(error)")
    }
  }
}

extension [UInt8] {
  /// As a `bytes` field of a message: `message.payload = payload.protobufBytes()`.
  package func protobufBytes<Bytes: SwiftProtobufContiguousBytes>() -> Bytes { Bytes(self) }
}

/// A buffer in the shape the protobuf library reads from and writes to without a copy in between.
private struct BufferBytes: SwiftProtobufContiguousBytes {
  var buffer: ByteBuffer

  init(buffer: ByteBuffer) {
    self.buffer = buffer
  }

  init(repeating byte: UInt8, count: Int) {
    buffer = ByteBuffer(repeating: byte, count: count)
  }

  init<Bytes: Sequence>(_ bytes: Bytes) where Bytes.Element == UInt8 {
    buffer = ByteBuffer(bytes: bytes)
  }

  var count: Int { buffer.readableBytes }

  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try buffer.withUnsafeReadableBytes(body)
  }

  mutating func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try buffer.withUnsafeMutableReadableBytes(body)
  }
}
