import NIOCore
import SansIO
import Testing
import Wire

@testable import Yamux

/// A peer that breaks each rule and pushes each limit. A broken rule ends the session with its name and the
/// go away code; a limit refuses and counts; neither costs memory.
@Suite struct AdversaryTests {
  // MARK: Published attacks

  @Test func cve2026_31814_windowCreditThatOverflows() throws {
    var us = Bench()
    let id = try us.accepted(1)
    try us.violates(.creditOverflow(id, window: 262_144, credit: .max), .window(id, .max))

    us = Bench()
    _ = try us.accepted(1)
    let rest = UInt32.max - 262_144
    try us.violates(.creditOverflow(1, window: .max, credit: 1), .window(1, rest), .window(1, 1))

    us = Bench()
    try us.violates(.creditOverflow(1, window: 262_144, credit: rest + 1), .window(1, rest + 1, .syn))
  }

  @Test func cve2026_32314_firstFrameLargerThanTheInitialWindow() throws {
    var us = Bench()
    #expect(try us.receive(.data(1, zeros: 262_144, .syn)).count == 2)
    us = Bench()
    try us.violates(.windowExceeded(1, length: 262_145, window: 262_144), .data(1, zeros: 262_145, .syn))
    us = Bench()
    let header = Message(frame: Frame(.data, [.syn, .fin], stream: 1, length: .max))
    try us.violates(.windowExceeded(1, length: .max, window: 262_144), header)
  }

  @Test func cve2022_23486_and_23492_streamsWithoutEnd() throws {
    var us = Bench()
    for number in 0..<400 {
      let id = StreamID(rawValue: UInt32(2 * number + 1))
      _ = try us.receive(.data(id, zeros: 100, .syn))
    }
    #expect(us.session.streamCount == 256, "unacknowledged, because nothing was drained")
    #expect(us.session.refusals.count == 144)
    try us.flush()
    for number in 400..<1300 {
      _ = try us.receive(.syn(StreamID(rawValue: UInt32(2 * number + 1))))
      try us.flush()
    }
    #expect(us.session.streamCount == 512)
    #expect(us.session.drops.refusedStreams == 144 + 644)
  }

  @Test func ghsa_hmj8_5xmh_5573_aBodyLongerThanAnyWindow() throws {
    var us = Bench()
    let id = try us.accepted(1)
    let header = Message(frame: Frame(.data, stream: id, length: 0x8000_0000))
    try us.violates(.windowExceeded(id, length: 0x8000_0000, window: 262_144), header)
  }

  @Test func rapidReset() throws {
    var us = Bench {
      $0.abortedStreamsBurst = 10
      $0.abortedStreamsPerSecond = 1
    }
    for number in 0..<10 {
      let id = StreamID(rawValue: UInt32(2 * number + 1))
      #expect(try us.receive(.syn(id), .rst(id)) == [.opened(id), .reset(id, code: 0), .closed(id)])
    }
    us.now += .seconds(1)
    #expect(try us.receive(.window(21, 0, [.syn, .rst])) == [])
    #expect(us.session.streamCount == 0 && !us.session.hasOutbound)
    try us.violates(.tooManyAbortedStreams, goAway: 2, .syn(23), .rst(23))
  }

  @Test func rapidResetsOfOursAreNotTheirs() throws {
    var us = Bench(.initiator) { $0.abortedStreamsBurst = 1 }
    for _ in 0..<10 {
      let id = try us.opened()
      #expect(try us.receive(.rst(id)) == [.reset(id, code: 0), .closed(id)])
    }
  }

  @Test func streamsRefusedFasterThanTheRateEndTheSession() throws {
    var us = Bench {
      $0.inboundStreamsMax = 0
      $0.abortedStreamsBurst = 3
    }
    #expect(try us.receive(.syn(1), .syn(3), .syn(5)) == [])
    #expect(try us.sent() == [.rst(1), .rst(3), .rst(5)])
    try us.violates(.tooManyAbortedStreams, goAway: 2, .syn(7))
  }

  @Test func streamsRefusedWithoutReadingTheRefusals() throws {
    var us = Bench {
      $0.inboundStreamsMax = 0
      $0.refusalsMax = 2
    }
    try us.violates(.tooManyRefusals, goAway: 2, .syn(1), .syn(3), .syn(5))
  }

  // MARK: Broken rules

  @Test func openingWithTheWrongParity() throws {
    var us = Bench(.initiator)
    try us.violates(.wrongParity(1), .syn(1))
    us = Bench(.responder)
    try us.violates(.wrongParity(2), .data(2, "x", .syn))
    us = Bench(.initiator)
    try us.violates(.wrongParity(1), .syn(try us.opened()))
  }

  @Test func openingAStreamTwice() throws {
    var us = Bench()
    try us.violates(.duplicateStream(1), .syn(1), .syn(1))
    us = Bench()
    try us.violates(.duplicateStream(1), .syn(1), .data(1, "x", [.syn, .ack]))
    us = Bench()
    let id = try us.accepted(1)
    us.session.reset(id, code: 0)
    try us.violates(.duplicateStream(1), .syn(1))
  }

  @Test func openingAStreamAgain() throws {
    var us = Bench()
    try us.violates(.reusedStream(1), .syn(1), .rst(1), .syn(1))
    us = Bench()
    try us.violates(.reusedStream(1), .window(1, 0, [.syn, .rst]), .syn(1))
    us = Bench { $0.inboundStreamsMax = 0 }
    try us.violates(.reusedStream(1), .syn(1), .syn(1))
  }

  @Test func openingAStreamLongPastIsRefused() throws {
    var us = Bench()
    #expect(try us.receive(.syn(5001), .syn(1)) == [.opened(5001)])
    #expect(try us.sent() == [.rst(1), .ack(5001)])
  }

  @Test func dataBeyondTheWindow() throws {
    var us = Bench()
    let id = try us.accepted(1)
    _ = try us.receive(.data(id, zeros: 262_000))
    try us.violates(.windowExceeded(id, length: 145, window: 144), .data(id, zeros: 145))
  }

  @Test func dataAfterFin() throws {
    var us = Bench()
    let id = try us.accepted(1)
    #expect(try us.receive(.fin(id), .window(id, 5), .data(id)) == [.remoteFinished(id)])
    try us.violates(.dataAfterFinish(id), .data(id, "x"))
  }

  @Test func streamZeroIsTheSessions() throws {
    for frame in [
      Frame(.data), Frame(.windowUpdate), Frame(.data, .syn), Frame(.windowUpdate, .rst, length: 1),
    ] {
      var us = Bench()
      try us.violates(.streamFrameForSession, Message(frame: frame))
    }
    for frame in [Frame(.ping, .syn, stream: 1), Frame(.goAway, stream: 2)] {
      var us = Bench()
      try us.violates(.sessionFrameForStream(frame.stream), Message(frame: frame))
    }
  }

  @Test func unknownVersionsAndTypes() throws {
    var us = Bench()
    us.session.receive(ByteBuffer(bytes: [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]), at: us.now)
    try us.fails(.unknownVersion(1))
    us = Bench()
    us.session.receive(ByteBuffer(bytes: [0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]), at: us.now)
    try us.fails(.unknownFrameType(4))
  }

  @Test func eventsBeforeTheViolationAreStillTold() throws {
    var us = Bench()
    var wire = Message.data(1, "fine", .syn).encoded
    Message.syn(2).encode(into: &wire)
    us.session.receive(wire, at: us.now)
    #expect(try us.session.nextEvent() == .opened(1))
    #expect(try us.session.nextEvent() == .text(1, "fine"))
    try us.fails(.wrongParity(2))
    us.session.receive(wire, at: us.now)
    us.session.finish(1)
    us.session.ping(at: us.now)
    us.session.goAway(code: 0)
    #expect(throws: YamuxError.wrongParity(2)) { try us.session.open() }
    #expect(throws: YamuxError.wrongParity(2)) { try us.write("x", to: 1) }
    #expect(!us.session.hasOutbound)
  }

  // MARK: Allowed, dropped and counted

  @Test func framesForUnknownStreamsAreDrained() throws {
    var us = Bench(.initiator)
    let theirs = Message.data(2, zeros: 500_000, .fin)
    #expect(try us.receive(theirs, .window(4, .max), .rst(6), .data(99, "x"), .ping(1)) == [])
    #expect(us.session.drops.lateFrames == 4)
    #expect(us.session.drops.lateBytes == 500_001)
    #expect(try us.sent() == [.pong(1)])
  }

  @Test func framesForAStreamWeHaveNotAnnouncedAreDrained() throws {
    var us = Bench(.initiator)
    let id = try us.session.open()
    #expect(try us.receive(.data(id, "guess"), .window(id, .max), .fin(id), .rst(id)) == [])
    #expect(us.session.drops.lateFrames == 4)
    #expect(try us.sent() == [.syn(id)])
  }

  // MARK: Floods

  @Test func floodsOfControlFramesCostNoMemory() throws {
    var us = Bench()
    let id = try us.accepted(1)
    for round in 0..<2000 {
      let value = UInt32(round)
      _ = try us.receive(
        .ping(value), .pong(value), .window(id, 1), .data(id), .window(77, 5), .goAway(value), .ack(id))
    }
    #expect(us.session.pongs.count == 32)
    #expect(us.session.drops.unansweredPings == 2000 - 32)
    #expect(us.session.events.isEmpty && us.session.refusals.isEmpty)
    #expect(try us.sent().count == 32)
    #expect(try us.receive(.ping(9)) == [])
    #expect(try us.sent() == [.pong(9)])
  }

  @Test func resetsThePeerDoesNotReadKeepTheirPlaceInTheTable() throws {
    var us = Bench { $0.inboundStreamsMax = 20 }
    for number in 0..<100 {
      let id = StreamID(rawValue: UInt32(2 * number + 1))
      if try us.receive(.syn(id)) == [.opened(id)] { us.session.reset(id, code: 0) }
      _ = try us.events()
    }
    #expect(us.session.streamCount == 20)
    #expect(us.session.refusals.count == 80)
    #expect(try us.sent().count == 100)
    #expect(us.session.streamCount == 0)
    #expect(try us.receive(.syn(201)) == [.opened(201)])
  }

  @Test func aPeerThatNeverReadsFillsOnlyTheSendBuffer() throws {
    var us = Bench { $0.sendBufferTotalBytes = 100_000 }
    let ids = try (0..<50).map { try us.accepted(StreamID(rawValue: UInt32(2 * $0 + 1))) }
    for id in ids {
      while us.session.writableBytes(id) > 0 { try us.write(zeros: 10_000, to: id) }
    }
    #expect(us.session.sendBufferedBytes == 100_000)
  }

  @Test func ourOwnStreamsHaveALimit() throws {
    var us = Bench(.initiator) {
      $0.streamsMax = 3
      $0.inboundStreamsMax = 3
    }
    _ = try us.receive(.syn(2))
    _ = try us.session.open()
    _ = try us.session.open()
    #expect(throws: YamuxError.tooManyStreams) { try us.session.open() }
    #expect(try us.receive(.syn(4)) == [])
    #expect(us.session.drops.refusedStreams == 1)
  }
}
