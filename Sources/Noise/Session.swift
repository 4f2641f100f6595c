package import NIOCore
package import Wire

/// The transport phase of a connection: both directions, each with its own key.
///
/// To send: `beginFrame(in:)`, append at most `TransportFrame.plaintextBytesMax` to the same buffer,
/// `sealFrame(_:in:)`. To receive: `receive(_:)`, then `nextPlaintext()` until nil. Every error is final.
package struct Session: Sendable {
  private var sealer: FrameSealer
  private var opener: FrameOpener

  package init(role: Role, keys: TransportKeys) {
    let initiatorToResponder = CipherState(key: keys.initiatorToResponder)
    let responderToInitiator = CipherState(key: keys.responderToInitiator)
    switch role {
    case .initiator: self.init(sending: initiatorToResponder, receiving: responderToInitiator)
    case .responder: self.init(sending: responderToInitiator, receiving: initiatorToResponder)
    }
  }

  init(sending: CipherState, receiving: CipherState) {
    sealer = FrameSealer(sending)
    opener = FrameOpener(receiving)
  }

  /// See `FrameSealer.beginFrame(in:)`.
  package func beginFrame(in wire: inout ByteBuffer) -> FrameStart {
    sealer.beginFrame(in: &wire)
  }

  /// See `FrameSealer.sealFrame(_:in:)`.
  package mutating func sealFrame(_ start: FrameStart, in wire: inout ByteBuffer) throws(NoiseError) {
    try sealer.sealFrame(start, in: &wire)
  }

  /// See `FrameOpener.receive(_:)`.
  package mutating func receive(_ wire: consuming ByteBuffer) throws(NoiseError) {
    try opener.receive(consume wire)
  }

  /// See `FrameOpener.nextPlaintext()`.
  package mutating func nextPlaintext() -> ByteBuffer? {
    opener.nextPlaintext()
  }

  /// Gives back all memory but that of an incomplete frame.
  package mutating func releaseIdleStorage() {
    opener.releaseIdleStorage()
  }

  /// Bytes of storage held now.
  package var storageBytes: Int { opener.storageBytes }
}
