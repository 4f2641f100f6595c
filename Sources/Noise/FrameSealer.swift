package import NIOCore

/// Sends one direction of a session. Plaintext is written into the wire buffer by whoever has it and sealed
/// there: nothing is copied, and nothing allocated when the buffer has room.
package struct FrameSealer: Sendable {
  private var cipher: CipherState

  package init(_ cipher: CipherState) {
    self.cipher = cipher
  }

  /// Leaves room for a frame's length. What is appended to `wire` from here on is the frame's plaintext.
  package func beginFrame(in wire: inout ByteBuffer) -> FrameStart {
    let start = FrameStart(index: wire.writerIndex)
    wire.writeRepeatingByte(0, count: TransportFrame.lengthBytes)
    return start
  }

  /// Seals what was appended since `start`, at most `TransportFrame.plaintextBytesMax`. When that is nothing
  /// there is no frame, and the room for the length is given back.
  package mutating func sealFrame(_ start: FrameStart, in wire: inout ByteBuffer) throws(NoiseError) {
    let body = start.index + TransportFrame.lengthBytes
    let plaintextBytes = wire.writerIndex - body
    precondition(
      0...TransportFrame.plaintextBytesMax ~= plaintextBytes,
      "a frame of \(plaintextBytes) bytes from \(start.index) to \(wire.writerIndex)")
    if plaintextBytes == 0 {
      wire.moveWriterIndex(to: start.index)
      return
    }
    let messageBytes = plaintextBytes + TransportFrame.tagBytes
    wire.setInteger(UInt16(messageBytes), at: start.index)
    wire.writeRepeatingByte(0, count: TransportFrame.tagBytes)
    // Unsafe: OpenSSL seals in place. The range lies between an index we reserved and the writer index, the
    // buffer gives the memory out only when nobody else holds it, and no pointer leaves the closure.
    try wire.withVeryUnsafeMutableBytes { bytes throws(NoiseError) in
      try cipher.seal(
        inPlace: UnsafeMutableRawBufferPointer(rebasing: bytes[body..<body + messageBytes]),
        additionalData: .none)
    }
  }
}
