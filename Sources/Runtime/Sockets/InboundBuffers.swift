import NIOCore

/// Receive buffers that the reader owns alone.
///
/// NIO pools receive buffers by keeping a reference to each, and decrypting in place in a buffer that someone
/// else still refers to would copy it first. The pool keeps at most `maxMessagesPerRead` buffers, and reuses
/// or grows only when an allocator tells it the next size; with one message a read and no size told, it keeps
/// the connection's first buffer, which is small, and every later one belongs to the handler alone once the
/// read is complete.
///
/// Sizes follow what arrives: a full buffer is followed by one four times as large, two reads that filled
/// less than half by one half as large. An idle connection holds none.
struct InboundBuffers: RecvByteBufferAllocator {
  /// Held by NIO for the connection's life: the first message of a handshake fits.
  static let firstBytes = 256
  static let smallestBytes = 2 * 1024
  static let largestBytes = 256 * 1024

  private(set) var sizeBytes = firstBytes
  private var wasSmall = false

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    allocator.buffer(capacity: sizeBytes)
  }

  func nextBufferSize() -> Int? { nil }

  mutating func record(actualReadBytes: Int) -> Bool {
    if actualReadBytes >= sizeBytes {
      sizeBytes = min(max(4 * sizeBytes, Self.smallestBytes), Self.largestBytes)
      wasSmall = false
    } else if sizeBytes < Self.smallestBytes {
      sizeBytes = Self.smallestBytes
    } else if actualReadBytes < sizeBytes / 2 {
      if wasSmall { sizeBytes = max(sizeBytes / 2, Self.smallestBytes) }
      wasSmall.toggle()
    } else {
      wasSmall = false
    }
    return true
  }
}
