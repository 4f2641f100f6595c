import Identity
import SansIO
import Testing
import Wire

@testable import Chat

// The hub's part in direct messages, without streams.

@Suite struct DirectSendingTests {
  let bob = peer(1)

  @Test func toAConnectedPeer() throws {
    var stage = Stage()
    stage.connect(bob)
    stage.keeps = false
    let message = try stage.send("hello", to: .peer(bob))
    #expect(stage.count(.openDirect(bob)) == 0)
    stage.keeps = true
    stage.answer()
    stage.collect()
    #expect(stage.count(.openDirect(bob)) == 1)
    #expect(stage.give(to: bob) == ["hello"])
    #expect(stage.states(of: message) == [.sent])
    stage.acknowledge(message, by: bob)
    #expect(stage.states(of: message) == [.sent, .delivered])
    #expect(stage.machine.waitingMessages.isEmpty)
  }

  @Test func moreOnTheSameStreamInOrder() throws {
    var stage = Stage()
    stage.connect(bob)
    for text in ["one", "two", "three"] { try stage.send(text, to: .peer(bob)) }
    #expect(stage.count(.openDirect(bob)) == 1)
    #expect(stage.count(.directWaiting(bob)) == 2)
    #expect(stage.give(to: bob) == ["one", "two", "three"])
    #expect(stage.give(to: bob) == [])
  }

  @Test func toAPeerThatIsNotThere() throws {
    var stage = Stage()
    let message = try stage.send("hello", to: .peer(bob))
    #expect(stage.count(.connectionWanted(bob)) == 1)
    #expect(stage.give(to: bob) == [])
    stage.connect(bob)
    #expect(stage.give(to: bob) == ["hello"])
    stage.acknowledge(message, by: bob)
    #expect(stage.states(of: message) == [.sent, .delivered])
    stage.pass(.seconds(3600))
    #expect(stage.count(.connectionWanted(bob)) == 1)
  }

  @Test func dialsAreSpacedMoreAndMore() throws {
    var stage = Stage()
    try stage.send("hello", to: .peer(bob))
    var times = [stage.now]
    while times.count < 14 {
      let before = stage.count(.connectionWanted(bob))
      stage.pass(.milliseconds(100))
      if stage.count(.connectionWanted(bob)) > before { times.append(stage.now) }
    }
    let waits = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect((.milliseconds(1900) ... .milliseconds(2700)).contains(waits[0]))
    #expect((.milliseconds(3900) ... .milliseconds(5200)).contains(waits[1]))
    #expect(waits.allSatisfy { $0 <= .seconds(1126) })
    #expect(waits[12] >= .seconds(899))
  }

  @Test func aWordOfPresenceIsWorthAnAttemptAtOnce() throws {
    var stage = Stage()
    try stage.send("hello", to: .peer(bob))
    stage.pass(.seconds(3600))
    let before = stage.count(.connectionWanted(bob))
    stage.machine.noticed(bob, at: stage.now)
    stage.collect()
    #expect(stage.count(.connectionWanted(bob)) == before + 1)
    stage.machine.noticed(peer(2), at: stage.now)
    stage.collect()
    #expect(stage.count(.connectionWanted(peer(2))) == 0)
  }

  @Test func aThousandPeersAreNotDialledAtOnce() throws {
    var stage = Stage()
    for number in 1...39 as ClosedRange<UInt32> { try stage.send("x", to: .peer(peer(number))) }
    func dials() -> Int { stage.log.count { if case .connectionWanted = $0 { true } else { false } } }
    #expect(dials() == 16)
    stage.pass(.seconds(1))
    #expect(dials() <= 18)
    stage.pass(.seconds(60))
    for number in 1...39 as ClosedRange<UInt32> { #expect(stage.count(.connectionWanted(peer(number))) > 0) }
  }

  @Test func anotherVersionOfThePeer() throws {
    var stage = Stage()
    stage.connect(bob)
    let messages = try ["one", "two"].map { try stage.send($0, to: .peer(bob)) }
    _ = stage.machine.nextDirect(for: bob, at: stage.now)
    stage.close(bob, .unsupported)
    for message in messages {
      #expect(stage.states(of: message).last == .failed(reason: "the peer does not take direct messages"))
    }
    #expect(stage.machine.waitingMessages.isEmpty && stage.machine.correspondents.isEmpty)
    // It may have learnt it meanwhile.
    try stage.send("three", to: .peer(bob))
    #expect(stage.count(.openDirect(bob)) == 2)
  }

  @Test func refusals() throws {
    var stage = Stage()
    stage.connect(bob)
    let message = try stage.send("hello", to: .peer(bob))
    _ = stage.give(to: bob)
    stage.acknowledge(message, by: bob, .refused(reason: "not now"))
    #expect(stage.states(of: message).last == .failed(reason: "the peer refused it: not now"))
    let other = try stage.send("hello", to: .peer(bob))
    _ = stage.give(to: bob)
    stage.acknowledge(other, by: bob, .refused(reason: ""))
    #expect(stage.states(of: other).last == .failed(reason: "the peer refused it"))
  }

  @Test func aStreamThatBreaksTakesNothingWithIt() throws {
    var stage = Stage()
    stage.connect(bob)
    let messages = try ["one", "two", "three"].map { try stage.send($0, to: .peer(bob)) }
    _ = stage.give(to: bob)
    stage.acknowledge(messages[1], by: bob)
    stage.close(bob)
    // There was progress: again at once.
    #expect(stage.count(.openDirect(bob)) == 2)
    #expect(stage.give(to: bob) == ["one", "three"])
    stage.close(bob)
    #expect(stage.count(.openDirect(bob)) == 2)
    stage.pass(.seconds(3))
    #expect(stage.count(.openDirect(bob)) == 3)
    #expect(stage.give(to: bob) == ["one", "three"])
    #expect(stage.states(of: messages[0]) == [.sent])
  }

  @Test func aConnectionThatBreaksTakesNothingWithIt() throws {
    var stage = Stage()
    stage.connect(bob)
    let message = try stage.send("one", to: .peer(bob))
    _ = stage.give(to: bob)
    stage.machine.disconnected(bob, at: stage.now)
    stage.collect()
    stage.acknowledge(message, by: bob)
    #expect(stage.machine.counters.strayAcknowledgements == 1)
    stage.pass(.seconds(3))
    #expect(stage.count(.connectionWanted(bob)) == 1)
    stage.connect(bob)
    #expect(stage.give(to: bob) == ["one"])
    stage.close(bob)
    stage.machine.disconnected(bob, at: stage.now)
    stage.connect(bob)
    #expect(stage.give(to: bob) == ["one"])
  }

  @Test func confirmationsOfWhatIsNotOwed() throws {
    var stage = Stage()
    stage.connect(bob)
    let message = try stage.send("one", to: .peer(bob))
    stage.acknowledge(message, by: bob)
    stage.acknowledge(message, by: peer(2))
    _ = stage.give(to: bob)
    stage.acknowledge(message, by: peer(2))
    #expect(stage.machine.counters.strayAcknowledgements == 3)
    stage.acknowledge(message, by: bob)
    stage.acknowledge(message, by: bob)
    #expect(stage.machine.counters.strayAcknowledgements == 4)
    #expect(stage.states(of: message) == [.sent, .delivered])
  }

  @Test func aWeekOutOfReachIsAFailure() throws {
    var stage = Stage()
    let message = try stage.send("hello", to: .peer(bob))
    stage.pass(.seconds(7 * 24 * 3600 - 61))
    #expect(stage.states(of: message).isEmpty)
    stage.pass(.seconds(122))
    #expect(stage.states(of: message) == [.failed(reason: "the peer could not be reached for 7 days")])
    #expect(stage.machine.correspondents.isEmpty && stage.machine.deadline == nil)
  }

  @Test func whatIsOnAStreamIsNotGivenUp() throws {
    var stage = Stage { $0.patience = .seconds(100) }
    stage.connect(bob)
    let message = try stage.send("hello", to: .peer(bob))
    _ = stage.give(to: bob)
    stage.pass(.seconds(1000))
    stage.acknowledge(message, by: bob)
    #expect(stage.states(of: message) == [.sent, .delivered])
  }

  @Test func aQueueToOnePeerIsBounded() throws {
    var stage = Stage { $0.peerQueueMax = 3 }
    for _ in 0..<3 { try stage.send("x", to: .peer(bob)) }
    #expect(throws: ChatError.peerQueueFull(limit: 3)) { try stage.send("x", to: .peer(bob)) }
    try stage.send("x", to: .peer(peer(2)))
  }

  /// Every input in every state of what waits for a peer: nothing is lost and nothing is asked for twice.
  @Test func inputsInEveryState() throws {
    let states: [(String, (inout Stage) -> Void)] = [
      ("not connected", { _ in }), ("opening", { $0.connect(peer(1)) }),
      (
        "given",
        {
          $0.connect(peer(1)); _ = $0.give(to: peer(1))
        }
      ),
      (
        "closed",
        {
          $0.connect(peer(1)); _ = $0.give(to: peer(1)); $0.close(peer(1))
        }
      ),
      (
        "gone",
        {
          $0.connect(peer(1)); $0.machine.disconnected(peer(1), at: $0.now); $0.collect()
        }
      ),
    ]
    let inputs: [(String, (inout Stage) -> Void)] = [
      ("connected", { $0.connect(peer(1)) }), ("closed", { $0.close(peer(1)) }),
      (
        "disconnected",
        {
          $0.machine.disconnected(peer(1), at: $0.now); $0.collect()
        }
      ),
      (
        "noticed",
        {
          $0.machine.noticed(peer(1), at: $0.now); $0.collect()
        }
      ),
      (
        "sent",
        {
          $0.machine.sent("00", to: peer(1), at: $0.now); $0.collect()
        }
      ),
      ("time", { $0.pass(.seconds(2000)) }), ("given", { _ = $0.give(to: peer(1)) }),
    ]
    for (state, enter) in states {
      for (input, act) in inputs {
        var stage = Stage()
        let message = try stage.send("hello", to: .peer(bob))
        enter(&stage)
        act(&stage)
        #expect(stage.machine.waitingMessages.map(\.key) == [message.key], "\(input) when \(state)")
        stage.machine.disconnected(bob, at: stage.now)
        stage.connect(bob)
        #expect(stage.give(to: bob) == ["hello"], "\(input) when \(state)")
        stage.acknowledge(message, by: bob)
        #expect(stage.states(of: message) == [.sent, .delivered], "\(input) when \(state)")
        stage.close(bob)
        #expect(stage.machine.correspondents.isEmpty, "\(input) when \(state)")
      }
    }
  }
}

@Suite struct DirectReceivingTests {
  let bob = peer(1)

  func answers(_ stage: Stage) -> [Acknowledgement] {
    stage.log.compactMap {
      if case .acknowledge(peer(1), _, let acknowledgement) = $0 { acknowledgement } else { nil }
    }
  }

  @Test func toldAndConfirmedOnlyOnceItIsKept() {
    var stage = Stage()
    stage.keeps = false
    stage.take(direct("hello"), from: bob)
    #expect(stage.received.isEmpty && answers(stage).isEmpty)
    stage.answer()
    stage.collect()
    #expect(stage.received == ["hello"] && answers(stage) == [.kept])
  }

  @Test func whatIsKnownIsConfirmedAndNotTold() {
    var stage = Stage()
    for _ in 0..<3 { stage.take(direct("hello"), from: bob) }
    #expect(stage.received == ["hello"] && answers(stage) == [.kept, .kept, .kept])
    #expect(stage.machine.counters.directDuplicates == 2)
  }

  @Test func itIsFromWhoSentIt() {
    var stage = Stage()
    stage.take(direct("hello", id: 7, sequence: 3), from: bob)
    let message = Message(
      key: MessageKey(author: bob, id: String(repeating: "07", count: 16)), conversation: .peer(bob),
      sequence: 3, text: "hello", sentMs: noon, receivedMs: noon, state: .received)
    #expect(stage.count(.received(message)) == 1)
  }

  @Test func whatIsRefusedIsSaidWithItsReason() throws {
    var stage = Stage()
    stage.take(direct(nil), from: bob)
    stage.take(direct(""), from: bob)
    stage.take(direct(text(bytes: 16_385)), from: bob)
    try stage.machine.refuse(bob, because: "not you", at: stage.now)
    stage.take(direct("hello"), from: bob)
    #expect(
      answers(stage) == [
        .refused(reason: "this version cannot read this kind of message"),
        .refused(reason: "the message is empty"),
        .refused(reason: "a message of 16385 bytes is over the limit of 16384"), .refused(reason: "not you"),
      ])
    #expect(stage.machine.counters.directRefused == 4 && stage.received.isEmpty)
    stage.machine.allow(bob, at: stage.now)
    stage.take(direct("hello"), from: bob)
    #expect(stage.received == ["hello"])
  }

  @Test func refusedPeersAreBounded() throws {
    var stage = Stage { $0.refusedPeersMax = 1 }
    let now = stage.now
    try stage.machine.refuse(bob, at: now)
    try stage.machine.refuse(bob, because: "again", at: now)
    #expect(throws: ChatError.tooManyRefusals(limit: 1)) { try stage.machine.refuse(peer(2), at: now) }
  }

  @Test(arguments: [
    (noon, noon), (noon + 600_000, noon + 600_000), (noon + 600_001, nil), (-1, nil), (.max, nil),
  ])
  func aWrongClockCostsTheTimeNotTheMessage(sentMs: Int64, shown: Int64?) {
    var stage = Stage()
    stage.take(direct("hello", sentMs: sentMs), from: bob)
    guard case .received(let message)? = stage.log.dropLast().last else {
      Issue.record("not told")
      return
    }
    #expect(message.sentMs == shown)
  }

  @Test func aFloodOfStreamsIsLeftUnanswered() {
    var stage = Stage()
    for number in 0..<1000 {
      let id = Hexadecimal.text([UInt8](repeating: 0, count: 14) + [UInt8(number >> 8), UInt8(number & 255)])
      stage.take(DirectMessage(id: id, sequence: 1, sentMs: nil, text: "spam"), from: bob)
    }
    #expect(stage.received.count == 128 && stage.machine.counters.directExcess == 872)
    stage.take(direct("hello"), from: peer(2))
    #expect(stage.received.last == "hello")
  }
}
