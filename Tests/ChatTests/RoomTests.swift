import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import Chat

@Suite struct JoiningTests {
  @Test func globalIsAlwaysJoined() {
    let stage = Stage()
    #expect(stage.log == [.joined(room: "global", topic: "p2p-chat-global")])
    #expect(stage.machine.joinedRooms == ["global"])
  }

  @Test func aRoomIsJoinedOnceAndKept() throws {
    var stage = Stage()
    try stage.join("#Garden")
    try stage.join("garden")
    #expect(stage.count(.joined(room: "garden", topic: "meshwork-room/1/garden")) == 1)
    #expect(stage.log.last == .save(SaveID(rawValue: 1), [.room("garden", isJoined: true)]))
  }

  @Test func leavingIsKeptAndWhatWaitedHasFailed() throws {
    var stage = Stage()
    try stage.join("garden")
    let message = try stage.send("anybody?", to: .garden)
    try stage.machine.leave("garden", at: stage.now)
    stage.collect()
    #expect(stage.count(.left(room: "garden", topic: "meshwork-room/1/garden")) == 1)
    #expect(stage.states(of: message) == [.failed(reason: "the room was left")])
    stage.subscribers(1, of: "garden")
    #expect(stage.publishedTexts.isEmpty && stage.machine.waitingMessages.isEmpty)
  }

  @Test func whatCannotBeDone() throws {
    var stage = Stage { $0.roomsMax = 2 }
    let now = stage.now
    #expect(throws: ChatError.cannotLeaveGlobal) { try stage.machine.leave("global", at: now) }
    #expect(throws: ChatError.notInRoom("garden")) { try stage.machine.leave("garden", at: now) }
    try stage.join("garden")
    #expect(throws: ChatError.tooManyRooms(limit: 2)) { try stage.machine.join("kitchen", at: now) }
    #expect(throws: ChatError.unusableRoomName) { try stage.machine.join("a b", at: now) }
  }

  @Test func roomsOfAnEarlierRunAreJoinedAgain() {
    var snapshot = Snapshot()
    snapshot.rooms = ["garden", "Not A Name", "global", "kitchen"]
    #expect(Stage(snapshot: snapshot).machine.joinedRooms == ["global", "garden", "kitchen"])
  }
}

@Suite struct SendingTests {
  @Test(arguments: [Conversation.global, .garden])
  func queuedThenKeptThenPublishedThenSent(room: Conversation) throws {
    var stage = Stage()
    try stage.join("garden")
    stage.keeps = false
    stage.subscribers(1, of: room == .global ? "global" : "garden")
    while !stage.unanswered.isEmpty { stage.answer() }
    let message = try stage.send("hello", to: room)
    #expect(message.state == .queued)
    #expect(stage.publishedTexts.isEmpty)
    stage.answer()
    stage.collect()
    #expect(stage.publishedTexts == ["hello"])
    #expect(stage.states(of: message).isEmpty)
    stage.answer()
    stage.collect()
    #expect(stage.states(of: message) == [.sent])
    #expect(stage.machine.waitingMessages.isEmpty)
  }

  @Test func nothingIsPublishedUntilSomebodyIsThere() throws {
    var stage = Stage()
    let message = try stage.send("hello", to: .global)
    stage.pass(.seconds(3600))
    #expect(stage.publishedTexts.isEmpty)
    stage.subscribers(3, of: "global")
    #expect(stage.publishedTexts == ["hello"])
    #expect(stage.states(of: message) == [.sent])
  }

  @Test func aPublishThatReachesNobodyIsRepeatedUnderTheSameNumber() throws {
    var stage = Stage()
    stage.reach = 0
    stage.subscribers(1, of: "global")
    let message = try stage.send("hello", to: .global)
    stage.pass(.seconds(4))
    #expect(stage.publishedTexts.count == 1)
    stage.pass(.seconds(2))
    #expect(stage.publishedTexts.count == 2)
    stage.reach = 1
    stage.pass(.seconds(5))
    #expect(stage.publishedTexts.count == 3)
    #expect(stage.states(of: message) == [.sent])
    let numbers = stage.log.compactMap {
      if case .publish(let publication) = $0 { publication.gossipSequence } else { nil }
    }
    #expect(numbers == [1001, 1001, 1001])
  }

  @Test func globalIsBareTextUnderGossipsNumber() throws {
    var stage = Stage()
    stage.subscribers(1, of: "global")
    let message = try stage.send("hello", to: .global)
    #expect(message.key == MessageKey(author: peer(0), id: "00000000000003e9"))
    #expect(message.sequence == 1001 && message.sentMs == nil)
  }

  @Test func otherRoomsCountFromOneEach() throws {
    var stage = Stage()
    for room in ["garden", "kitchen"] { try stage.join(room) }
    let numbers = try ["garden", "garden", "kitchen", "garden"].map {
      try stage.send("x", to: .room($0)).sequence
    }
    #expect(numbers == [1, 2, 1, 3])
  }

  @Test func numbersGoOnAfterARestart() throws {
    var snapshot = Snapshot()
    snapshot.rooms = ["garden"]
    snapshot.sequences = [.garden: 41, .peer(peer(1)): 6]
    var stage = Stage(snapshot: snapshot)
    #expect(try stage.send("x", to: .garden).sequence == 42)
    #expect(try stage.send("x", to: .peer(peer(1))).sequence == 7)
  }

  @Test func roomNamesAreAsTheyWereMeant() throws {
    var stage = Stage()
    try stage.join("garden")
    #expect(try stage.send("x", to: .room("#Garden")).conversation == .garden)
    #expect(try stage.send("x", to: .room("#GLOBAL")).conversation == .global)
  }

  @Test(arguments: ["ANNOUNCE:PRESENCE", "ANNOUNCE:", "ANNOUNCE:PRESENCES are texts"])
  func aTextLikeAnAnnouncementIsWrittenAsText(text: String) throws {
    var stage = Stage()
    try stage.join("garden")
    stage.subscribers(1, of: "global")
    stage.subscribers(1, of: "garden")
    #expect(try stage.send(text, to: .global).text == " " + text)
    #expect(try stage.send(text, to: .garden).text == text)
    #expect(stage.publishedTexts == [" " + text, text])
  }

  @Test func whatCannotBeSent() throws {
    var stage = Stage { $0.outboxMax = 3 }
    #expect(throws: ChatError.emptyText) { try stage.send("", to: .global) }
    #expect(throws: ChatError.textTooLong(bytes: 16_385, limit: 16_384)) {
      try stage.send(text(bytes: 16_385), to: .global)
    }
    #expect(throws: ChatError.notInRoom("garden")) { try stage.send("x", to: .garden) }
    #expect(throws: ChatError.toOurselves) { try stage.send("x", to: .peer(peer(0))) }
    for _ in 0..<3 { try stage.send(text(bytes: 16_384), to: .global) }
    #expect(throws: ChatError.outboxFull(limit: 3)) { try stage.send("x", to: .global) }
    #expect("\(ChatError.textTooLong(bytes: 16_385, limit: 16_384))".contains("16385"))
  }

  @Test func anOutboxOfADayIsPacedBelowWhatOthersTake() throws {
    var stage = Stage()
    for number in 0..<200 { try stage.send("\(number)", to: .global) }
    stage.subscribers(1, of: "global")
    #expect(stage.publishedTexts.count == 80)
    stage.pass(.seconds(60))
    #expect((178...181).contains(stage.publishedTexts.count))
    stage.pass(.seconds(60))
    #expect(stage.publishedTexts == (0..<200).map(String.init))
  }

  @Test func aLongOutboxOfOneRoomDoesNotStarveAnother() throws {
    var stage = Stage { $0.publishRate = .init(burst: 1, interval: .seconds(1)) }
    try stage.join("garden")
    for number in 0..<50 { try stage.send("\(number)", to: .global) }
    stage.pass(.milliseconds(1))
    try stage.send("flowers", to: .garden)
    for _ in 0..<50 { try stage.send("late", to: .global) }
    stage.subscribers(1, of: "global")
    stage.subscribers(1, of: "garden")
    stage.pass(.seconds(52))
    #expect(stage.publishedTexts.contains("flowers"))
  }

  @Test func aWeekWithoutAnybodyIsAFailure() throws {
    var stage = Stage()
    let message = try stage.send("hello", to: .global)
    stage.pass(.seconds(7 * 24 * 3600 - 61))
    #expect(stage.states(of: message).isEmpty)
    stage.pass(.seconds(122))
    #expect(stage.states(of: message) == [.failed(reason: "nobody was in the room for 7 days")])
    stage.subscribers(1, of: "global")
    #expect(stage.publishedTexts.isEmpty && stage.machine.counters.expired == 1)
    #expect(stage.machine.deadline == nil)
  }

  @Test func aNumberGivenOutTwiceIsSaidAndNothingIsWrittenOver() throws {
    var stage = Stage()
    stage.subscribers(1, of: "global")
    stage.kept = [MessageKey(author: peer(0), gossipSequence: 1001)]
    let message = try stage.send("hello", to: .global)
    #expect(stage.publishedTexts.isEmpty)
    #expect(stage.states(of: message).count == 1 && stage.machine.waitingMessages.isEmpty)
    for case .save(_, let writes) in stage.log {
      for case .state in writes { Issue.record("the other message's state was written") }
    }
  }
}

@Suite struct RestartTests {
  func waiting(
    _ text: String, _ conversation: Conversation, id: UInt8, state: DeliveryState = .queued,
    by author: PeerID = peer(0), sequence: UInt64 = 9
  ) -> Message {
    let key =
      conversation == .global
      ? MessageKey(author: author, gossipSequence: sequence)
      : MessageKey(author: author, idBytes: [UInt8](repeating: id, count: 16))
    return Message(
      key: key, conversation: conversation, sequence: sequence, text: text, sentMs: noon, receivedMs: noon,
      state: state)
  }

  @Test func whatWaitedGoesAgainUnderTheSameKey() {
    var snapshot = Snapshot()
    snapshot.rooms = ["garden"]
    snapshot.outbox = [
      waiting("one", .global, id: 1, sequence: 77), waiting("two", .garden, id: 2),
      waiting("three", .peer(peer(1)), id: 3, state: .sent),
    ]
    var stage = Stage(snapshot: snapshot)
    stage.subscribers(1, of: "global")
    stage.subscribers(1, of: "garden")
    stage.connect(peer(1))
    #expect(stage.publishedTexts == ["one", "two"])
    for case .publish(let publication) in stage.log where publication.topic == RoomName.globalTopic {
      #expect(publication.gossipSequence == 77)
    }
    #expect(stage.give(to: peer(1)) == ["three"])
    stage.acknowledge(snapshot.outbox[2], by: peer(1))
    // It was `sent` before; that is not told again.
    #expect(stage.states(of: snapshot.outbox[2]) == [.delivered])
  }

  @Test func whatADamagedDatabaseHoldsIsNotSent() {
    var snapshot = Snapshot()
    let right = waiting("right", .peer(peer(1)), id: 1)
    let damaged = Message(
      key: MessageKey(author: peer(0), id: "zz"), conversation: .peer(peer(1)), sequence: 1, text: "x",
      sentMs: nil, receivedMs: 0, state: .queued)
    let wrongNumber = Message(
      key: MessageKey(author: peer(0), gossipSequence: 1), conversation: .global, sequence: 2, text: "x",
      sentMs: nil, receivedMs: 0, state: .queued)
    snapshot.outbox = [
      waiting("another's", .peer(peer(1)), id: 2, by: peer(2)), damaged, wrongNumber, right, right,
      waiting("", .peer(peer(1)), id: 3), waiting(text(bytes: 20_000), .peer(peer(1)), id: 4),
      waiting("x", .peer(peer(0)), id: 5), waiting("x", .garden, id: 6),
      waiting("x", .peer(peer(1)), id: 7, state: .delivered),
    ]
    var stage = Stage(snapshot: snapshot)
    #expect(stage.machine.counters.damagedOutbox == 8)
    #expect(stage.machine.waitingMessages == [right])
    stage.connect(peer(1))
    #expect(stage.give(to: peer(1)) == ["right"])
  }

  @Test func moreThanThereIsRoomForStaysBehind() {
    var snapshot = Snapshot()
    snapshot.outbox = (1...9).map { waiting("\($0)", .peer(peer(1)), id: $0) }
    let stage = Stage(snapshot: snapshot) { $0.outboxMax = 5 }
    #expect(stage.machine.waitingMessages.map(\.text) == ["1", "2", "3", "4", "5"])
    #expect(stage.machine.counters.outboxLeftBehind == 4)
  }
}
