package import NIOCore

/// Receives one direction of a session: bytes as they were read in, plaintext out.
///
/// Bytes go in by `receive(_:)`; `nextPlaintext()` is pulled until nil before the next bytes go in. Complete
/// frames are opened where they lie, and the plaintexts are slices that share that storage. This needs a
/// buffer nobody else holds: pass it with `consume`, or as its last use. When it is held (a pool often keeps
/// what it hands out), frames are opened into a buffer kept here instead, which costs no more than that
/// buffer.
///
/// A frame that is still incomplete is kept, at most one and at most 64 KiB of it; only its missing bytes are
/// copied from the next buffer. Storage is used again once its plaintexts are gone, so a steady flow
/// allocates nothing.
package struct FrameOpener: Sendable {
  /// What there is of a frame whose end has not arrived.
  private enum Partial: Sendable {
    case none
    case length(high: UInt8)
    /// The rest of the message; what has come of it is in `partialMessage`.
    case message(missingBytes: Int)
  }

  private var cipher: CipherState
  private var partial = Partial.none
  private var partialMessage = ByteBuffer()
  /// Plaintext of a frame that came in pieces, in what was `partialMessage`.
  private var completed = ByteBuffer()
  /// Whole frames, opened: a length, its plaintext, a spent tag; the next length …
  private var opened = ByteBuffer()
  /// Where frames are opened that lie in a buffer others hold.
  private var spare = ByteBuffer()
  private var failure: NoiseError?

  package init(_ cipher: CipherState) {
    self.cipher = cipher
  }

  /// Opens what is complete with these bytes. After an error, the plaintexts of the frames before the bad one
  /// can still be pulled, and nothing more can be received.
  package mutating func receive(_ wire: consuming ByteBuffer) throws(NoiseError) {
    if let failure { throw failure }
    precondition(
      opened.readableBytes == 0 && completed.readableBytes == 0, "received before all plaintext was pulled")
    do {
      try continuePartial(from: &wire)
      try openFrames(in: &wire)
      try beginPartial(from: &wire)
    } catch {
      failure = error
      throw error
    }
  }

  /// The plaintext of the next frame that has any.
  package mutating func nextPlaintext() -> ByteBuffer? {
    if let plaintext = completed.readSlice(length: completed.readableBytes), plaintext.readableBytes > 0 {
      return plaintext
    }
    while let messageBytes = opened.readInteger(as: UInt16.self) {
      let plaintext = opened.readSlice(length: Int(messageBytes) - TransportFrame.tagBytes)
      opened.moveReaderIndex(forwardBy: TransportFrame.tagBytes)
      if opened.readableBytes == 0 { opened = ByteBuffer() }
      if let plaintext, plaintext.readableBytes > 0 { return plaintext }
    }
    return nil
  }

  /// Gives back all memory but that of an incomplete frame.
  package mutating func releaseIdleStorage() {
    spare = ByteBuffer()
    if completed.readableBytes == 0 { completed = ByteBuffer() }
    if case .message = partial { return }
    partialMessage = ByteBuffer()
  }

  /// Bytes of storage held now, for the accounting of whoever limits it.
  package var storageBytes: Int {
    partialMessage.storageCapacity + completed.storageCapacity + opened.storageCapacity
      + spare.storageCapacity
  }

  // MARK: Incomplete frames

  private mutating func continuePartial(from wire: inout ByteBuffer) throws(NoiseError) {
    switch partial {
    case .none: return
    case .length(let high):
      guard let low = wire.readInteger(as: UInt8.self) else { return }
      try beginMessage(high, low)
    case .message: break
    }
    takeMissingBytes(from: &wire)
    if case .message(missingBytes: 0) = partial { try openPartial() }
  }

  /// After every complete frame is gone from `wire`: keeps the rest, less than a frame.
  private mutating func beginPartial(from wire: inout ByteBuffer) throws(NoiseError) {
    guard let high = wire.readInteger(as: UInt8.self) else { return }
    guard let low = wire.readInteger(as: UInt8.self) else {
      partial = .length(high: high)
      return
    }
    try beginMessage(high, low)
    takeMissingBytes(from: &wire)
  }

  /// Storage grows with the bytes that arrive, not with the length a peer announces.
  private mutating func beginMessage(_ high: UInt8, _ low: UInt8) throws(NoiseError) {
    let messageBytes = Int(high) << 8 | Int(low)
    guard messageBytes >= TransportFrame.tagBytes else { throw .frameTooShort(bytes: messageBytes) }
    partialMessage.clear()
    partial = .message(missingBytes: messageBytes)
  }

  private mutating func takeMissingBytes(from wire: inout ByteBuffer) {
    guard case .message(let missingBytes) = partial,
      var piece = wire.readSlice(length: min(missingBytes, wire.readableBytes))
    else { return }
    partial = .message(missingBytes: missingBytes - partialMessage.writeBuffer(&piece))
  }

  private mutating func openPartial() throws(NoiseError) {
    partial = .none
    // The other buffer takes the next partial frame: by then its plaintext is most likely gone.
    swap(&partialMessage, &completed)
    let isAuthentic = try completed.withUnsafeMutableReadableBytes { bytes throws(NoiseError) in
      try cipher.open(UnsafeRawBufferPointer(bytes), into: bytes, additionalData: .none)
    }
    guard isAuthentic else {
      completed.clear()
      throw .frameNotAuthentic
    }
    completed.moveWriterIndex(to: completed.writerIndex - TransportFrame.tagBytes)
  }

  // MARK: Complete frames

  /// The frames opened in one go, and what stopped it.
  private struct Run {
    var bytes = 0
    var failure: NoiseError?
  }

  private mutating func openFrames(in wire: inout ByteBuffer) throws(NoiseError) {
    guard let messageBytes = wire.getInteger(at: wire.readerIndex, as: UInt16.self),
      wire.readableBytes - TransportFrame.lengthBytes >= messageBytes
    else { return }
    let inPlace = wire.modifyIfUniquelyOwned { wire in
      wire.withUnsafeMutableReadableBytes { bytes in
        openFrames(UnsafeRawBufferPointer(bytes), into: bytes)
      }
    }
    let run: Run
    if let inPlace {
      run = inPlace
      // All frames are open before the first slice is made: slices share the storage.
      if run.bytes > 0, let frames = wire.readSlice(length: run.bytes) { opened = frames }
    } else {
      run = openFramesIntoSpare(wire)
      wire.moveReaderIndex(forwardBy: run.bytes)
    }
    if let failure = run.failure { throw failure }
  }

  private mutating func openFramesIntoSpare(_ wire: ByteBuffer) -> Run {
    var run = Run()
    var target = ByteBuffer()
    swap(&target, &spare)
    target.clear(minimumCapacity: wire.readableBytes)
    target.writeWithUnsafeMutableBytes(minimumWritableBytes: wire.readableBytes) { target in
      run = wire.withUnsafeReadableBytes { openFrames($0, into: target) }
      return run.bytes
    }
    if run.bytes > 0 { opened = target }
    swap(&target, &spare)
    return run
  }

  /// Opens the frames at the start of `source`, each to the same place in `target`, which is either `source`
  /// itself or as large and apart from it. Stops before a frame that is incomplete or bad.
  ///
  /// Unsafe: OpenSSL reads and writes raw memory. Every range is checked against `source` before it is
  /// formed, although pointers do not check it themselves; both pointers come from buffers that outlive the
  /// call.
  private mutating func openFrames(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Run {
    var run = Run()
    precondition(target.count >= source.count, "\(source.count) bytes cannot be opened into \(target.count)")
    while source.count - run.bytes >= TransportFrame.lengthBytes {
      let start = run.bytes + TransportFrame.lengthBytes
      let messageBytes = Int(source[run.bytes]) << 8 | Int(source[run.bytes + 1])
      // A bad length is left for `beginPartial` to judge.
      guard messageBytes >= TransportFrame.tagBytes, messageBytes <= source.count - start else { return run }
      let message = UnsafeRawBufferPointer(rebasing: source[start..<start + messageBytes])
      let place = UnsafeMutableRawBufferPointer(rebasing: target[start..<start + messageBytes])
      do throws(NoiseError) {
        guard try cipher.open(message, into: place, additionalData: .none) else {
          run.failure = .frameNotAuthentic
          return run
        }
      } catch {
        run.failure = error
        return run
      }
      target[run.bytes] = source[run.bytes]
      target[run.bytes + 1] = source[run.bytes + 1]
      run.bytes = start + messageBytes
    }
    return run
  }
}
