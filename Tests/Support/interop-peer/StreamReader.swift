import Meshwork
import NIOCore

/// Counted reads from a stream, which itself gives bytes as they come.
struct StreamReader {
  let stream: MeshStream
  private var pending = ByteBuffer()

  init(_ stream: MeshStream) { self.stream = stream }

  mutating func read(exactly count: Int) async throws -> ByteBuffer {
    var result = ByteBuffer()
    result.reserveCapacity(count)
    while result.readableBytes < count {
      var some = try await read(atMost: count - result.readableBytes)
      result.writeBuffer(&some)
    }
    return result
  }

  /// The SHA-256 of the next `count` bytes.
  mutating func digest(of count: UInt64) async throws -> [UInt8] {
    var sum = SHA256()
    var left = count
    while left > 0 {
      let some = try await read(atMost: Int(min(left, 1 << 20)))
      sum.update(some)
      left -= UInt64(some.readableBytes)
    }
    return sum.finish()
  }

  private mutating func read(atMost count: Int) async throws -> ByteBuffer {
    while pending.readableBytes == 0 {
      guard let bytes = try await stream.read() else { throw Mistake("the stream ended early") }
      pending = bytes
    }
    return pending.readSlice(length: min(count, pending.readableBytes)) ?? ByteBuffer()
  }
}
