import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import Chat

@Suite struct ReceivingTests {
  @Test func toldOnlyOnceItIsKept() throws {
    var stage = Stage()
    try stage.join("garden")
    stage.keeps = false
    stage.hear(published("hello"))
    #expect(stage.received.isEmpty)
    stage.answer()
    stage.collect()
    #expect(stage.received == ["hello"])
  }

  @Test func aMessageOfARoom() throws {
    var stage = Stage()
    try stage.join("garden")
    stage.hear(published("hello", id: 0x0F, sequence: 7, sentMs: noon - 5))
    let message = Message(
      key: MessageKey(author: peer(1), id: String(repeating: "0f", count: 16)), conversation: .garden,
      sequence: 7, text: "hello", sentMs: noon - 5, receivedMs: noon, state: .received)
    #expect(stage.log.last == .received(message))
  }

  @Test func aTextInGlobal() {
    var stage = Stage()
    stage.hear(ByteBuffer(string: "ANNOUNCE:PRESENCES"), in: "global", sequence: 258)
    let message = Message(
      key: MessageKey(author: peer(1), id: "0000000000000102"), conversation: .global, sequence: 258,
      text: "ANNOUNCE:PRESENCES", sentMs: nil, receivedMs: noon, state: .received)
    #expect(stage.log.last == .received(message))
  }

  @Test func aSecondCopyIsNotTold() throws {
    var stage = Stage()
    try stage.join("garden")
    for _ in 0..<3 { stage.hear(published("hello")) }
    #expect(stage.received == ["hello"])
    #expect(stage.machine.counters.duplicates == 2)
  }

  @Test func whatIsNotForUs() throws {
    var stage = Stage()
    try stage.join("garden")
    stage.hear(published("x", by: peer(0)), of: peer(0))
    stage.hear(published("x"), in: "kitchen")
    stage.hear(published("x", by: peer(2)), of: peer(1))
    stage.hear(published("x", sentMs: noon + 3_600_000))
    stage.hear(ByteBuffer(bytes: [0xFF]), in: "global")
    #expect(stage.received.isEmpty && stage.unanswered.isEmpty)
    let counters = stage.machine.counters
    #expect(counters.ownEchoes == 1 && counters.notJoined == 1 && counters.foreignAuthor == 1)
    #expect(counters.futureDated == 1 && counters.notText == 1)
  }

  @Test func whatComesTogetherIsKeptTogether() throws {
    var stage = Stage { $0.batchWritesMax = 10 }
    try stage.join("garden")
    stage.keeps = false
    for id in 1...25 as ClosedRange<UInt8> {
      stage.machine.accepted(
        published("\(id)", id: id, sequence: UInt64(id)), topic: RoomName.topic(of: "garden"),
        author: peer(1), sequence: UInt64(id), nowMs: noon, at: stage.now)
    }
    var sizes: [Int] = []
    stage.collect()
    while !stage.unanswered.isEmpty {
      #expect(stage.unanswered.count == 1)
      sizes.append(stage.unanswered[0].writes.count)
      stage.answer()
      stage.collect()
    }
    #expect(sizes == [10, 10, 5])
    #expect(stage.received == (1...25).map(String.init))
  }

  @Test func aStoreThatHangsCostsMessagesNotMemory() throws {
    var stage = Stage { $0.unsavedMax = 4 }
    try stage.join("garden")
    stage.keeps = false
    for id in 1...9 as ClosedRange<UInt8> { stage.hear(published("\(id)", id: id)) }
    #expect(stage.machine.counters.unsaved == 5)
    stage.take(direct("later"), from: peer(2))
    #expect(stage.machine.counters.directUnsaved == 1)
    while !stage.unanswered.isEmpty {
      stage.answer()
      stage.collect()
    }
    #expect(stage.received == ["1", "2", "3", "4"])
  }

  @Test func reading() {
    var stage = Stage()
    let key = MessageKey(author: peer(1), id: "01")
    stage.machine.markRead(.global, upTo: key, at: stage.now)
    stage.collect()
    #expect(stage.log.last == .save(SaveID(rawValue: 1), [.read(.global, upTo: key)]))
  }

  @Test func whatIsToBeRememberedIsGathered() {
    var stage = Stage()
    stage.machine.remember(author: peer(1), sequence: 5, at: stage.now)
    stage.machine.remember(author: peer(1), sequence: 9, at: stage.now)
    stage.machine.remember(author: peer(1), sequence: 7, at: stage.now)
    stage.machine.remember(peer: peer(2), addresses: [], seenMs: noon, at: stage.now)
    stage.collect()
    #expect(stage.log.count == 1 && !stage.machine.isSaved)
    stage.pass(.seconds(5))
    let writes: [Write] = [
      .author(peer(1), sequence: 9), .peer(peer(2), addresses: [], seenMs: noon),
    ]
    #expect(stage.log.last == .save(SaveID(rawValue: 1), writes))
    #expect(stage.machine.isSaved && stage.machine.deadline == nil)
  }

  @Test func whatIsGatheredIsBoundedAndKeptAtTheEnd() {
    var stage = Stage { $0.rememberedMax = 3 }
    for number in 1...3 as ClosedRange<UInt32> {
      stage.machine.remember(author: peer(number), sequence: 1, at: stage.now)
    }
    stage.collect()
    #expect(stage.log.count == 2)
    stage.machine.remember(author: peer(4), sequence: 1, at: stage.now)
    stage.machine.finish(at: stage.now)
    stage.collect()
    #expect(stage.log.last == .save(SaveID(rawValue: 2), [.author(peer(4), sequence: 1)]))
  }
}

@Suite struct FloodTests {
  /// One author writes much into `global` for a while; returns what was told of it.
  func flood(_ stage: inout Stage, perSecond: Int, seconds: Int, of author: PeerID = peer(1)) {
    for _ in 0..<(perSecond * seconds) {
      stage.hear(ByteBuffer(string: "spam"), of: author, in: "global")
      stage.pass(.nanoseconds(1_000_000_000 / Int64(perSecond)))
    }
  }

  @Test func aThousandASecondAreCutAndOthersAreNot() {
    var stage = Stage()
    for second in 0..<10 {
      flood(&stage, perSecond: 1000, seconds: 1)
      stage.hear(ByteBuffer(string: "human \(second)"), of: peer(2), in: "global")
    }
    let spam = stage.received.count { $0 == "spam" }
    #expect((100...121).contains(spam))
    #expect(stage.received.count - spam == 10)
    #expect(stage.machine.counters.excess == UInt64(10_000 - spam))
    #expect(stage.count(.flooding(author: peer(1), room: "global")) == 1)
    #expect(stage.count(.calmed(author: peer(1))) == 0)
    stage.pass(.seconds(31))
    #expect(stage.count(.calmed(author: peer(1))) == 1)
  }

  @Test func anotherSpellIsToldAgain() {
    var stage = Stage()
    for _ in 0..<3 {
      flood(&stage, perSecond: 500, seconds: 1)
      stage.pass(.seconds(120))
    }
    #expect(stage.count(.flooding(author: peer(1), room: "global")) == 3)
    #expect(stage.count(.calmed(author: peer(1))) == 3)
  }

  @Test func oldMessagesPassedOnAgainDoNotSilenceTheirAuthor() {
    var stage = Stage()
    stage.hear(ByteBuffer(string: "first"), in: "global", sequence: 100_000)
    for number in 0..<5000 as Range<UInt64> {
      stage.hear(ByteBuffer(string: "old"), in: "global", sequence: number)
    }
    stage.hear(ByteBuffer(string: "new"), in: "global", sequence: 100_001)
    #expect(stage.received.last == "new")
    #expect(stage.received.count == 102)
    #expect(!stage.log.contains { if case .flooding = $0 { true } else { false } })
  }

  @Test func numbersOfAnEarlierRunAreOld() {
    var snapshot = Snapshot()
    snapshot.authors = [(peer(1), 50_000)]
    var stage = Stage(snapshot: snapshot)
    for number in 1...300 as ClosedRange<UInt64> {
      stage.hear(ByteBuffer(string: "old"), in: "global", sequence: number)
    }
    stage.hear(ByteBuffer(string: "new"), in: "global", sequence: 50_001)
    #expect(stage.received.last == "new" && stage.received.count == 101)
  }

  @Test func authorsAreBounded() {
    var stage = Stage { $0.authorsMax = 4 }
    for number in 1...30 as ClosedRange<UInt32> {
      stage.hear(ByteBuffer(string: "x"), of: peer(number), in: "global")
    }
    #expect(stage.received.count == 30)
    #expect(stage.machine.authors.count == 4)
  }

  @Test func anAuthorForgottenDuringItsFloodIsCalmedAllTheSame() {
    var stage = Stage { $0.authorsMax = 2 }
    flood(&stage, perSecond: 500, seconds: 1)
    for number in 2...5 as ClosedRange<UInt32> {
      stage.hear(ByteBuffer(string: "x"), of: peer(number), in: "global")
    }
    stage.pass(.seconds(31))
    #expect(stage.count(.calmed(author: peer(1))) == 1)
    #expect(stage.machine.deadline == nil)
  }
}

@Suite struct GapTests {
  func garden() -> Stage {
    var stage = Stage()
    do { try stage.join("garden") } catch { Issue.record(error) }
    return stage
  }

  func gap(_ missing: ClosedRange<UInt64>, of author: PeerID = peer(1)) -> Machine.Event {
    .gap(room: "garden", author: author, missing: missing)
  }

  func hear(_ stage: inout Stage, _ sequences: UInt64..., of author: PeerID = peer(1)) {
    for sequence in sequences {
      let id = UInt8(truncatingIfNeeded: sequence)
      stage.hear(published("\(sequence)", id: id, by: author, sequence: sequence), of: author)
    }
  }

  @Test func aGapIsToldOnceItHasLasted() {
    var stage = garden()
    hear(&stage, 5, 6, 9)
    #expect(stage.machine.missing(of: peer(1), in: "garden") == [7...8])
    stage.pass(.milliseconds(9999))
    #expect(stage.count(gap(7...8)) == 0)
    stage.pass(.seconds(100))
    #expect(stage.count(gap(7...8)) == 1)
    #expect(stage.machine.deadline == nil)
  }

  @Test func lateOnesFillIt() {
    var stage = garden()
    hear(&stage, 1, 8, 4)
    #expect(stage.machine.missing(of: peer(1), in: "garden") == [2...3, 5...7])
    hear(&stage, 2, 7, 3, 5)
    #expect(stage.machine.missing(of: peer(1), in: "garden") == [6...6])
    stage.pass(.seconds(10))
    #expect(stage.count(gap(6...6)) == 1)
    hear(&stage, 6)
    #expect(stage.machine.missing(of: peer(1), in: "garden").isEmpty)
    #expect(stage.received == ["1", "8", "4", "2", "7", "3", "5", "6"])
  }

  @Test func disorderIsNoGap() {
    var stage = garden()
    hear(&stage, 2, 5, 3, 4, 1, 6)
    stage.pass(.seconds(60))
    #expect(!stage.log.contains { if case .gap = $0 { true } else { false } })
  }

  @Test func authorsHaveTheirOwn() {
    var stage = garden()
    hear(&stage, 1, 3)
    hear(&stage, 1, 2, 3, of: peer(2))
    stage.pass(.seconds(60))
    #expect(stage.count(gap(2...2)) == 1)
    #expect(stage.log.count { if case .gap = $0 { true } else { false } } == 1)
  }

  @Test func leapsAndLiesHarmNobody() {
    var stage = garden()
    hear(&stage, 1, .max, 2, .max - 1, 1, 1, 5, .max)
    #expect(stage.machine.counters.jumps == 1)
    #expect(stage.machine.missing(of: peer(1), in: "garden").isEmpty)
    stage.pass(.seconds(60))
    #expect(!stage.log.contains { if case .gap = $0 { true } else { false } })
  }

  @Test func holesAreBounded() {
    var stage = garden()
    hear(&stage, 1)
    for number in 2...20 as ClosedRange<UInt64> { hear(&stage, number * 2) }
    #expect(stage.machine.missing(of: peer(1), in: "garden").count == 16)
    #expect(stage.machine.counters.forgottenGaps == 3)
  }

  @Test func recordsAreBounded() {
    var stage = Stage { $0.gapRecordsMax = 3 }
    do { try stage.join("garden") } catch { Issue.record(error) }
    for number in 1...5 as ClosedRange<UInt32> { hear(&stage, 1, 3, of: peer(number)) }
    #expect(stage.machine.missing(of: peer(1), in: "garden").isEmpty)
    #expect(stage.machine.missing(of: peer(5), in: "garden") == [2...2])
    #expect(stage.machine.counters.forgottenGaps == 2)
  }

  @Test func aRoomLeftAndJoinedAgainBeginsAnew() throws {
    var stage = garden()
    hear(&stage, 1, 3)
    try stage.machine.leave("garden", at: stage.now)
    try stage.join("garden")
    hear(&stage, 9)
    stage.pass(.seconds(60))
    #expect(!stage.log.contains { if case .gap = $0 { true } else { false } })
  }

  @Test func holesThatAreSplitStayBounded() {
    var stage = garden()
    hear(&stage, 1, 200)
    for number in stride(from: 3, to: 199, by: 2) as StrideTo<UInt64> { hear(&stage, number) }
    #expect(stage.machine.missing(of: peer(1), in: "garden").count <= 16)
  }
}
