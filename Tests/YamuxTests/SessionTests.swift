import NIOCore
import SansIO
import Testing
import Wire

@testable import Yamux

/// Input to event to frame, one step a line.
@Suite struct SessionTests {
  // MARK: Opening

  @Test func aStreamOpensWithItsFirstData() throws {
    var us = Bench(.initiator)
    #expect(try us.session.open() == 1)
    try us.write("hello", to: 1)
    #expect(try us.sent() == [.data(1, "hello", .syn)])
    try us.write("more", to: 1)
    #expect(try us.sent() == [.data(1, "more")])
  }

  @Test func aStreamWithNothingToSayOpensAtOnce() throws {
    var us = Bench(.initiator)
    #expect(try us.session.open() == 1)
    #expect(try us.session.open() == 3)
    #expect(try us.sent() == [.syn(1), .syn(3)])
  }

  @Test func theResponderOpensEvenStreams() throws {
    var us = Bench(.responder)
    #expect(try us.session.open() == 2)
    #expect(try us.session.open() == 4)
  }

  @Test func theAcknowledgementRidesOnTheAnswer() throws {
    var us = Bench()
    #expect(try us.receive(.data(1, "hi", .syn)) == [.opened(1), .text(1, "hi")])
    try us.write("ho", to: 1)
    #expect(try us.sent() == [.ping(0), .data(1, "ho", .ack)])
  }

  @Test func theAcknowledgementDoesNotWaitForAnAnswer() throws {
    var us = Bench()
    #expect(try us.receive(.syn(1)) == [.opened(1)])
    #expect(try us.sent() == [.ack(1)])
    #expect(try us.sent() == [])
  }

  @Test func synMayCarryCreditAndFin() throws {
    var us = Bench()
    #expect(try us.receive(.window(1, 1000, [.syn, .fin])) == [.opened(1), .remoteFinished(1)])
    try us.write(zeros: 262_144 + 2000, to: 1)
    #expect(try us.sent().map(\.body.readableBytes).reduce(0, +) == 262_144 + 1000)
  }

  @Test func synDataAndFinInOneFrame() throws {
    var us = Bench()
    #expect(
      try us.receive(.data(1, "ask", [.syn, .fin])) == [.opened(1), .text(1, "ask"), .remoteFinished(1)])
    try us.write("answer", to: 1)
    us.session.finish(1)
    #expect(try us.sent() == [.ping(0), .data(1, "answer", .ack), .fin(1)])
    #expect(try us.events() == [.closed(1)])
    #expect(us.session.streamCount == 0)
  }

  @Test func anyFrameAcknowledges() throws {
    for answer in [Message.ack(1), .data(1, "x"), .window(1, 5), .fin(1)] {
      var us = Bench(.initiator) { $0.ackBacklogMax = 1 }
      #expect(try us.session.open() == 1)
      #expect(try us.sent() == [.syn(1)])
      #expect(throws: YamuxError.ackBacklogFull) { try us.session.open() }
      #expect(!us.session.canOpen)
      _ = try us.receive(answer)
      #expect(us.session.canOpen)
      #expect(try us.session.open() == 3)
    }
  }

  @Test func rustMayOpenOutOfOrder() throws {
    var us = Bench()
    #expect(try us.receive(.syn(7), .syn(3), .syn(5)) == [.opened(7), .opened(3), .opened(5)])
    #expect(try us.sent() == [.ack(7), .ack(3), .ack(5)])
  }

  // MARK: Half-close

  @Test func finFollowsTheLastByteInAFrameOfItsOwn() throws {
    var us = Bench(.initiator)
    let id = try us.opened()
    try us.write("last", to: id)
    us.session.finish(id)
    #expect(throws: YamuxError.alreadyFinished(id)) { try us.write("late", to: id) }
    #expect(try us.sent() == [.data(id, "last"), .fin(id)])
    #expect(try us.receive(.data(id, "still")) == [.text(id, "still")])
    #expect(try us.receive(.data(id, "bye", .fin)) == [.text(id, "bye"), .remoteFinished(id), .closed(id)])
    #expect(us.session.streamCount == 0)
  }

  @Test func finIsNeverNextToSynOrAck() throws {
    var us = Bench(.initiator)
    let id = try us.session.open()
    us.session.finish(id)
    #expect(try us.sent() == [.syn(id), .fin(id)])

    var them = Bench()
    _ = try them.receive(.syn(1))
    them.session.finish(1)
    #expect(try them.sent() == [.ack(1), .fin(1)])
  }

  @Test func theEndOfOneHalfLeavesTheOther() throws {
    var us = Bench()
    let id = try us.accepted(1)
    #expect(try us.receive(.fin(id)) == [.remoteFinished(id)])
    try us.write("late answer", to: id)
    #expect(try us.sent() == [.data(id, "late answer")])
    us.session.finish(id)
    #expect(try us.events() == [])
    #expect(try us.sent() == [.fin(id)])
    #expect(try us.events() == [.closed(id)])
  }

  @Test func aSecondFinChangesNothing() throws {
    var us = Bench()
    let id = try us.accepted(1)
    #expect(try us.receive(.fin(id), .data(id, "", .fin)) == [.remoteFinished(id)])
    #expect(us.session.drops.lateFrames == 1)
    us.session.finish(id)
    us.session.finish(id)
    #expect(try us.sent() == [.fin(id)])
  }

  @Test func creditOnASecondFinStillCounts() throws {
    var us = Bench(.initiator)
    let id = try us.opened()
    try us.write(zeros: 262_144 + 10, to: id)
    try us.flush()
    _ = try us.events()
    #expect(try us.receive(.fin(id), .window(id, 10, .fin)) == [.remoteFinished(id)])
    #expect(try us.sent() == [.data(id, zeros: 10)])
  }

  @Test func ackFinAndCreditMayShareAFrame() throws {
    var us = Bench(.initiator)
    let id = try us.session.open()
    try us.write(zeros: 262_144 + 10, to: id)
    try us.flush()
    #expect(try us.events() == [.writable(id)])
    #expect(try us.receive(.window(id, 10, [.ack, .fin])) == [.remoteFinished(id)])
    #expect(try us.sent() == [.data(id, zeros: 10)])
  }

  // MARK: Reset

  @Test func aResetCarriesItsCodeAndIsNoCredit() throws {
    var us = Bench()
    let id = try us.accepted(1)
    #expect(try us.receive(.rst(id, code: .max)) == [.reset(id, code: .max), .closed(id)])
    #expect(us.session.streamCount == 0)
    #expect(throws: YamuxError.unknownStream(id)) { try us.write("x", to: id) }
  }

  @Test func aResetOnADataFrameDiscardsTheBody() throws {
    var us = Bench()
    let id = try us.accepted(1)
    #expect(try us.receive(.data(id, "gone", .rst), .ping(5)) == [.reset(id, code: 0), .closed(id)])
    #expect(us.session.drops.lateBytes == 4)
    #expect(try us.sent() == [.pong(5)])
  }

  @Test func ourResetDropsWhatWasQueued() throws {
    var us = Bench()
    let id = try us.accepted(1)
    try us.write("never sent", to: id)
    us.session.reset(id, code: 9)
    us.session.reset(id, code: 10)
    #expect(try us.events() == [.closed(id)])
    #expect(throws: YamuxError.unknownStream(id)) { try us.write("x", to: id) }
    #expect(us.session.sendBufferedBytes == 0)
    #expect(try us.sent() == [.rst(id, code: 9)])
    #expect(us.session.streamCount == 0)
    #expect(try us.receive(.data(id, "late"), .window(id, 4), .fin(id), .rst(id)) == [])
    #expect(us.session.drops.lateFrames == 4)
    #expect(us.session.drops.lateBytes == 4)
  }

  @Test func crossingResetsCancelOut() throws {
    var us = Bench()
    let id = try us.accepted(1)
    us.session.reset(id, code: 1)
    #expect(try us.receive(.data(id, "late"), .rst(id, code: 2)) == [.closed(id)])
    #expect(try us.sent() == [])
    #expect(us.session.streamCount == 0)
  }

  @Test func aStreamTheyNeverHeardOfIsResetInSilence() throws {
    var us = Bench(.initiator)
    let id = try us.session.open()
    try us.write("x", to: id)
    us.session.reset(id, code: 1)
    #expect(try us.events() == [.closed(id)])
    #expect(try us.sent() == [])
  }

  @Test func aResetInTheMiddleOfABody() throws {
    var us = Bench()
    let id = try us.accepted(1)
    var frame = Message.data(id, "headtail", .fin).encoded
    #expect(try us.receive(frame.readSlice(length: 16)!) == [.text(id, "head")])
    us.session.reset(id, code: 0)
    #expect(try us.receive(frame) == [.closed(id)])
    #expect(us.session.drops.lateBytes == 4)
    #expect(try us.receive(.syn(3)) == [.opened(3)])
  }

  // MARK: Session

  @Test func pingsAreAnsweredWithTheirValue() throws {
    var us = Bench()
    #expect(try us.receive(.ping(7), .ping(0xFFFF_FFFF)) == [])
    #expect(try us.sent() == [.pong(7), .pong(.max)])
  }

  @Test func aPeersGoAwayIsReportedOnce() throws {
    var us = Bench()
    let id = try us.accepted(1)
    #expect(try us.receive(.goAway(0x1004), .goAway(0)) == [.goAway(code: 0x1004)])
    #expect(throws: YamuxError.goneAway) { try us.session.open() }
    try us.write("streams live on", to: id)
    #expect(try us.sent() == [.data(id, "streams live on")])
  }

  @Test func ourGoAwayComesAfterWhatIsQueued() throws {
    var us = Bench()
    let id = try us.accepted(1)
    try us.write("first", to: id)
    us.session.goAway(code: 0)
    us.session.finish(id)
    #expect(throws: YamuxError.goneAway) { try us.session.open() }
    #expect(try us.sent() == [.data(id, "first"), .fin(id), .goAway(0)])
    #expect(try us.receive(.syn(3)) == [])
    #expect(try us.sent() == [.rst(3)])
  }

  @Test func streamIdentifiersRunOut() throws {
    for (role, last) in [(Role.initiator, StreamID(0xFFFF_FFFF)), (.responder, 0xFFFF_FFFE)] {
      var us = Bench(role)
      us.session.nextStreamID = last
      #expect(try us.session.open() == last)
      #expect(throws: YamuxError.streamIDsExhausted) { try us.session.open() }
      #expect(try us.sent() == [.syn(last)])
    }
  }

  @Test func commandsOnStreamsThatAreGoneDoNothing() throws {
    var us = Bench()
    us.session.finish(1)
    us.session.reset(1, code: 0)
    us.session.consumed(100, on: 1)
    #expect(us.session.writableBytes(1) == 0)
    #expect(try us.events() == [])
    #expect(!us.session.hasOutbound)
  }

  @Test func idleStorageIsReleasedAndTheSessionGoesOn() throws {
    var us = Bench()
    for number in 0..<100 { _ = try us.accepted(StreamID(rawValue: UInt32(2 * number + 1))) }
    for number in 0..<100 { us.session.reset(StreamID(rawValue: UInt32(2 * number + 1)), code: 0) }
    try us.flush()
    _ = try us.events()
    #expect(us.session.streams.capacity == 0)
    us.session.releaseIdleStorage()
    let id = try us.accepted(201)
    try us.write("x", to: id)
    us.session.releaseIdleStorage()
    #expect(try us.sent() == [.data(id, "x")])
  }
}
