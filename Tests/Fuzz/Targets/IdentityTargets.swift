import Identity
import TestKit
import Wire

// Names, keys and what is signed with them.
extension FuzzTarget {
  static let identity = [
    FuzzTarget("peer-id-text", seeds: peerIDTexts, run: peerIDText),
    FuzzTarget("peer-id-bytes", seeds: peerIDBytes, run: peerIDFromBytes),
    FuzzTarget("public-key", seeds: publicKeySeeds, run: publicKey),
    FuzzTarget("private-key", seeds: [Seed("ed25519", KeyVectors.ed25519Private)], run: privateKey),
    FuzzTarget("signed-envelope", seeds: [Seed("record", sealedRecord)], run: signedEnvelope),
    FuzzTarget(
      "peer-record", seeds: [Seed("sealed", [0] + sealedRecord), Seed("empty", [1])], run: peerRecord),
  ]

  /// Whose keys the targets use.
  static let alice = keyPair(1)
  static let bob = keyPair(2)
  static let carol = keyPair(3)

  private static func keyPair(_ byte: UInt8) -> KeyPair {
    certain("32 bytes make a key") { () throws(IdentityError) in
      try KeyPair(seed: [UInt8](repeating: byte, count: KeyPair.seedBytes))
    }
  }

  // MARK: Peer ids

  private static var peerIDTexts: [Seed] {
    KeyVectors.peerIDs.prefix(2).flatMap { [Seed($0.base58, $0.base58), Seed($0.cid, $0.cid)] }
      + [Seed("ed25519", alice.peerID.description)]
  }

  private static var peerIDBytes: [Seed] {
    [Seed("ed25519", alice.peerID.bytes), Seed("sha256", [0x12, 32] + [UInt8](repeating: 9, count: 32))]
  }

  private static func peerIDText(_ input: FuzzInput) {
    var input = input
    let text = input.restAsText()
    guard let peer = attempt({ () throws(IdentityError) in try PeerID(text) }) else { return }
    check(peer)
  }

  private static func peerIDFromBytes(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    guard let peer = attempt({ () throws(IdentityError) in try PeerID(bytes: bytes) }) else { return }
    expect(peer.bytes == bytes, "a peer id has one binary form")
    check(peer)
  }

  private static func check(_ peer: PeerID) {
    expect(
      attempt { () throws(IdentityError) in try PeerID("\(peer)") } == peer,
      "\(peer) is read as it is written")
    expect(
      attempt { () throws(IdentityError) in try PeerID(bytes: peer.bytes) } == peer, "the bytes of \(peer)")
    expect(
      (peer < alice.peerID) == peer.bytes.lexicographicallyPrecedes(alice.peerID.bytes),
      "the order of \(peer)")
  }

  // MARK: Keys

  private static var publicKeySeeds: [Seed] {
    [
      Seed("ed25519", KeyVectors.ed25519Public), Seed("secp256k1", KeyVectors.secp256k1Public),
      Seed("ecdsa", KeyVectors.ecdsaPublic), Seed("rsa", KeyVectors.rsa2048Public),
    ]
  }

  private static func publicKey(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    guard let key = attempt({ () throws(IdentityError) in try PublicKey(protobuf: bytes) }) else { return }
    expect(key.protobuf == bytes, "a key has one form")
    check(key.peerID)
    expect(
      !key.isValid(signature: [UInt8](repeating: 1, count: 64), of: bytes), "\(key.peerID) signed nothing")
  }

  private static func privateKey(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    guard let key = attempt({ () throws(IdentityError) in try KeyPair(protobuf: bytes) }) else { return }
    expect(bytes.count != 68 || key.protobuf == bytes, "a private key has one form")
    expect(
      key.publicKey.isValid(signature: key.sign(bytes), of: bytes), "the halves of a key belong together")
  }

  // MARK: Signed

  static var record: PeerRecord {
    let addresses = ["/ip4/192.0.2.1/tcp/4001", "/ip6/2001:db8::1/udp/4001/quic-v1"].map { text in
      certain("\(text) is an address") { () throws(WireError) in try Multiaddr(text) }
    }
    return PeerRecord(peerID: alice.peerID, sequence: 7, addresses: addresses)
  }

  private static var sealedRecord: [UInt8] { record.sealed(by: alice) }

  private static func signedEnvelope(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    guard let envelope = attempt({ () throws(IdentityError) in try SignedEnvelope(decoding: bytes) }) else {
      return
    }
    let again = attempt { () throws(IdentityError) in try SignedEnvelope(decoding: envelope.encoded) }
    expect(again == envelope, "an envelope is read as it is written")
    // Only what was really signed opens, whatever else the bytes say.
    let payload = attempt { () throws(IdentityError) in
      try envelope.opened(type: envelope.payloadType, domain: "libp2p-peer-record")
    }
    if payload != nil, envelope.publicKey == alice.publicKey {
      let genuine = attempt { () throws(IdentityError) in try SignedEnvelope(decoding: sealedRecord) }
      expect(envelope == genuine, "what nobody signed does not open")
    }
  }

  /// The envelope as it comes, or one that the peer really signed around a record nobody checked.
  private static func peerRecord(_ input: FuzzInput) {
    var input = input
    let isGenuine = input.byte() & 1 == 1
    let bytes = input.rest()
    let envelope =
      isGenuine
      ? SignedEnvelope(sealing: bytes, type: [0x03, 0x01], domain: "libp2p-peer-record", with: alice).encoded
      : bytes
    let opened = attempt { () throws(IdentityError) in try PeerRecord.open(envelope, from: alice.peerID) }
    guard let record = opened else { return }
    expect(record.peerID == alice.peerID, "a record is its sender's")
    expect(record.addresses.count <= PeerRecord.addressesMax, "\(record.addresses.count) addresses")
    expect(
      record.addresses.allSatisfy { ($0.peerID ?? alice.peerID) == alice.peerID },
      "addresses of others are left out")
    let again = attempt { () throws(IdentityError) in
      try PeerRecord.open(record.sealed(by: alice), from: alice.peerID)
    }
    // A record of many long addresses may not fit into an envelope again.
    expect(
      again == record || record.sealed(by: alice).count > SignedEnvelope.bytesMax,
      "a record is read as written")
  }
}
