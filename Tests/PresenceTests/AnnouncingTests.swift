import Identity
import Presence
import SansIO
import Testing

@Suite struct AnnouncementTests {
  @Test(arguments: [
    ("ANNOUNCE:PRESENCE", Announcement.presence), ("ANNOUNCE:WELCOME", .welcome),
    ("ANNOUNCE:REFRESH", .refresh),
    ("ANNOUNCE:REFRESH v=2 i=15", .refresh),
  ])
  func recognised(text: String, kind: Announcement) { #expect(Announcement(text) == kind) }

  @Test(arguments: [
    "", "hello", "announce:presence", " ANNOUNCE:PRESENCE", "ANNOUNCE:", "ANNOUNCE:PRESENCES",
    "ANNOUNCE:REFRESH\n",
    "ANNOUNCE:OTHER",
  ])
  func chat(text: String) { #expect(Announcement(text) == nil) }
}

@Suite struct AnnouncingTests {
  @Test func nothingIsSaidAlone() {
    var stage = Stage()
    stage.pass(.seconds(120))
    #expect(stage.log.isEmpty)
  }

  @Test func presenceHalfASecondAfterReadyThenARefreshEveryInterval() {
    var stage = Stage()
    stage.pass(.seconds(3))
    stage.join()
    stage.pass(.seconds(120))
    #expect(stage.times(of: .presence) == [.milliseconds(3500)])
    let beats = stage.times(of: .presence) + stage.times(of: .refresh)
    for (earlier, later) in zip(beats, beats.dropFirst()) {
      #expect((.seconds(14) ... .seconds(16)).contains(later - earlier))
    }
    #expect(beats.count >= 8)
  }

  @Test func aWelcomeThatWasDueInOurSleepIsNotSaid() {
    var stage = Stage()
    stage.join()
    stage.pass(.seconds(1))
    stage.hear(.presence, from: peer(1))
    stage.sleep(.seconds(90))
    stage.wake()
    #expect(stage.times(of: .welcome).isEmpty)
    #expect(stage.times(of: .refresh) == [.seconds(91)])
    #expect(stage.machine.counters.staleWelcomes == 1)
  }

  @Test func whoComesWhenWeWakeIsWelcomedAsEver() {
    var stage = Stage()
    stage.join()
    stage.pass(.seconds(1))
    stage.hear(.presence, from: peer(1))
    stage.sleep(.seconds(90))
    stage.hear(.presence, from: peer(2))
    stage.wake()
    stage.pass(.seconds(1))
    #expect(stage.times(of: .welcome).count == 1)
    #expect(stage.times(of: .welcome).allSatisfy { (.seconds(91) ... .milliseconds(91_200)).contains($0) })
  }

  @Test func aReservationMakesReadyToo() {
    var stage = Stage()
    stage.machine.reservation(isHeld: true, at: stage.now)
    stage.pass(.seconds(1))
    #expect(stage.times(of: .presence) == [.milliseconds(500)])
  }

  @Test func furtherNeighboursDoNotTriggerAnotherPresence() {
    var stage = Stage()
    stage.join()
    stage.pass(.seconds(1))
    stage.join(subscribers: 5)
    stage.machine.reservation(isHeld: true, at: stage.now)
    stage.pass(.seconds(60))
    #expect(stage.times(of: .presence).count == 1)
  }

  @Test func losingCompanyBeforePresencePutsItOffUntilThereIsSomeAgain() {
    var stage = Stage()
    stage.join()
    stage.pass(.milliseconds(200))
    stage.join(subscribers: 0)
    stage.pass(.seconds(10))
    #expect(stage.times(of: .presence).isEmpty)
    stage.join()
    stage.pass(.seconds(1))
    #expect(stage.times(of: .presence) == [.milliseconds(10_700)])
  }

  @Test func aShortIsolationIsNoRejoinButTheOverdueBeatIsSaidAtOnce() {
    var stage = Stage()
    stage.join()
    stage.pass(.seconds(1))
    stage.join(subscribers: 0)
    stage.pass(.seconds(40))
    stage.join()
    stage.pass(.milliseconds(1))
    #expect(stage.times(of: .presence).count == 1)
    #expect(stage.times(of: .refresh) == [.seconds(41)])
  }

  @Test(arguments: 0..<20)
  func aLongIsolationIsARejoin(seed: UInt64) throws {
    var stage = Stage(seed: seed)
    stage.join()
    stage.pass(.seconds(1))
    stage.join(subscribers: 0)
    stage.pass(.seconds(46))
    stage.join()
    stage.pass(.seconds(5))
    let again = try #require(stage.times(of: .presence).dropFirst().first)
    #expect((.milliseconds(47_500) ... .milliseconds(49_500)).contains(again))
    #expect(stage.times(of: .refresh).isEmpty)
  }

  @Test func presenceIsNeverSaidTwiceWithinHalfAMinute() {
    var stage = Stage { $0.isolationLimit = .seconds(1) }
    for _ in 0..<40 {
      stage.join()
      stage.pass(.seconds(2))
      stage.join(subscribers: 0)
      stage.pass(.seconds(2))
    }
    let times = stage.times(of: .presence)
    #expect(times.count > 2)
    for (earlier, later) in zip(times, times.dropFirst()) { #expect(later - earlier >= .seconds(30)) }
  }
}

@Suite struct WelcomeTests {
  @Test(arguments: 0..<50)
  func aPresenceIsAnsweredWithinItsWindow(seed: UInt64) throws {
    var stage = Stage(seed: seed)
    stage.join()
    stage.pass(.seconds(2))
    stage.hear(.presence, from: peer(1))
    stage.pass(.seconds(10))
    let times = stage.times(of: .welcome)
    #expect(times.count == 1)
    #expect((.seconds(2) ..< .milliseconds(2200)).contains(try #require(times.first)))
  }

  @Test(arguments: [Announcement.welcome, .refresh, nil])
  func nothingElseIsAnswered(announcement: Announcement?) {
    var stage = Stage()
    stage.join()
    stage.pass(.seconds(2))
    for number in 1...30 { stage.hear(announcement, from: peer(UInt32(number))) }
    stage.pass(.seconds(10))
    #expect(stage.times(of: .welcome).isEmpty)
  }

  @Test func oneWelcomeAnswersAllOfAWindow() {
    var stage = Stage()
    stage.join()
    stage.pass(.seconds(2))
    for number in 1...10 { stage.hear(.presence, from: peer(UInt32(number))) }
    stage.pass(.seconds(10))
    #expect(stage.times(of: .welcome).count == 1)
  }

  @Test func aReplayedPresenceIsNotAnswered() {
    var stage = Stage()
    stage.join()
    stage.hear(.presence, from: peer(1), sequence: 7)
    stage.pass(.seconds(5))
    stage.hear(.presence, from: peer(1), sequence: 7)
    stage.hear(.presence, from: peer(1), sequence: 3)
    stage.pass(.seconds(5))
    #expect(stage.times(of: .welcome).count == 1)
    #expect(stage.machine.counters.staleMessages == 2)
  }

  @Test func inACrowdEightOfOthersMakeOursSuperfluous() {
    var suppressed = 0
    for seed in 0..<40 {
      var stage = Stage(seed: UInt64(seed))
      stage.join()
      stage.pass(.seconds(2))
      for number in 1...30 { stage.hear(.refresh, from: peer(UInt32(number))) }
      stage.hear(.presence, from: peer(31))
      for number in 1...8 { stage.hear(.welcome, from: peer(UInt32(number))) }
      stage.pass(.seconds(6))
      suppressed += stage.times(of: .welcome).isEmpty ? 1 : 0
    }
    #expect(suppressed == 40)
  }

  @Test func withTwentyOrFewerEverybodyAnswers() {
    var stage = Stage()
    stage.join()
    stage.pass(.seconds(2))
    for number in 1...19 { stage.hear(.refresh, from: peer(UInt32(number))) }
    stage.hear(.presence, from: peer(20))
    for number in 1...15 { stage.hear(.welcome, from: peer(UInt32(number))) }
    stage.pass(.seconds(1))
    #expect(stage.times(of: .welcome).count == 1)
  }
}
