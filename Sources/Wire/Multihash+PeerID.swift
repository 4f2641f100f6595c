// Peer ids on the wire and in addresses (libp2p specs, peer-ids/peer-ids.md). Identity makes them mean
// somebody.

extension Multihash {
  /// Keys up to this size are their own peer id; larger ones are hashed.
  package static let peerIDKeyBytesMax = 42
  private static let libp2pKeyCodec: UInt64 = 0x72

  /// Whether this can be a peer id: a key small enough to stand for itself, or a whole SHA-256.
  package var isPeerID: Bool {
    switch code {
    case Self.identityCode: digest.count <= Self.peerIDKeyBytesMax && Self.hasShapeOfKey([UInt8](digest))
    case Self.sha256Code: digest.count == 32
    default: false
    }
  }

  /// A key's one encoding: its kind and, to the end, its bytes. Without this check a peer id in base58 that
  /// was cut somewhere may pass for another.
  private static func hasShapeOfKey(_ bytes: [UInt8]) -> Bool {
    bytes.count > 4 && bytes[0] == 0x08 && bytes[2] == 0x12 && Int(bytes[3]) == bytes.count - 4
  }

  /// Reads a peer id in base58 (`12D3KooW…`, `Qm…`) or as a CID of version 1 (`bafz…`).
  package init(peerIDText text: String) throws(WireError) {
    let characters = text.utf8
    guard characters.count <= RadixText.charactersMax else {
      throw .textTooLong(limit: RadixText.charactersMax)
    }
    if text.hasPrefix("1") || text.hasPrefix("Qm") {
      try self.init(bytes: Base58.decode(text))
    } else {
      let cid: [UInt8]
      do { cid = try Multibase.decode(characters) } catch { throw .malformedPeerID }
      var rest = cid[...]
      let version = try Varint.decode(&rest)
      let codec = try Varint.decode(&rest)
      guard version == 1, codec == Self.libp2pKeyCodec else { throw .malformedPeerID }
      try self.init(bytes: [UInt8](rest))
    }
    guard isPeerID else { throw .malformedPeerID }
  }
}
