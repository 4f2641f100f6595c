package import Wire

/// The name of a peer: the multihash of its public key, and so a name only the owner of the key can prove.
///
/// Printed in base58 (`12D3KooW…`, `Qm…`); parsed from that and from the CID form (`bafz…`). Held in place,
/// without reference counts: copying, comparing and hashing cost a few words. Ordered as its bytes are.
/// Source: libp2p specs, peer-ids/peer-ids.md.
public struct PeerID: Hashable, Sendable {
  // The bytes, padded with zeros to 47, and their count: as big-endian words, whose order is the order of the
  // bytes.
  private let word0, word1, word2, word3, word4, word5: UInt64

  /// From the 34 to 44 bytes of a multihash that is a peer id: a SHA-256, or a short key itself.
  public init(bytes: [UInt8]) throws(IdentityError) {
    let multihash: Multihash
    do { multihash = try Multihash(bytes: bytes) } catch { throw .malformedPeerID(error) }
    try self.init(multihash: multihash)
  }

  /// From text in base58 or as a CID of version 1.
  public init(_ text: String) throws(IdentityError) {
    let multihash: Multihash
    do { multihash = try Multihash(peerIDText: text) } catch { throw .malformedPeerID(error) }
    self.init(valid: multihash.bytes)
  }

  package init(multihash: Multihash) throws(IdentityError) {
    guard multihash.isPeerID else { throw .malformedPeerID(.malformedPeerID) }
    self.init(valid: multihash.bytes)
  }

  /// Short keys are their own name, others are hashed.
  init(publicKey: PublicKey) {
    let key = publicKey.protobuf
    let multihash =
      key.count <= Multihash.peerIDKeyBytesMax
      ? Multihash(code: Multihash.identityCode, digest: key)
      : Multihash(code: Multihash.sha256Code, digest: Sodium.sha256(key))
    self.init(valid: multihash.bytes)
  }

  private init(valid bytes: [UInt8]) {
    precondition(bytes.count < 48, "a peer id of \(bytes.count) bytes passed the check of its form")
    func word(_ index: Int) -> UInt64 {
      (index * 8..<index * 8 + 8).reduce(0) { $0 << 8 | ($1 < bytes.count ? UInt64(bytes[$1]) : 0) }
    }
    word0 = word(0)
    word1 = word(1)
    word2 = word(2)
    word3 = word(3)
    word4 = word(4)
    word5 = word(5) | UInt64(bytes.count)
  }

  /// By 64 bits of the key or its digest alone: peers are looked up dozens of times for each message.
  public func hash(into hasher: inout Hasher) { hasher.combine(word2) }

  /// The multihash, as on the wire.
  public var bytes: [UInt8] {
    let words = [word0, word1, word2, word3, word4, word5]
    return (0..<Int(word5 & 0xFF)).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> (56 - $0 % 8 * 8)) }
  }
}

extension PeerID: Comparable {
  /// The order of the bytes.
  public static func < (left: PeerID, right: PeerID) -> Bool {
    if left.word0 != right.word0 { return left.word0 < right.word0 }
    if left.word1 != right.word1 { return left.word1 < right.word1 }
    if left.word2 != right.word2 { return left.word2 < right.word2 }
    if left.word3 != right.word3 { return left.word3 < right.word3 }
    if left.word4 != right.word4 { return left.word4 < right.word4 }
    return left.word5 < right.word5
  }
}

extension PeerID: CustomStringConvertible {
  /// Base58, the form to show to people and to paste.
  public var description: String { Base58.encode(bytes) }
}
