/// A frame after the handshake: a length of two bytes, most significant first, and that much ciphertext, the
/// last 16 bytes of which are its tag (libp2p specs, noise/README.md, "Wire Format").
package enum TransportFrame {
  package static let lengthBytes = 2
  package static let tagBytes = CipherState.tagBytes
  /// What a frame adds to its plaintext.
  package static let overheadBytes = lengthBytes + tagBytes
  /// The largest message of the Noise framework, without its length.
  package static let messageBytesMax = Int(UInt16.max)
  package static let plaintextBytesMax = messageBytesMax - tagBytes
}

/// Where a frame begins whose plaintext is being written.
package struct FrameStart: Hashable, Sendable {
  /// Of the frame's length, in the caller's buffer.
  let index: Int
}
