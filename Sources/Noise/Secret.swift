import CSodium

/// 32 secret bytes, wiped when the last holder lets go.
///
/// A reference, so that copying the values that hold a key never copies the key.
package final class Secret: @unchecked Sendable {  // written before `init` returns, then only read
  static let byteCount = 32

  let start: UnsafeMutablePointer<UInt8>

  /// Has `fill` write the 32 bytes.
  init<Failure: Error>(_ fill: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Void) throws(Failure) {
    start = .allocate(capacity: Self.byteCount)
    start.initialize(repeating: 0, count: Self.byteCount)
    try fill(start)
  }

  package convenience init(_ bytes: [UInt8]) {
    precondition(bytes.count == Self.byteCount, "a key has \(Self.byteCount) bytes, not \(bytes.count)")
    self.init { start in
      for (offset, byte) in bytes.enumerated() { start[offset] = byte }
    }
  }

  deinit {
    sodium_memzero(start, Self.byteCount)
    start.deallocate()
  }

  /// A copy that nobody wipes: for the key log.
  package var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: Self.byteCount)) }
}
