package import Identity
package import NIOCore
package import Wire

/// The libp2p handshake, from either side: three messages, after which each side knows who the other is.
///
/// Bytes come in by `receive(_:)` and leave by `drainOutbound(into:)`; drain after every input. Before
/// draining, pull `nextKeyLogLine()` until nil if a key log is written, so that no byte leaves before the log
/// can explain it. `takeOutcome()` gives the session, once; the initiator's last message is then still to be
/// drained, and goes out before anything the session seals. What follows the handshake stays in the buffer
/// given to `receive(_:)`.
///
/// Every error is final, and thrown again by later calls.
package struct Handshake: Sendable {
  /// What a handshake was for.
  package struct Outcome: Sendable {
    package var session: Session
    package var remoteKey: PublicKey
    package var remotePeer: PeerID
    /// Agreed within the handshake; nil when it is still to be negotiated by multistream-select.
    package var muxer: ProtocolName?
  }

  private let role: Role
  private let identity: KeyPair
  private let expectedPeer: PeerID?
  private let muxers: [ProtocolName]

  private var noise: HandshakeState
  private var outbound = ByteBuffer()
  private var outcome: Outcome?
  private var failure: NoiseError?
  private var keyLogProgress = KeyLogProgress.handshakeNext

  private enum KeyLogProgress: Sendable {
    case handshakeNext, transportNext, complete
  }

  /// - Parameters:
  ///   - staticSeed: 32 bytes of entropy for the static key, which lives as long as this handshake.
  ///   - ephemeralSeed: 32 more.
  ///   - expectedPeer: who must answer; nil for anybody.
  ///   - muxers: what to offer for early muxer negotiation, best first; empty for none.
  package init(
    role: Role, identity: KeyPair, staticSeed: [UInt8], ephemeralSeed: [UInt8], expectedPeer: PeerID?,
    muxers: [ProtocolName], prologue: [UInt8] = []
  ) {
    precondition(muxers.count <= HandshakePayload.muxersMax, "\(muxers.count) muxers to offer")
    self.role = role
    self.identity = identity
    self.expectedPeer = expectedPeer
    self.muxers = muxers
    noise = HandshakeState(
      role: role, staticSeed: staticSeed, ephemeralSeed: ephemeralSeed, prologue: prologue)
    if role == .initiator {
      do throws(NoiseError) {
        try send([])
      } catch {
        failure = error
      }
    }
  }

  // MARK: Inputs

  /// Takes whole handshake messages from the front of `bytes`. Leaves an incomplete one, to be given again
  /// with what follows it, and everything after the last message.
  package mutating func receive(_ bytes: inout ByteBuffer) throws(NoiseError) {
    if let failure { throw failure }
    do {
      while let awaited = noise.awaited, let message = try Self.readMessage(awaited, from: &bytes) {
        try handle(noise.read(message))
      }
    } catch {
      failure = error
      throw error
    }
  }

  // MARK: Outputs

  /// Appends what is to be sent. False when there is nothing.
  package mutating func drainOutbound(into buffer: inout ByteBuffer) -> Bool {
    guard outbound.readableBytes > 0 else { return false }
    buffer.writeBuffer(&outbound)
    outbound = ByteBuffer()
    return true
  }

  /// The session and whom it is with: once, when the handshake is done.
  package mutating func takeOutcome() -> Outcome? {
    defer { outcome = nil }
    return outcome
  }

  /// The next line for the key log, if its keys are derived by now.
  ///
  /// The initiator has the handshake line before it sends message 3. The responder derives that line's last
  /// key only from message 3, so its own message 2 has left by then; the format has no line for less than
  /// three keys.
  package mutating func nextKeyLogLine() -> String? {
    guard let ephemeral = noise.initiatorEphemeral else { return nil }
    switch keyLogProgress {
    case .handshakeNext:
      guard let keys = KeyLog.HandshakeKeys(ephemeral: ephemeral, noise.handshakeKeys) else { return nil }
      keyLogProgress = .transportNext
      return KeyLog.Entry.handshake(keys).line
    case .transportNext:
      guard let keys = noise.transportKeys else { return nil }
      keyLogProgress = .complete
      return KeyLog.Entry.transport(KeyLog.TransportKeys(ephemeral: ephemeral, keys)).line
    case .complete:
      return nil
    }
  }

  // MARK: Messages

  private mutating func handle(_ received: HandshakeState.Received) throws(NoiseError) {
    switch received {
    case .first:  // its payload is empty: `readMessage` takes no longer one
      try send(payload(muxers))
    case .reply(let payload, let remoteStatic):
      let remote = try authenticate(payload, remoteStatic)
      let muxer = try Self.agree(initiator: muxers, responder: remote.muxers)
      // The spec lets the initiator name its choice alone. Then it does not matter that old versions of
      // go-libp2p go by the responder's order.
      try send(self.payload(muxer.map { [$0] } ?? muxers))
      finish(with: remote.identityKey, muxer)
    case .final(let payload, let remoteStatic):
      let remote = try authenticate(payload, remoteStatic)
      let muxer = try Self.agree(initiator: remote.muxers, responder: muxers)
      finish(with: remote.identityKey, muxer)
    }
  }

  private func payload(_ muxers: [ProtocolName]) -> [UInt8] {
    HandshakePayload.encode(identity: identity, staticKey: noise.staticPublicKey, muxers: muxers)
  }

  /// The signature is judged first: only then it is known who the peer is, and whether it is the wrong one.
  private func authenticate(_ payload: [UInt8], _ remoteStatic: [UInt8]) throws(NoiseError)
    -> HandshakePayload
  {
    let payload = try HandshakePayload(decoding: payload, staticKey: remoteStatic)
    let actual = payload.identityKey.peerID
    if let expectedPeer, expectedPeer != actual { throw .wrongPeer(expected: expectedPeer, actual: actual) }
    return payload
  }

  /// The first of the initiator's list that both support (inlined-muxer-negotiation.md).
  private static func agree(
    initiator: [ProtocolName], responder: [ProtocolName]
  ) throws(NoiseError) -> ProtocolName? {
    if initiator.isEmpty || responder.isEmpty { return nil }
    guard let muxer = initiator.first(where: responder.contains) else {
      throw .noCommonMuxer(initiator: initiator, responder: responder)
    }
    return muxer
  }

  private mutating func finish(with remoteKey: PublicKey, _ muxer: ProtocolName?) {
    guard let keys = noise.transportKeys else { preconditionFailure("finished without transport keys") }
    outcome = Outcome(
      session: Session(role: role, keys: keys), remoteKey: remoteKey, remotePeer: remoteKey.peerID,
      muxer: muxer)
  }

  private mutating func send(_ payload: [UInt8]) throws(NoiseError) {
    let message = try noise.write(payload)
    precondition(message.count <= UInt16.max, "a handshake message of \(message.count) bytes")
    outbound.writeInteger(UInt16(message.count))
    outbound.writeBytes(message)
  }

  /// Judges the announced length before waiting for what it announces. Nil until the message is complete.
  private static func readMessage(
    _ awaited: HandshakeMessage, from bytes: inout ByteBuffer
  ) throws(NoiseError) -> [UInt8]? {
    guard let announced = bytes.getInteger(at: bytes.readerIndex, as: UInt16.self) else { return nil }
    let messageBytes = Int(announced)
    guard messageBytes >= awaited.bytesMin else { throw .messageTooShort(awaited, bytes: messageBytes) }
    let payloadBytes = messageBytes - awaited.bytesMin
    switch awaited {
    case .first: if payloadBytes > 0 { throw .unexpectedPayload(bytes: payloadBytes) }
    case .reply, .final:
      if payloadBytes > HandshakePayload.bytesMax {
        throw .messageTooLong(
          awaited, bytes: messageBytes, bytesMax: awaited.bytesMin + HandshakePayload.bytesMax)
      }
    }
    guard bytes.readableBytes >= TransportFrame.lengthBytes + messageBytes else { return nil }
    bytes.moveReaderIndex(forwardBy: TransportFrame.lengthBytes)
    return bytes.readBytes(length: messageBytes)
  }
}
