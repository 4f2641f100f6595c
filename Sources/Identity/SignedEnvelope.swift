import Wire

/// Bytes that a peer vouches for, so that others may pass them on (libp2p specs, RFC 0002).
///
/// What is signed is the domain, the type and the payload, so that a signature made for one purpose is none
/// for another. `init(decoding:)` takes the form apart; only `opened` has checked the signature.
package struct SignedEnvelope: Hashable, Sendable {
  /// The most that identify carries, and several times an honest peer record.
  package static let bytesMax = 8 * 1024

  package let publicKey: PublicKey
  package let payloadType: [UInt8]
  private let payload: [UInt8]
  private let signature: [UInt8]

  /// Signs a payload.
  package init(sealing payload: [UInt8], type: [UInt8], domain: String, with keyPair: KeyPair) {
    publicKey = keyPair.publicKey
    payloadType = type
    self.payload = payload
    signature = keyPair.sign(Self.signedBytes(domain: domain, type: type, payload: payload))
  }

  /// Decodes, and checks no signature.
  package init(decoding bytes: [UInt8]) throws(IdentityError) {
    guard bytes.count <= Self.bytesMax else { throw .tooLarge(limit: Self.bytesMax) }
    let message: Record_Envelope
    do { message = try Record_Envelope(decoding: bytes) } catch { throw .malformedEnvelope }
    guard message.hasPublicKey, message.hasPayload, message.hasSignature else { throw .malformedEnvelope }
    publicKey = try PublicKey(protobuf: [UInt8](message.publicKey))
    payloadType = [UInt8](message.payloadType)
    payload = [UInt8](message.payload)
    signature = [UInt8](message.signature)
  }

  /// The payload, when it is of this type and `publicKey` signed it for this domain.
  package func opened(type: [UInt8], domain: String) throws(IdentityError) -> [UInt8] {
    guard payloadType == type else { throw .unexpectedPayloadType }
    try publicKey.verify(
      signature: signature, of: Self.signedBytes(domain: domain, type: type, payload: payload))
    return payload
  }

  package var encoded: [UInt8] {
    var message = Record_Envelope()
    message.publicKey = publicKey.protobuf.protobufBytes()
    message.payloadType = payloadType.protobufBytes()
    message.payload = payload.protobufBytes()
    message.signature = signature.protobufBytes()
    return message.encodedBytes()
  }

  private static func signedBytes(domain: String, type: [UInt8], payload: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in [[UInt8](domain.utf8), type, payload] {
      Varint.encode(UInt64(part.count), into: &bytes)
      bytes += part
    }
    return bytes
  }
}
