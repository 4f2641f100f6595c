/// A key and its counter: ChaCha20-Poly1305 with the nonce of the Noise framework, section 5.1.
///
/// One direction of a session, or the key of the moment of a handshake. The calls on raw memory are for the
/// hot path and for callers in this target; `seal(_:)` and `open(_:)` on arrays are for everybody.
package struct CipherState: Sendable {
  /// What sealing adds.
  package static let tagBytes = AEADContext.tagBytes

  private let key: Secret
  /// Made when it is first needed, and anew when a copy of this value holds it, too.
  private var context: AEADContext?
  /// Messages sealed or opened so far, and the number of the next one.
  package private(set) var nonce: UInt64

  package init(key: Secret, nonce: UInt64 = 0) {
    self.key = key
    self.nonce = nonce
  }

  /// With 32 bytes from a key log, to read what a session sent.
  package init(key: [UInt8], nonce: UInt64 = 0) {
    self.init(key: Secret(key), nonce: nonce)
  }

  package mutating func seal(
    _ plaintext: [UInt8], additionalData: [UInt8] = []
  ) throws(NoiseError) -> [UInt8] {
    var message = plaintext
    message.append(contentsOf: repeatElement(0, count: Self.tagBytes))
    try message.withUnsafeMutableBufferPointer { bytes throws(NoiseError) in
      try additionalData.withUnsafeBufferPointer { additional throws(NoiseError) in
        try seal(
          inPlace: UnsafeMutableRawBufferPointer(bytes), additionalData: UnsafeRawBufferPointer(additional))
      }
    }
    return message
  }

  /// Nil when the tag does not fit; the counter then stays where it was.
  package mutating func open(
    _ message: [UInt8], additionalData: [UInt8] = []
  ) throws(NoiseError) -> [UInt8]? {
    guard message.count >= Self.tagBytes else { return nil }
    var plaintext = message
    let isAuthentic = try plaintext.withUnsafeMutableBufferPointer { bytes throws(NoiseError) in
      try additionalData.withUnsafeBufferPointer { additional throws(NoiseError) in
        try open(
          UnsafeRawBufferPointer(bytes), into: UnsafeMutableRawBufferPointer(bytes),
          additionalData: UnsafeRawBufferPointer(additional))
      }
    }
    guard isAuthentic else { return nil }
    plaintext.removeLast(Self.tagBytes)
    return plaintext
  }

  /// Seals what `bytes` holds but for its last 16, which receive the tag.
  mutating func seal(
    inPlace bytes: UnsafeMutableRawBufferPointer, additionalData: UnsafeRawBufferPointer
  ) throws(NoiseError) {
    guard bytes.count >= Self.tagBytes, let start = bytes.bytePointer else {
      preconditionFailure("no room for a tag in \(bytes.count) bytes")
    }
    let context = ownContext()
    let isSealed = try withNextNonce { nonce in
      context.seal(
        start, count: bytes.count - Self.tagBytes, additionalData: additionalData, nonce: nonce)
    }
    precondition(isSealed, "sealing \(bytes.count) bytes failed")
    nonce += 1
  }

  /// Opens `message` to the start of `target`, which may be where `message` lies. When the tag does not fit:
  /// false, and zeros.
  mutating func open(
    _ message: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    additionalData: UnsafeRawBufferPointer
  ) throws(NoiseError) -> Bool {
    guard message.count >= Self.tagBytes, target.count >= message.count - Self.tagBytes,
      let start = message.bytePointer, let place = target.bytePointer
    else { preconditionFailure("\(message.count) bytes cannot be opened into \(target.count)") }
    let context = ownContext()
    let isAuthentic = try withNextNonce { nonce in
      context.open(
        start, count: message.count - Self.tagBytes, into: place, additionalData: additionalData, nonce: nonce
      )
    }
    if isAuthentic { nonce += 1 }
    return isAuthentic
  }

  private mutating func ownContext() -> AEADContext {
    if isKnownUniquelyReferenced(&context), let context { return context }
    let fresh = AEADContext(key: key)
    context = fresh
    return fresh
  }

  /// 32 zero bits, then the counter, least significant byte first (Noise, section 12.3). The last counter
  /// value is reserved (section 5.1), so adding one to any other cannot overflow.
  private func withNextNonce(
    _ body: (UnsafePointer<UInt8>) -> Bool
  ) throws(NoiseError) -> Bool {
    guard nonce != .max else { throw .nonceExhausted }
    let words = (
      UInt32(0), UInt32(truncatingIfNeeded: nonce).littleEndian,
      UInt32(truncatingIfNeeded: nonce >> 32).littleEndian
    )
    return withUnsafePointer(to: words) { words in
      body(UnsafeRawPointer(words).assumingMemoryBound(to: UInt8.self))
    }
  }
}

extension UnsafeRawBufferPointer {
  /// What transport frames have for additional data.
  static var none: Self { Self(start: nil, count: 0) }

  fileprivate var bytePointer: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
  fileprivate var bytePointer: UnsafeMutablePointer<UInt8>? {
    baseAddress?.assumingMemoryBound(to: UInt8.self)
  }
}
