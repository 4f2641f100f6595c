import SansIO
import TestKit
import Testing
import Wire

@testable import Identity

private let loopback = Multiaddr.tcp(.v4(.loopback), port: 4001)

/// Two peers: one whose record it is, and one who would like it to be another's.
private struct Peers {
  let alice: KeyPair
  let mallory: KeyPair

  init() throws {
    alice = try KeyPair(seed: [UInt8](repeating: 1, count: 32))
    mallory = try KeyPair(seed: [UInt8](repeating: 2, count: 32))
  }
}

/// A record as anyone may write and sign it.
private func envelope(
  about peerID: [UInt8], addresses: [[UInt8]] = [loopback.bytes], signedBy keyPair: KeyPair,
  type: [UInt8] = [0x03, 0x01], domain: String = "libp2p-peer-record"
) -> [UInt8] {
  var record = Record_PeerRecord()
  record.peerID = peerID.protobufBytes()
  record.seq = 7
  record.addresses = addresses.map { address in
    var entry = Record_PeerRecord.AddressInfo()
    entry.multiaddr = address.protobufBytes()
    return entry
  }
  return SignedEnvelope(sealing: record.encodedBytes(), type: type, domain: domain, with: keyPair).encoded
}

@Suite struct PeerRecordTests {
  @Test(
    "Records that Go and JavaScript signed",
    arguments: [(KeyVectors.peerRecordOfGo, 0), (KeyVectors.peerRecordOfJavaScript, 1_763_097_785_200)]
      as [([UInt8], UInt64)])
  func foreignRecords(bytes: [UInt8], sequence: UInt64) throws {
    let signer = try SignedEnvelope(decoding: bytes).publicKey.peerID
    let record = try PeerRecord.open(bytes, from: signer)
    #expect(record == PeerRecord(peerID: signer, sequence: sequence, addresses: [loopback]))
  }

  @Test func aRecordComesBack() throws {
    let alice = try Peers().alice
    let record = try PeerRecord(
      peerID: alice.peerID, sequence: .max, addresses: [loopback, Multiaddr("/dns/example.org/tcp/1/tls/ws")])
    #expect(try PeerRecord.open(record.sealed(by: alice), from: alice.peerID) == record)
  }

  @Test("The form is the one of Go and JavaScript, to the byte") func standardForm() throws {
    let alice = try Peers().alice
    let record = PeerRecord(peerID: alice.peerID, sequence: 7, addresses: [loopback])
    #expect(record.sealed(by: alice) == envelope(about: alice.peerID.bytes, signedBy: alice))
  }

  @Test("What rust-libp2p signs by default is read") func rustForm() throws {
    let alice = try Peers().alice
    let bytes = envelope(
      about: alice.peerID.bytes, signedBy: alice, type: [UInt8]("/libp2p/routing-state-record".utf8),
      domain: "libp2p-routing-state")
    #expect(try PeerRecord.open(bytes, from: alice.peerID).addresses == [loopback])
  }

  @Test("The two forms do not mix") func mixedForms() throws {
    let alice = try Peers().alice
    let mixed = envelope(about: alice.peerID.bytes, signedBy: alice, domain: "libp2p-routing-state")
    #expect(throws: IdentityError.invalidSignature) { try PeerRecord.open(mixed, from: alice.peerID) }
    let other = envelope(
      about: alice.peerID.bytes, signedBy: alice, type: [0x03, 0x02], domain: "libp2p-relay-rsvp")
    #expect(throws: IdentityError.unexpectedPayloadType) { try PeerRecord.open(other, from: alice.peerID) }
  }

  @Test("CVE-2023-40583: nobody plants a record of another peer") func recordsOfOthers() throws {
    let peers = try Peers()
    let (alice, mallory) = (peers.alice, peers.mallory)
    // Signed by Mallory, about Alice.
    let forged = envelope(about: alice.peerID.bytes, signedBy: mallory)
    // Signed by Alice, brought by Mallory.
    let carried = envelope(about: alice.peerID.bytes, signedBy: alice)
    for (bytes, sender) in [(forged, mallory), (forged, alice), (carried, mallory)] {
      #expect(throws: IdentityError.recordOfAnotherPeer) { try PeerRecord.open(bytes, from: sender.peerID) }
    }
  }

  @Test func unreadableAndForeignAddressesAreLeftOut() throws {
    let peers = try Peers()
    let own = try loopback.appending(peers.alice.peerID)
    let foreign = try loopback.appending(peers.mallory.peerID)
    let bytes = envelope(
      about: peers.alice.peerID.bytes, addresses: [[], [0xFF], foreign.bytes, own.bytes, loopback.bytes],
      signedBy: peers.alice)
    #expect(try PeerRecord.open(bytes, from: peers.alice.peerID).addresses == [own, loopback])
  }

  @Test func addressesAreBounded() throws {
    let alice = try Peers().alice
    let many = (0..<500).map { Multiaddr.tcp(.v4(.loopback), port: $0).bytes }
    let bytes = envelope(about: alice.peerID.bytes, addresses: many, signedBy: alice)
    let record = try PeerRecord.open(bytes, from: alice.peerID)
    #expect(record.addresses.count == PeerRecord.addressesMax)
    #expect(record.addresses.last == Multiaddr.tcp(.v4(.loopback), port: 127))
  }

  @Test func aRecordMustNameAPeer() throws {
    let alice = try Peers().alice
    for name in [[], [0xFF], [0x00, 0x00]] as [[UInt8]] {
      let bytes = envelope(about: name, signedBy: alice)
      #expect(throws: IdentityError.self) { try PeerRecord.open(bytes, from: alice.peerID) }
    }
    let noise = SignedEnvelope(
      sealing: [0xFF], type: [0x03, 0x01], domain: "libp2p-peer-record", with: alice)
    #expect(throws: IdentityError.malformedRecord) { try PeerRecord.open(noise.encoded, from: alice.peerID) }
  }

  @Test(
    "No damage to a record goes unnoticed",
    arguments: [KeyVectors.peerRecordOfGo, KeyVectors.peerRecordOfJavaScript])
  func damage(bytes: [UInt8]) throws {
    let signer = try SignedEnvelope(decoding: bytes).publicKey.peerID
    for damaged in bytes.truncations + bytes.bitFlips {
      #expect(throws: IdentityError.self) { try PeerRecord.open(damaged, from: signer) }
    }
  }
}
