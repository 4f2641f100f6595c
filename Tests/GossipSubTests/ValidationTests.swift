import GossipSub
import Identity
import NIOCore
import SansIO
import Testing
import Wire

/// Accept, reject, ignore; duplicates; rates.
@Suite struct ValidationTests {
  func rig(_ peers: [Peer], _ change: (inout Configuration) -> Void = { _ in }) throws -> Rig {
    var rig = try Rig([chat], TopicConfiguration(validation: .application), change)
    rig.connect(peers)
    return rig
  }

  @Test func nothingIsPassedOnBeforeTheVerdict() throws {
    let (author, member) = (try Peer(1), try Peer(2))
    var rig = try rig([author, member])
    rig.hear([author.message(1)], from: author)
    let messages = rig.messages()
    let message = try #require(messages.first)
    #expect(try rig.said(to: member).publish.isEmpty)
    rig.hear(.iwant([message.id.bytes]), from: member)
    #expect(try rig.said(to: member).publish.isEmpty)
    rig.router.validated(message.id, .accept, at: rig.now)
    #expect(try rig.said(to: member).texts == ["hello"])
    #expect(rig.events().isEmpty, "the application has it already")
    #expect(rig.score(author) > 0)
  }

  @Test func rejectedMessagesCountAgainstAllWhoSentThem() throws {
    let (author, second, member) = (try Peer(1), try Peer(2), try Peer(3))
    var rig = try rig([author, second, member])
    rig.hear([author.message(1)], from: author)
    rig.hear([author.message(1)], from: second)
    let messages = rig.messages()
    let message = try #require(messages.first)
    rig.router.validated(message.id, .reject, at: rig.now)
    #expect([author, second, member].map { rig.score($0) < 0 } == [true, true, false])
    #expect(try rig.said(to: member).publish.isEmpty)
    rig.hear([author.message(1)], from: member)
    #expect(rig.messages().isEmpty, "seen is seen")
  }

  @Test func ignoredMessagesCountAgainstNobody() throws {
    let (author, member) = (try Peer(1), try Peer(2))
    var rig = try rig([author, member])
    rig.hear([author.message(1)], from: author)
    let messages = rig.messages()
    let message = try #require(messages.first)
    rig.router.validated(message.id, .ignore, at: rig.now)
    #expect(rig.score(author) == 0 && rig.router.counters.ignored == 1)
    #expect(try rig.said(to: member).publish.isEmpty)
  }

  @Test func whoSentACopyMeanwhileIsNotSentOne() throws {
    let (author, second, member) = (try Peer(1), try Peer(2), try Peer(3))
    var rig = try rig([author, second, member])
    rig.hear([author.message(1)], from: author)
    rig.hear([author.message(1)], from: second)
    let messages = rig.messages()
    let message = try #require(messages.first)
    rig.router.validated(message.id, .accept, at: rig.now)
    #expect(try rig.said(to: [author, second, member]).map(\.publish.count) == [0, 0, 1])
  }

  @Test func aVerdictCountsOnceAndInTime() throws {
    let (author, member) = (try Peer(1), try Peer(2))
    var rig = try rig([author, member])
    rig.hear([author.message(1), author.message(2)], from: author)
    let messages = rig.messages()
    rig.router.validated(messages[0].id, .accept, at: rig.now)
    rig.router.validated(messages[0].id, .reject, at: rig.now)
    #expect(rig.router.counters.rejected == 0)
    rig.wait(.seconds(62))
    rig.clear()
    rig.router.validated(messages[1].id, .accept, at: rig.now)
    #expect(try rig.said(to: member).publish.isEmpty && rig.router.counters.unanswered == 1)
  }

  @Test func soManyMayWait() throws {
    let author = try Peer(1)
    var rig = try rig([author]) { $0.awaitingMessagesMax = 3 }
    rig.hear((1...5).map { author.message($0) }, from: author)
    let waiting = rig.messages()
    #expect(waiting.count == 3 && rig.router.counters.validationFull == 2)
    for message in waiting { rig.router.validated(message.id, .accept, at: rig.now) }
    rig.hear([author.message(4)], from: author)
    #expect(rig.messages().count == 1, "what found no place was not seen")
  }

  @Test func aDuplicateIsDeliveredOnceFromWhomeverItComes() throws {
    let many = try peers(1...6)
    var rig = try Rig()
    rig.connect(many)
    for _ in 1...3 {
      for peer in many { rig.hear([many[0].message(1)], from: peer) }
    }
    #expect(rig.messages().count == 1 && rig.router.counters.duplicates == 17)
  }

  @Test func replayedWithinTwoMinutesItIsADuplicate() throws {
    let author = try Peer(1)
    var rig = try Rig()
    rig.connect([author])
    rig.hear([author.message(1)], from: author)
    rig.wait(.seconds(118))
    rig.hear([author.message(1)], from: author)
    #expect(rig.messages().count == 1)
  }

  @Test func oversizedDataIsIgnored() throws {
    let author = try Peer(1)
    var rules = TopicConfiguration()
    rules.dataBytesMax = 10
    var rig = try Rig([chat], rules)
    rig.connect([author])
    rig.hear([author.message(1, "1234567890"), author.message(2, "12345678901")], from: author)
    #expect(rig.messages().map(\.sequence) == [1])
    #expect(rig.router.counters.oversized == 1)
  }

  @Test func anAuthorWhoWritesTooMuchIsSilenced() throws {
    let (flooder, honest) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([flooder, honest])
    for sequence in UInt64(1)...1000 {
      rig.hear([flooder.message(sequence)], from: flooder)
      rig.wait(.milliseconds(1))
    }
    let events = rig.events()
    let read = events.filter { if case .message = $0 { true } else { false } }
    #expect((200...300).contains(read.count))
    #expect(events.contains(.misbehaved(flooder.id, .tooManyMessages(chat))))
    #expect(rig.score(flooder) < -80)
    rig.hear([honest.message(1)], from: honest)
    #expect(rig.messages().count == 1)
    #expect(rig.score(honest) > 0)
  }

  @Test func whoPassesItOnIsNotToBlame() throws {
    let (flooder, messenger) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([messenger])
    for sequence in UInt64(1)...300 { rig.hear([flooder.message(sequence)], from: messenger) }
    #expect(rig.router.counters.overRate == 100)
    #expect(rig.score(messenger) > 0)
  }
}
