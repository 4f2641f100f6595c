package import Wire

/// The three messages of the pattern XX, by their place.
package enum HandshakeMessage: Hashable, Sendable, CustomStringConvertible {
  case first, reply, final

  /// Keys and tags, without any payload.
  var bytesMin: Int {
    switch self {
    case .first: DHKeyPair.publicKeyBytes
    case .reply: DHKeyPair.publicKeyBytes + Self.sealedStaticBytes + CipherState.tagBytes
    case .final: Self.sealedStaticBytes + CipherState.tagBytes
    }
  }

  static let sealedStaticBytes = DHKeyPair.publicKeyBytes + CipherState.tagBytes

  package var description: String {
    switch self {
    case .first: "message 1"
    case .reply: "message 2"
    case .final: "message 3"
    }
  }
}

/// `Noise_XX_25519_ChaChaPoly_SHA256` itself, without anything of libp2p (Noise, section 5.3):
///
///     → e
///     ← e, ee, s, es
///     → s, se
///
/// The initiator writes, reads, writes; the responder reads, writes, reads. Doing it out of turn is a bug of
/// ours.
package struct HandshakeState: Sendable {
  private enum Phase: Sendable {
    case writesFirst
    case readsFirst
    case writesReply(remoteEphemeral: [UInt8])
    case readsReply
    case writesFinal(sealedStatic: [UInt8])
    case readsFinal
    case complete(TransportKeys)
    case failed
  }

  /// What a message brought.
  package enum Received: Hashable, Sendable {
    case first(payload: [UInt8])
    case reply(payload: [UInt8], remoteStatic: [UInt8])
    case final(payload: [UInt8], remoteStatic: [UInt8])
  }

  private let staticKeys: DHKeyPair
  private let ephemeralKeys: DHKeyPair
  private var symmetric: SymmetricState
  /// Of whichever side: names the handshake in a key log.
  package private(set) var initiatorEphemeral: [UInt8]?
  private var phase: Phase

  package init(role: Role, staticSeed: [UInt8], ephemeralSeed: [UInt8], prologue: [UInt8] = []) {
    staticKeys = DHKeyPair(seed: staticSeed)
    ephemeralKeys = DHKeyPair(seed: ephemeralSeed)
    symmetric = SymmetricState(prologue: prologue)
    switch role {
    case .initiator:
      initiatorEphemeral = ephemeralKeys.publicKey
      phase = .writesFirst
    case .responder:
      phase = .readsFirst
    }
  }

  package var staticPublicKey: [UInt8] { staticKeys.publicKey }

  /// The message to read next; nil when it is our turn, or over.
  package var awaited: HandshakeMessage? {
    switch phase {
    case .readsFirst: .first
    case .readsReply: .reply
    case .readsFinal: .final
    case .writesFirst, .writesReply, .writesFinal, .complete, .failed: nil
    }
  }

  /// After the last message.
  package var transportKeys: TransportKeys? {
    if case .complete(let keys) = phase { keys } else { nil }
  }

  /// The keys of message 2's static, of message 2's payload and message 3's static, and of message 3's
  /// payload, as far as they are derived.
  package var handshakeKeys: [Secret] { symmetric.keys }

  /// Identifies the finished handshake to both sides (Noise, section 11.2).
  package var hash: [UInt8] { symmetric.hash }

  // MARK: Reading

  /// Takes in the awaited message.
  package mutating func read(_ message: [UInt8]) throws(NoiseError) -> Received {
    guard let awaited else { preconditionFailure("read out of turn: \(name)") }
    do throws(NoiseError) {
      guard message.count >= awaited.bytesMin else {
        throw .messageTooShort(awaited, bytes: message.count)
      }
      switch awaited {
      case .first: return try readFirst(message)
      case .reply: return try readReply(message)
      case .final: return try readFinal(message)
      }
    } catch {
      phase = .failed
      throw error
    }
  }

  private mutating func readFirst(_ message: [UInt8]) throws(NoiseError) -> Received {
    let remoteEphemeral = Array(message.prefix(DHKeyPair.publicKeyBytes))
    symmetric.mixHash(remoteEphemeral)
    let payload = try symmetric.openAndHash(message.dropFirst(DHKeyPair.publicKeyBytes), of: .first)
    initiatorEphemeral = remoteEphemeral
    phase = .writesReply(remoteEphemeral: remoteEphemeral)
    return .first(payload: payload)
  }

  private mutating func readReply(_ message: [UInt8]) throws(NoiseError) -> Received {
    let remoteEphemeral = Array(message.prefix(DHKeyPair.publicKeyBytes))
    let sealed = message.dropFirst(DHKeyPair.publicKeyBytes)
    symmetric.mixHash(remoteEphemeral)
    try mix(ephemeralKeys, remoteEphemeral, of: .reply)  // ee
    let remoteStatic = try symmetric.openAndHash(
      sealed.prefix(HandshakeMessage.sealedStaticBytes), of: .reply)
    try mix(ephemeralKeys, remoteStatic, of: .reply)  // es
    let payload = try symmetric.openAndHash(sealed.dropFirst(HandshakeMessage.sealedStaticBytes), of: .reply)
    // Message 3's own tokens depend on nothing that is still to come. Running them now completes the keys of
    // the key log, so that a reply we are about to refuse can be read in a capture all the same.
    let sealedStatic = try symmetric.sealAndHash(staticKeys.publicKey)
    try mix(staticKeys, remoteEphemeral, of: .reply)  // se
    phase = .writesFinal(sealedStatic: sealedStatic)
    return .reply(payload: payload, remoteStatic: remoteStatic)
  }

  private mutating func readFinal(_ message: [UInt8]) throws(NoiseError) -> Received {
    let remoteStatic = try symmetric.openAndHash(
      message.prefix(HandshakeMessage.sealedStaticBytes), of: .final)
    try mix(ephemeralKeys, remoteStatic, of: .final)  // se
    let payload = try symmetric.openAndHash(message.dropFirst(HandshakeMessage.sealedStaticBytes), of: .final)
    phase = .complete(symmetric.split())
    return .final(payload: payload, remoteStatic: remoteStatic)
  }

  // MARK: Writing

  /// Makes the message whose turn it is.
  package mutating func write(_ payload: [UInt8]) throws(NoiseError) -> [UInt8] {
    switch phase {
    case .writesFirst:
      symmetric.mixHash(ephemeralKeys.publicKey)
      let message = try ephemeralKeys.publicKey + symmetric.sealAndHash(payload)
      phase = .readsReply
      return message
    case .writesReply(let remoteEphemeral):
      symmetric.mixHash(ephemeralKeys.publicKey)
      try mix(ephemeralKeys, remoteEphemeral, of: .first)  // ee
      let sealedStatic = try symmetric.sealAndHash(staticKeys.publicKey)
      try mix(staticKeys, remoteEphemeral, of: .first)  // es
      let message = try ephemeralKeys.publicKey + sealedStatic + symmetric.sealAndHash(payload)
      phase = .readsFinal
      return message
    case .writesFinal(let sealedStatic):
      let message = try sealedStatic + symmetric.sealAndHash(payload)
      phase = .complete(symmetric.split())
      return message
    case .readsFirst, .readsReply, .readsFinal, .complete, .failed:
      preconditionFailure("write out of turn: \(name)")
    }
  }

  // MARK: Both

  /// `message` is the one that brought the remote key, to blame when the result is no secret.
  private mutating func mix(
    _ ours: DHKeyPair, _ theirs: [UInt8], of message: HandshakeMessage
  ) throws(NoiseError) {
    guard let secret = ours.sharedSecret(with: theirs) else {
      phase = .failed
      throw .weakPublicKey(message)
    }
    symmetric.mixKey(secret)
  }

  private var name: String {
    switch phase {
    case .writesFirst: "message 1 is to be written"
    case .readsFirst: "message 1 is to be read"
    case .writesReply: "message 2 is to be written"
    case .readsReply: "message 2 is to be read"
    case .writesFinal: "message 3 is to be written"
    case .readsFinal: "message 3 is to be read"
    case .complete: "the handshake is complete"
    case .failed: "the handshake has failed"
    }
  }
}
