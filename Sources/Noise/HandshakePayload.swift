import Identity
import SwiftProtobuf
import Wire

/// What messages 2 and 3 carry: who we are, proof that the static key is ours, and the muxers we can speak.
struct HandshakePayload {
  /// More is not read. The largest honest one, with 100 muxer names, stays below it by far.
  static let bytesMax = 8192
  /// go-libp2p's limit; it ignores a longer list, which would leave both sides with different ideas.
  static let muxersMax = 100

  var identityKey: PublicKey
  /// In order of preference. An empty list and none at all mean the same.
  var muxers: [ProtocolName]

  /// Signed by `identity`, for `staticKey`.
  static func encode(identity: KeyPair, staticKey: [UInt8], muxers: [ProtocolName]) -> [UInt8] {
    Noise_Payload.with { payload in
      payload.identityKey = identity.publicKey.protobuf.protobufBytes()
      payload.identitySig = identity.sign(signedBytes(staticKey)).protobufBytes()
      if !muxers.isEmpty { payload.extensions.streamMuxers = muxers.map(\.rawValue) }
    }.encodedBytes()
  }

  /// Accepts only what the owner of the identity key signed for the static key that was really used.
  init(decoding bytes: [UInt8], staticKey: [UInt8]) throws(NoiseError) {
    let payload: Noise_Payload
    do {
      payload = try Noise_Payload(decoding: bytes)
    } catch {
      throw .malformedPayload
    }
    guard payload.hasIdentityKey, payload.hasIdentitySig else { throw .malformedPayload }
    do {
      identityKey = try PublicKey(protobuf: [UInt8](payload.identityKey))
      try identityKey.verify(signature: [UInt8](payload.identitySig), of: Self.signedBytes(staticKey))
    } catch {
      throw error == .invalidSignature ? .badSignature : .identityKey(error)
    }
    let names = payload.extensions.streamMuxers
    guard names.count <= Self.muxersMax else {
      throw .tooManyMuxers(count: names.count, countMax: Self.muxersMax)
    }
    muxers = names.map { ProtocolName($0) }
  }

  private static func signedBytes(_ staticKey: [UInt8]) -> [UInt8] {
    Array("noise-libp2p-static-key:".utf8) + staticKey
  }
}
