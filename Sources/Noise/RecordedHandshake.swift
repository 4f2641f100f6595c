package import Identity
package import Wire

/// Reads a handshake from a capture, with the keys from a log instead of the secrets they were derived from.
///
/// Give it the three messages in order, without their lengths. It follows the transcript hash, as both sides
/// did, since that is what every tag vouches for; it verifies no signature.
package struct RecordedHandshake: Sendable {
  /// What one message held.
  package struct Contents: Hashable, Sendable {
    /// Of messages 1 and 2.
    package var ephemeral: [UInt8]?
    /// Of messages 2 and 3.
    package var staticKey: [UInt8]?
    package var payload: [UInt8]

    /// Who messages 2 and 3 prove to be speaking, and the muxers they name in order of preference. Nil for
    /// message 1.
    package func introduction() throws(NoiseError) -> (peer: PeerID, muxers: [ProtocolName])? {
      guard let staticKey else { return nil }
      let said = try HandshakePayload(decoding: payload, staticKey: staticKey)
      return (said.identityKey.peerID, said.muxers)
    }
  }

  private let keys: KeyLog.HandshakeKeys
  private var symmetric: SymmetricState

  package init(keys: KeyLog.HandshakeKeys, prologue: [UInt8] = []) {
    self.keys = keys
    symmetric = SymmetricState(prologue: prologue)
  }

  /// Opens a message; the messages come in their order.
  package mutating func open(
    _ message: HandshakeMessage, _ bytes: [UInt8]
  ) throws(NoiseError) -> Contents {
    guard bytes.count >= message.bytesMin else { throw .messageTooShort(message, bytes: bytes.count) }
    switch message {
    case .first:
      let ephemeral = Array(bytes.prefix(DHKeyPair.publicKeyBytes))
      symmetric.mixHash(ephemeral)
      let payload = try symmetric.openAndHash(bytes.dropFirst(DHKeyPair.publicKeyBytes), of: message)
      return Contents(ephemeral: ephemeral, payload: payload)
    case .reply:
      let ephemeral = Array(bytes.prefix(DHKeyPair.publicKeyBytes))
      symmetric.mixHash(ephemeral)
      symmetric.use(Secret(keys.replyStatic))
      let sealed = bytes.dropFirst(DHKeyPair.publicKeyBytes)
      let staticKey = try symmetric.openAndHash(
        sealed.prefix(HandshakeMessage.sealedStaticBytes), of: message)
      symmetric.use(Secret(keys.replyPayload))
      let payload = try symmetric.openAndHash(
        sealed.dropFirst(HandshakeMessage.sealedStaticBytes), of: message)
      return Contents(ephemeral: ephemeral, staticKey: staticKey, payload: payload)
    case .final:
      let staticKey = try symmetric.openAndHash(bytes.prefix(HandshakeMessage.sealedStaticBytes), of: message)
      symmetric.use(Secret(keys.finalPayload))
      let payload = try symmetric.openAndHash(
        bytes.dropFirst(HandshakeMessage.sealedStaticBytes), of: message)
      return Contents(staticKey: staticKey, payload: payload)
    }
  }
}
