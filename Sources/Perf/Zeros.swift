// The payload.

import NIOCore

enum Zeros {
  static let chunkBytesMax = 65_536
  private static let shared = ByteBuffer(repeating: 0, count: chunkBytesMax)

  /// Up to `maxBytes` zeros that share one storage, taken off `remaining`; nil when either is exhausted.
  static func next(of remaining: inout UInt64, maxBytes: Int) -> ByteBuffer? {
    let count = Int(min(UInt64(clamping: min(maxBytes, chunkBytesMax)), remaining))
    guard count > 0 else { return nil }
    remaining -= UInt64(count)
    return shared.getSlice(at: 0, length: count)
  }
}
