import GossipSub
import Identity
import NIOCore
import SwiftProtobuf
import TestKit
import Testing
import Wire

/// Strict signing (pubsub/README.md, "Message Signing"). The vectors were made by another program.
@Suite struct SigningTests {
  struct Vector {
    let raw: String
    let author: String
    let goID: String
    let rustID: String
  }

  static let plain = Vector(
    raw: """
      0a26002408011220ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c120568656c6c6f
      1a0817a1b2c3d4e5
      f601220f7032702d636861742d676c6f62616c2a408e0b2839c3e151555aa9010f4e6e6a801c394e78fd46abf4ac3b
      0eb87ad3e99a70ac
      48dfab86ea9d2ffca33ea5bcabe5c69896473c3b673c64b3278bb71ba501
      """,
    author: "12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7",
    goID: "002408011220ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c17a1b2c3d4e5f601",
    rustID: "12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az71702838688282965505")

  static let withKey = Vector(
    raw: """
      0a260024080112201398f62c6d1a457c51ba6a4b5f3dbd2f69fca93216218dc8997e416bd17d93ca120c6772c3b6c3
      9f6520f09fa6801a
      080000000000000001220f7032702d636861742d676c6f62616c2a408d9d8991d37ec889085471f1e11fc4a3f3df73
      8c3cf75d3be902d2
      6a0eb3e8e25f16ec68f531dca4d21de9addda9b45ae42b442b1f68287d2df9aa46539ad50b3224080112201398f62c
      6d1a457c51ba6a4b
      5f3dbd2f69fca93216218dc8997e416bd17d93ca
      """,
    author: "12D3KooWB8sCGZCrwr79HtabLAn95qyPQx6RYHXjEbiD6QKou7ww",
    goID: "0024080112201398f62c6d1a457c51ba6a4b5f3dbd2f69fca93216218dc8997e416bd17d93ca0000000000000001",
    rustID: "12D3KooWB8sCGZCrwr79HtabLAn95qyPQx6RYHXjEbiD6QKou7ww1")

  static let withoutData = Vector(
    raw: """
      0a26002408011220fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f6181a08ffffffffff
      ffffff220f703270
      2d636861742d676c6f62616c2a4046eddc1f185a1fe05306514e5b152bba77363ff33cf10c8428e45e056e61019d70
      e33ef37551aeb119
      98e34ec9635a90ba04539138549c6d917fca84e4ea4f0a
      """,
    author: "12D3KooWSrKnMZUcSxK8G7wmBbXdU8nFEfWGhLu6H8xjn8LmCSJb",
    goID: "002408011220fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618ffffffffffffffff",
    rustID: "12D3KooWSrKnMZUcSxK8G7wmBbXdU8nFEfWGhLu6H8xjn8LmCSJb18446744073709551615")

  static let withUnknownFields = Vector(
    raw: """
      0a2600240801122043a72e714401762df66b68c26dfbdf2682aaec9f2474eca4613e424a0fbafd3c1201781a080000
      000000000005220f
      7032702d636861742d676c6f62616c2a4079a97a0b2207d07f77d9f2619a7bbeea4de2caa84fcdf64308e609f7ee2a
      20fec7f573d98e49
      7e7af482a5c4d290bb0ef0534f1b802b8b59d2987e130be50b033a036162634801
      """,
    author: "12D3KooWENTLiCwwoVwYNbKFEfmNdyHG1jxNn9oPB29JeeZXWjAb",
    goID: "00240801122043a72e714401762df66b68c26dfbdf2682aaec9f2474eca4613e424a0fbafd3c0000000000000005",
    rustID: "12D3KooWENTLiCwwoVwYNbKFEfmNdyHG1jxNn9oPB29JeeZXWjAb5")

  static let vectors = [plain, withKey, withoutData, withUnknownFields]

  /// An RPC of one message, byte by byte as given.
  func frame(_ raw: [UInt8]) -> ByteBuffer {
    var body = ByteBuffer(bytes: [0x12])
    Varint.encode(UInt64(raw.count), into: &body)
    body.writeBytes(raw)
    var wire = ByteBuffer()
    LengthPrefixedFrames.encode(body, into: &wire)
    return wire
  }

  @Test(arguments: 0..<vectors.count, [MessageIDForm.go, .rust])
  func acceptsAndPassesOnUnchanged(_ index: Int, _ form: MessageIDForm) throws {
    let vector = Self.vectors[index]
    let (sender, listener) = (try Peer(1), try Peer(2))
    var rig = try Rig([chat], TopicConfiguration(messageID: form))
    rig.connect([sender, listener])
    var wire = frame([UInt8](hex: vector.raw))
    rig.router.receive(&wire, from: sender.id, at: rig.now)
    let messages = rig.messages()
    let message = try #require(messages.first)
    #expect(message.author.description == vector.author)
    #expect(
      form == .go ? message.id.bytes.hex == vector.goID : message.id.bytes == [UInt8](vector.rustID.utf8))
    var forwarded = ByteBuffer()
    #expect(rig.router.drainOutbound(for: listener.id, into: &forwarded, maxBytes: 10_000))
    #expect([UInt8](forwarded.readableBytesView).hex.contains([UInt8](hex: vector.raw).hex))
  }

  @Test func dataIsWhatWasSigned() throws {
    let sender = try Peer(1)
    for (vector, text) in [(Self.plain, "hello"), (Self.withKey, "größe 🦀"), (Self.withoutData, "")] {
      var rig = try Rig()
      rig.connect([sender])
      var wire = frame([UInt8](hex: vector.raw))
      rig.router.receive(&wire, from: sender.id, at: rig.now)
      let texts = rig.messages().map { $0.text }
      #expect(texts == [text])
    }
  }

  @Test func ownMessagesAreSignedAsOthersVerify() throws {
    let listener = try Peer(1)
    var rig = try Rig()
    rig.connect([listener])
    let id = try rig.publish("hi")
    let sent = try #require(rig.said(to: listener).publish.first)
    #expect(!sent.hasKey)
    #expect([UInt8](sent.from) == (try rig.ownID.bytes))
    #expect([UInt8](sent.seqno) == UInt64(1).bytes)
    #expect(id.bytes == (try rig.ownID.bytes) + UInt64(1).bytes)
    var unsigned = sent
    unsigned.clearSignature()
    let signed = [UInt8]("libp2p-pubsub:".utf8) + unsigned.encodedBytes()
    #expect(try Peer(Rig.own).keys.publicKey.isValid(signature: [UInt8](sent.signature), of: signed))
  }

  @Test func sequencesIncrease() throws {
    let listener = try Peer(1)
    var rig = try Rig()
    rig.connect([listener])
    for _ in 1...5 { _ = try rig.publish("same") }
    let said = try rig.said(to: listener)
    #expect(said.publish.map { [UInt8]($0.seqno) } == (1...5).map { UInt64($0).bytes })
  }

  /// What is wrong, and what is held against the sender.
  func reason(_ message: Gossipsub_Message) throws -> InvalidMessage? {
    let sender = try Peer(1)
    var rig = try Rig()
    rig.connect([sender])
    rig.hear([message], from: sender)
    let events = rig.events()
    for event in events {
      if case .message = event { return nil }
    }
    for case .misbehaved(sender.id, .invalidMessage(let reason, chat)) in events {
      #expect(rig.score(sender) < 0)
      return reason
    }
    Issue.record("neither accepted nor refused: \(events)")
    return nil
  }

  @Test func strictSigningWantsEveryField() throws {
    let author = try Peer(2)
    #expect(try reason(author.message(1)) == nil)
    for clear in [
      { $0.clearFrom() }, { $0.clearSeqno() }, { $0.clearSignature() },
    ] as [(inout Gossipsub_Message) -> Void] {
      var message = author.message(1)
      clear(&message)
      #expect(try reason(message) == .unsigned)
    }
  }

  @Test func forgeriesAreRefused() throws {
    let (author, forger) = (try Peer(2), try Peer(3))
    var changed = author.message(1)
    changed.data = [1].protobufBytes()
    #expect(try reason(changed) == .invalidSignature)
    var renumbered = author.message(1)
    renumbered.seqno = UInt64(2).bytes.protobufBytes()
    #expect(try reason(renumbered) == .invalidSignature)
    let impersonated = forger.message(1) { $0.from = author.id.bytes.protobufBytes() }
    #expect(try reason(impersonated) == .invalidSignature)
    var empty = author.message(1)
    empty.signature = [].protobufBytes()
    #expect(try reason(empty) == .invalidSignature)
    #expect(try reason(author.message(1) { $0.seqno = [1, 2, 3].protobufBytes() }) == .malformedStamp)
    #expect(try reason(author.message(1) { $0.from = [1, 2, 3].protobufBytes() }) == .malformedStamp)
  }

  @Test func aKeySentAlongMustBeTheAuthors() throws {
    let (author, forger) = (try Peer(2), try Peer(3))
    var message = author.message(1)
    message.key = author.keys.publicKey.protobuf.protobufBytes()
    #expect(try reason(message) == nil)
    message.key = forger.keys.publicKey.protobuf.protobufBytes()
    #expect(try reason(message) == .foreignKey)
    var forged = forger.message(1) { $0.from = author.id.bytes.protobufBytes() }
    forged.key = forger.keys.publicKey.protobuf.protobufBytes()
    #expect(try reason(forged) == .foreignKey)
  }

  /// Peers that decode and encode again would compute another signature than we do over what we received.
  @Test func onlyTheCommonEncodingIsTaken() throws {
    let author = try Peer(2)
    let raw = author.message(1).encodedBytes()
    let from = [UInt8](raw[..<40])
    let rest = [UInt8](raw[40...])
    for twisted in [rest + from, from + from + rest, raw + from, from + [0xC0, 0x80, 0x00, 0x00] + rest] {
      let sender = try Peer(1)
      var rig = try Rig()
      rig.connect([sender])
      var wire = frame(twisted)
      rig.router.receive(&wire, from: sender.id, at: rig.now)
      #expect(rig.messages().isEmpty)
    }
  }

  @Test func aMessageInOurNameIsDroppedWithoutBlame() throws {
    let sender = try Peer(1)
    var rig = try Rig()
    rig.connect([sender])
    rig.hear([try Peer(Rig.own).message(77)], from: sender)
    #expect(rig.messages().isEmpty)
    #expect(rig.router.counters.selfAuthored == 1)
    #expect(rig.score(sender) == 0)
  }

  /// A key of another kind than ours may be honest.
  @Test func unverifiableAuthorsAreDroppedWithoutBlame() throws {
    let sender = try Peer(1)
    var rig = try Rig()
    rig.connect([sender])
    let secp256k1: [UInt8] = [0x00, 0x25, 0x08, 0x02, 0x12, 0x21, 0x02] + [UInt8](repeating: 7, count: 32)
    rig.hear([try Peer(2).message(1) { $0.from = secp256k1.protobufBytes() }], from: sender)
    #expect(rig.router.counters.unverifiable == 1)
    #expect(rig.score(sender) == 0)
  }
}
