package import NIOCore
package import SwiftProtobuf

/// Cuts a stream of bytes into frames: a varint length, then that many bytes. The form of every libp2p
/// message that shares a stream with others.
///
/// Push bytes in, pull frames until there are none. A frame that lies in one piece in the bytes received is a
/// slice of them; nothing is copied. What is held is a frame in part, never more than `maxBytes` and its
/// length, and what the last `receive` brought behind it.
package struct LengthPrefixedFrames: Sendable {
  /// The longest frame accepted; a longer one is refused when its length is seen, before a byte of it is
  /// kept.
  package let maxBytes: Int
  private var unread = ByteBuffer()

  package init(maxBytes: Int) {
    precondition(maxBytes > 0, "frames of at most \(maxBytes) bytes cannot be")
    self.maxBytes = maxBytes
  }

  /// True between frames. A stream that ends elsewhere was cut.
  package var isAtBoundary: Bool { unread.readableBytes == 0 }

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer) {
    if unread.readableBytes == 0 {
      unread = bytes.slice()
    } else {
      unread.writeImmutableBuffer(bytes)
    }
    bytes.moveReaderIndex(to: bytes.writerIndex)
  }

  /// The next whole frame, without its length. After an error the stream has lost its boundaries for good.
  package mutating func nextFrame() throws(WireError) -> ByteBuffer? {
    var rest = unread
    guard let announced = try Varint.decode(&rest) else {
      keepPart()
      return nil
    }
    guard let length = Int(exactly: announced), length <= maxBytes else {
      throw .frameTooLarge(bytes: announced, limit: maxBytes)
    }
    guard let frame = rest.readSlice(length: length) else {
      keepPart()
      return nil
    }
    unread = rest.readableBytes == 0 ? ByteBuffer() : rest
    return frame
  }

  /// Takes back what no frame has used: the next layer's first bytes, when the last frame of this one was
  /// read.
  package mutating func takeUnread() -> ByteBuffer {
    defer { unread = ByteBuffer() }
    return unread
  }

  /// A few waiting bytes shall not keep a whole read buffer alive.
  private mutating func keepPart() {
    guard unread.readableBytes < unread.storageCapacity / 2 else { return }
    var part = ByteBuffer()
    part.writeImmutableBuffer(unread)
    unread = part
  }

  package static func encode(_ body: ByteBuffer, into buffer: inout ByteBuffer) {
    Varint.encode(UInt64(body.readableBytes), into: &buffer)
    buffer.writeImmutableBuffer(body)
  }

  package static func encode(_ message: some SwiftProtobuf.Message, into buffer: inout ByteBuffer) {
    encode(message.encodedBuffer(), into: &buffer)
  }
}
