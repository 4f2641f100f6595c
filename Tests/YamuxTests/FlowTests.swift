import NIOCore
import SansIO
import Testing
import Wire

@testable import Yamux

/// Windows, send buffers, and whose turn it is.
@Suite struct FlowTests {
  static let initial = 262_144

  // MARK: Receiving

  @Test func creditGoesBackInHalfWindows() throws {
    var us = Bench()
    let id = try us.accepted(1)
    _ = try us.receive(.data(id, zeros: Self.initial))
    try us.flush()
    us.session.consumed(Self.initial / 2 - 1, on: id)
    #expect(try us.sent() == [])
    us.session.consumed(11, on: id)
    #expect(try us.sent() == [.window(id, UInt32(Self.initial / 2 + 10))])
    #expect(try us.sent() == [])
    _ = try us.receive(.data(id, zeros: Self.initial / 2 + 10))
    try us.violates(.windowExceeded(id, length: 1, window: 0), .data(id, zeros: 1))
  }

  @Test func creditWaitingToBeSentIsOneFrame() throws {
    var us = Bench()
    let id = try us.accepted(1)
    _ = try us.receive(.data(id, zeros: Self.initial))
    try us.flush()
    for _ in 0..<Self.initial { us.session.consumed(1, on: id) }
    #expect(try us.sent() == [.window(id, UInt32(Self.initial))])
  }

  @Test func aClosedHalfIsGivenNoCredit() throws {
    var us = Bench()
    let id = try us.accepted(1)
    _ = try us.receive(.data(id, zeros: Self.initial, .fin))
    try us.flush()
    us.session.consumed(Self.initial, on: id)
    #expect(!us.session.hasOutbound)
    #expect(try us.sent() == [])
  }

  @Test func creditOwedWhenTheHalfClosesIsForgotten() throws {
    var us = Bench()
    let id = try us.accepted(1)
    _ = try us.receive(.data(id, zeros: Self.initial))
    try us.flush()
    us.session.consumed(Self.initial, on: id)
    #expect(us.session.hasOutbound)
    _ = try us.receive(.fin(id))
    #expect(!us.session.hasOutbound)
  }

  @Test func windowsGrowWithinTheSharedBudget() throws {
    var us = Bench {
      $0.streamsMax = 4
      $0.inboundStreamsMax = 4
      $0.receiveBudgetBytes = 4 * Self.initial + 3 * Self.initial
    }
    _ = try us.accepted(1)
    _ = try us.accepted(3)
    us.session.ping(at: us.now)
    #expect(try us.sent() == [.ping(0)])
    us.now += .milliseconds(100)
    #expect(try us.receive(.pong(0)) == [.roundTrip(.milliseconds(100))])

    // A window each 200 ms is under four round trips. Growth of 1 and 2 units for the first stream leave
    // none.
    var windows: [StreamID: Int] = [1: Self.initial, 3: Self.initial]
    for (id, growth) in [(StreamID(1), 1), (1, 2), (1, 0), (3, 0)] {
      us.now += .milliseconds(200)
      let size = windows[id]!
      _ = try us.receive(.data(id, zeros: size))
      us.session.consumed(size, on: id)
      #expect(try us.sent() == [.window(id, UInt32(size + growth * Self.initial))])
      windows[id] = size + growth * Self.initial
      #expect(us.session.receiveWindowBytes == windows.values.reduce(0, +))
    }
    #expect(us.session.receiveWindowBytes <= us.session.configuration.receiveBudgetBytes)

    // A stream that ends gives its share back.
    _ = try us.receive(.rst(1))
    us.now += .milliseconds(200)
    _ = try us.receive(.data(3, zeros: Self.initial))
    us.session.consumed(Self.initial, on: 3)
    #expect(try us.sent() == [.window(3, UInt32(2 * Self.initial))])
  }

  @Test func aSlowReadersWindowStaysSmall() throws {
    var us = Bench()
    let id = try us.accepted(1)
    us.session.ping(at: us.now)
    _ = try us.sent()
    us.now += .milliseconds(10)
    _ = try us.receive(.pong(0))
    for _ in 0..<5 {
      _ = try us.receive(.data(id, zeros: Self.initial))
      us.now += .milliseconds(500)
      us.session.advance(to: us.now)
      us.session.consumed(Self.initial, on: id)
      #expect(try us.sent() == [.window(id, UInt32(Self.initial))])
    }
  }

  // MARK: Sending

  @Test func nothingIsSentBeyondThePeersWindow() throws {
    var us = Bench(.initiator)
    let id = try us.opened()
    try us.write(zeros: Self.initial + 500, to: id)
    #expect(try us.sent().map(\.body.readableBytes).reduce(0, +) == Self.initial)
    #expect(!us.session.hasOutbound)
    _ = try us.receive(.window(id, 300))
    #expect(try us.sent() == [.data(id, zeros: 300)])
    us.session.finish(id)
    #expect(try us.sent() == [])
    _ = try us.receive(.window(id, 300))
    #expect(try us.sent() == [.data(id, zeros: 200), .fin(id)])
  }

  @Test func smallWritesShareAFrame() throws {
    var us = Bench(.initiator)
    let id = try us.opened()
    for word in ["a", "", "bc", "def"] { try us.write(word, to: id) }
    #expect(try us.sent() == [.data(id, "abcdef")])
  }

  @Test func aFullSendBufferRefusesUntilHalfIsSent() throws {
    var us = Bench(.initiator) { $0.sendBufferBytes = 1000 }
    let id = try us.opened()
    #expect(us.session.writableBytes(id) == 1000)
    try us.write(zeros: 999, to: id)
    try us.write(zeros: 5000, to: id)
    #expect(us.session.writableBytes(id) < 0)
    #expect(throws: YamuxError.sendBufferFull(id)) { try us.write("x", to: id) }
    _ = try us.sent(maxBytes: 5499 + 11)
    #expect(try us.events() == [])
    _ = try us.sent(maxBytes: 13)
    #expect(try us.events() == [.writable(id)])
    #expect(us.session.writableBytes(id) == 500)
  }

  @Test func aFullSessionTellsEveryStreamOnce() throws {
    var us = Bench(.initiator) {
      $0.sendBufferBytes = 1000
      $0.sendBufferTotalBytes = 3000
    }
    let ids = try (0..<4).map { _ in try us.opened() }
    try us.write(zeros: 900, to: ids[0])
    try us.write(zeros: 1000, to: ids[1])
    try us.write(zeros: 1200, to: ids[2])
    #expect(us.session.writableBytes(ids[3]) == -100)
    #expect(throws: YamuxError.sendBufferFull(ids[3])) { try us.write("x", to: ids[3]) }
    #expect(throws: YamuxError.sendBufferFull(ids[0])) { try us.write("x", to: ids[0]) }
    try us.flush()
    let events = try us.events()
    #expect(Set(events) == Set(ids.map { .writable($0) }))
    #expect(events.count == 4)
    #expect(us.session.sendBufferedBytes == 0)
  }

  @Test func resettingAFullStreamMakesRoomForOthers() throws {
    var us = Bench(.initiator) { $0.sendBufferTotalBytes = 1000 }
    let (first, second) = (try us.opened(), try us.opened())
    try us.write(zeros: 2000, to: first)
    #expect(us.session.writableBytes(second) <= 0)
    us.session.reset(first, code: 0)
    #expect(try us.events() == [.writable(second), .closed(first)])
    #expect(us.session.sendBufferedBytes == 0)
  }

  // MARK: Turns

  @Test func streamsTakeTurnsOfAQuantum() throws {
    var us = Bench(.initiator) {
      $0.quantumBytes = 100; $0.frameBytesMax = 400
    }
    let (a, b, c) = (try us.opened(), try us.opened(), try us.opened())
    try us.write(zeros: 250, to: a)
    try us.write(zeros: 90, to: b)
    try us.write(zeros: 800, to: c)
    let sent = try us.sent().map { "\($0.frame.stream):\($0.frame.length)" }
    #expect(sent == ["1:100", "3:90", "5:100", "1:100", "5:100", "1:50", "5:400", "5:200"])
  }

  @Test func aTurnCutShortIsTakenUpAgain() throws {
    var us = Bench(.initiator)
    let (a, b) = (try us.opened(), try us.opened())
    try us.write(zeros: 40_000, to: a)
    try us.write(zeros: 40_000, to: b)
    let sent = try us.sent(maxBytes: 2 * 12 + 16_384 + 1000).map { "\($0.frame.stream):\($0.frame.length)" }
    #expect(sent == ["1:16384", "3:1000"])
    #expect(try us.sent(maxBytes: 16_500).map { "\($0.frame.stream):\($0.frame.length)" } == ["1:16384"])
    #expect(try us.sent(maxBytes: 100).map { "\($0.frame.stream):\($0.frame.length)" } == ["3:88"])
  }

  @Test func controlFramesGoFirst() throws {
    var us = Bench()
    let id = try us.accepted(1)
    try us.write(zeros: 20_000, to: id)
    _ = try us.receive(.ping(3), .syn(5))
    #expect(try us.sent() == [.pong(3), .ack(5), .data(id, zeros: 20_000)])
  }

  @Test(arguments: 0..<200)
  func aDrainNeverPassesItsMaximum(_ maxBytes: Int) throws {
    var us = Bench(.initiator)
    let id = try us.opened()
    _ = try us.session.open()
    try us.write(zeros: 150, to: id)
    us.session.ping(at: us.now)
    us.session.goAway(code: 0)
    #expect(try us.sent(maxBytes: maxBytes).map { 12 + $0.body.readableBytes }.reduce(0, +) <= maxBytes)
  }

  @Test func aDrainWithoutAMaximum() throws {
    var us = Bench(.initiator)
    let id = try us.opened()
    try us.write("x", to: id)
    var wire = ByteBuffer(string: "before")
    #expect(us.session.drainOutbound(into: &wire, maxBytes: .max) == true)
    #expect(us.session.drainOutbound(into: &wire, maxBytes: .min) == false)
    #expect(wire.readableBytes == 6 + 13)
  }

  @Test func onlyTheGoAwayWaitsForTheRest() throws {
    var us = Bench(.initiator)
    let id = try us.opened()
    try us.write(zeros: 1000, to: id)
    us.session.goAway(code: 0)
    #expect(try us.sent(maxBytes: 512).map(\.frame.kind) == [.data])
    #expect(try us.sent(maxBytes: 1024).map(\.frame.kind) == [.data, .goAway])
  }
}
