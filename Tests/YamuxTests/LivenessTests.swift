import NIOCore
import SansIO
import Testing
import Wire

@testable import Yamux

/// Round trips and keep-alive, in time the test moves.
@Suite struct LivenessTests {
  static func bench() -> Bench {
    Bench(.initiator) {
      $0.keepAliveInterval = .seconds(30)
      $0.keepAliveTimeout = .seconds(10)
    }
  }

  @Test func aPingMeasuresTheRoundTrip() throws {
    var us = Bench(.initiator)
    us.session.ping(at: us.now)
    us.session.ping(at: us.now)
    #expect(try us.sent() == [.ping(0)])
    us.now += .milliseconds(80)
    #expect(try us.receive(.pong(0)) == [.roundTrip(.milliseconds(80))])
    #expect(us.session.roundTrip == .milliseconds(80))
    us.session.ping(at: us.now)
    #expect(try us.sent() == [.ping(1)])
    us.now += .milliseconds(40)
    #expect(try us.receive(.pong(1)) == [.roundTrip(.milliseconds(40))])
    #expect(us.session.roundTrip == .milliseconds(60))
  }

  @Test func theClockOfAPingStartsWhenItLeaves() throws {
    var us = Bench(.initiator)
    us.session.ping(at: us.now)
    us.now += .seconds(5)
    us.session.advance(to: us.now)
    #expect(try us.sent() == [.ping(0)])
    us.now += .milliseconds(80)
    #expect(try us.receive(.pong(0)) == [.roundTrip(.milliseconds(80))])
  }

  @Test func answersNobodyAskedForAreCounted() throws {
    var us = Bench(.initiator)
    #expect(try us.receive(.pong(0), .pong(5)) == [])
    us.session.ping(at: us.now)
    #expect(try us.sent() == [.ping(0)])
    #expect(try us.receive(.pong(1), .pong(0), .pong(0)) == [.roundTrip(.zero)])
    #expect(us.session.drops.unexpectedPongs == 4)
  }

  @Test func theFirstDataAsksForARoundTripAndLaterDataWhenItIsOld() throws {
    var us = Bench()
    let id = try us.accepted(1)
    _ = try us.receive(.data(id, "x"))
    _ = try us.receive(.data(id, "y"))
    #expect(try us.sent() == [.ping(0)])
    _ = try us.receive(.data(id, "z"))
    #expect(try us.sent() == [])
    _ = try us.receive(.pong(0))
    us.now += .seconds(29)
    _ = try us.receive(.data(id, "z"))
    #expect(try us.sent() == [])
    us.now += .seconds(1)
    _ = try us.receive(.data(id, "z"))
    #expect(try us.sent() == [.ping(1)])
  }

  @Test func silenceIsBrokenByAPing() throws {
    var us = Self.bench()
    #expect(us.session.deadline == .seconds(31))
    us.session.advance(to: .seconds(20))
    #expect(!us.session.hasOutbound)
    us.now = .seconds(20)
    _ = try us.receive(.goAway(0))
    #expect(us.session.deadline == .seconds(50))
    us.session.advance(to: .seconds(50))
    #expect(us.session.deadline == .seconds(60))
    #expect(try us.sent() == [.ping(0)])
    us.now = .seconds(51)
    #expect(try us.receive(.pong(0)) == [.roundTrip(.seconds(1))])
    #expect(us.session.deadline == .seconds(81))
  }

  @Test func aSilentPeerIsGivenUp() throws {
    var us = Self.bench()
    us.session.advance(to: .seconds(31))
    #expect(try us.sent() == [.ping(0)])
    us.session.advance(to: .seconds(41) + .nanoseconds(-1))
    #expect(try us.events() == [])
    us.session.advance(to: .seconds(41))
    try us.fails(.keepAliveTimeout, goAway: nil)
  }

  @Test func aPingThatCannotLeaveTimesOutToo() throws {
    var us = Self.bench()
    us.session.advance(to: .seconds(31))
    #expect(us.session.hasOutbound)
    us.session.advance(to: .seconds(41))
    try us.fails(.keepAliveTimeout, goAway: nil)
  }

  @Test func aPeerThatTalksIsThereEvenIfItDropsThePing() throws {
    var us = Self.bench()
    us.session.advance(to: .seconds(31))
    #expect(try us.sent() == [.ping(0)])
    us.now = .seconds(35)
    _ = try us.receive(.window(9, 1))
    us.session.advance(to: .seconds(41))
    #expect(try us.events() == [])
    #expect(us.session.deadline == .seconds(65))
    us.session.advance(to: .seconds(65))
    #expect(try us.sent() == [.ping(1)])
    #expect(try us.receive(.pong(0)) == [], "too late to measure anything")
  }

  @Test func bytesInHandCountBeforeTheTimer() throws {
    var us = Self.bench()
    us.session.advance(to: .seconds(31))
    _ = try us.sent()
    us.now = .seconds(300)
    #expect(try us.receive(.goAway(0)) == [.goAway(code: 0)])
    #expect(!us.session.isFailed)
  }

  @Test func withoutKeepAliveNothingIsTimed() throws {
    var us = Bench(.initiator)
    #expect(us.session.deadline == nil)
    us.session.ping(at: us.now)
    #expect(try us.sent() == [.ping(0)])
    us.session.advance(to: .distantFuture)
    #expect(try us.events() == [])
    us.session.ping(at: .distantFuture)
    #expect(try us.sent() == [.ping(1)])
  }

  @Test func timeDoesNotRunBackwards() throws {
    var us = Self.bench()
    us.session.advance(to: .seconds(31))
    #expect(try us.sent() == [.ping(0)])
    us.now = .seconds(2)
    #expect(try us.receive(.pong(0)) == [.roundTrip(.zero)])
    #expect(us.session.deadline == .seconds(61))
  }
}
