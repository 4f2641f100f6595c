import Identity
import NIOCore
import SansIO
import Testing
import TestKit
import Wire

@testable import Chat

@Suite struct VerdictTests {
  static let room = "meshwork-room/1/garden"
  static let global = "p2p-chat-global"

  func judge(_ data: ByteBuffer, _ topic: String = room, by author: PeerID = peer(1)) -> Verdict {
    Machine.verdict(on: data, topic: topic, author: author, nowMs: noon)
  }

  /// An envelope that may be wrong in any field.
  func envelope(_ change: (inout Chat_Envelope) -> Void) -> ByteBuffer {
    var envelope = Chat_Envelope()
    envelope.id = [UInt8](repeating: 1, count: 16).protobufBytes()
    envelope.author = peer(1).bytes.protobufBytes()
    envelope.sequence = 1
    envelope.sentMs = noon
    envelope.text = "hello"
    change(&envelope)
    return envelope.encodedBuffer()
  }

  @Test func whatIsRight() {
    #expect(judge(published("hello")) == .accept)
    #expect(judge(published("hello", sentMs: nil)) == .accept)
    #expect(judge(published(text(bytes: 16 * 1024))) == .accept)
    #expect(judge(ByteBuffer(string: "hello"), Self.global) == .accept)
    #expect(judge(ByteBuffer(string: text(bytes: 16 * 1024)), Self.global) == .accept)
    #expect(judge(ByteBuffer(string: "ANNOUNCE:PRESENCE"), Self.global) == .accept)
    #expect(judge(ByteBuffer(string: "\u{1B}[2J any \0 character"), Self.global) == .accept)
  }

  @Test func whatEveryPeerOfARoomWouldHaveRefusedIsRejected() {
    #expect(judge(published("x", by: peer(2))) == .reject(.foreignAuthor))
    #expect(judge(published(text(bytes: 16 * 1024 + 1))) == .reject(.tooLong))
    #expect(judge(published(text(bytes: 20 * 1024))) == .reject(.tooLong))
    #expect(judge(published("")) == .reject(.empty))
    #expect(judge(published("x", sequence: 0)) == .reject(.malformed))
    #expect(judge(published("x", sentMs: -1)) == .reject(.malformed))
    #expect(judge(ByteBuffer(string: "hello")) == .reject(.malformed))
    #expect(judge(ByteBuffer()) == .reject(.foreignAuthor))
    #expect(
      judge(envelope { $0.id = [UInt8](repeating: 1, count: 15).protobufBytes() }) == .reject(.malformed))
    #expect(judge(envelope { $0.clearID() }) == .reject(.malformed))
    #expect(judge(envelope { $0.clearSequence() }) == .reject(.malformed))
    #expect(judge(envelope { $0.author = [0].protobufBytes() }) == .reject(.foreignAuthor))
    // A text that is no UTF-8 is no protobuf string.
    #expect(judge(ByteBuffer(bytes: [0x2A, 2, 0xC3, 0x28])) == .reject(.malformed))
  }

  @Test func whatNobodyIsToBlameForIsIgnored() {
    #expect(judge(ByteBuffer(bytes: [0xFF, 0xFE]), Self.global) == .ignore(.notText))
    #expect(judge(ByteBuffer(), Self.global) == .ignore(.empty))
    #expect(judge(ByteBuffer(string: text(bytes: 16 * 1024 + 1)), Self.global) == .ignore(.tooLong))
    #expect(judge(envelope { $0.body = nil }) == .ignore(.unreadable))
    #expect(judge(published("x"), "meshwork-room/1/Two Words") == .ignore(.unknownTopic))
    #expect(judge(published("x"), "meshwork-presence/1") == .ignore(.unknownTopic))
  }

  @Test func clocksMayDifferByTenMinutes() {
    #expect(judge(published("x", sentMs: noon + 600_000)) == .accept)
    #expect(judge(published("x", sentMs: noon + 600_001)) == .ignore(.futureDated))
    #expect(judge(published("x", sentMs: .max)) == .ignore(.futureDated))
    #expect(judge(published("x", sentMs: 0)) == .accept)
    let early = Machine.verdict(
      on: published("x", sentMs: .max), topic: Self.room, author: peer(1), nowMs: .min)
    #expect(early == .ignore(.futureDated))
  }

  @Test func everyFlawIsCounted() {
    var stage = Stage()
    let flawed: [(ByteBuffer, String)] = [
      (ByteBuffer(bytes: [0xFF]), Self.global), (ByteBuffer(), Self.global),
      (published(text(bytes: 16 * 1024 + 1)), Self.room), (published("x", sequence: 0), Self.room),
      (published("x", by: peer(2)), Self.room), (published("x", sentMs: .max), Self.room),
      (envelope { $0.body = nil }, Self.room), (ByteBuffer(), "elsewhere"),
    ]
    for (data, topic) in flawed {
      let verdict = stage.machine.judge(data, topic: topic, author: peer(1), nowMs: noon)
      #expect(verdict != .accept)
    }
    let counters = stage.machine.counters
    let counts = [
      counters.notText, counters.empty, counters.tooLong, counters.malformed, counters.foreignAuthor,
      counters.futureDated, counters.unreadable, counters.unknownTopic,
    ]
    #expect(counts == [1, 1, 1, 1, 1, 1, 1, 1])
  }

  @Test func anEnvelopeCutAnywhereIsNoMessage() {
    let whole = [UInt8](published("hello").readableBytesView)
    for cut in whole.truncations { #expect(judge(ByteBuffer(bytes: cut)) != .accept) }
  }

  @Test func anEnvelopeWithAnyBitTurnedNeverTrapsNorChangesItsAuthor() {
    let whole = [UInt8](published("hello").readableBytesView)
    for flipped in whole.bitFlips {
      var stage = Stage()
      do { try stage.join("garden") } catch { Issue.record(error) }
      stage.hear(ByteBuffer(bytes: flipped))
      for case .received(let message) in stage.log { #expect(message.key.author == peer(1)) }
    }
  }

  @Test func theEnvelopesBytes() {
    let data = published("hi", id: 0xAB, by: peer(1), sequence: 300, sentMs: 5)
    let author = peer(1).bytes
    let expected: [UInt8] =
      [0x0A, 16] + [UInt8](repeating: 0xAB, count: 16) + [0x12, UInt8(author.count)] + author
      + [0x18, 0xAC, 0x02, 0x20, 5, 0x2A, 2, 0x68, 0x69]
    #expect([UInt8](data.readableBytesView) == expected)
  }
}
