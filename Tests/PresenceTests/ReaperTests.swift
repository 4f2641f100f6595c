import Identity
import Presence
import SansIO
import Testing

@Suite struct ReaperTests {
  /// Bounds that follow from the rules: reaped 45 to 60 s after the last life received.
  @Test(arguments: 0..<60)
  func theSilentGoBetween45And60Seconds(offset: Int) throws {
    var stage = Stage()
    stage.pass(.milliseconds(250 * offset))
    stage.hear(.refresh, from: peer(1))
    stage.pass(.seconds(120))
    let offline = try #require(stage.offlines(of: peer(1)).first)
    #expect(offline.reason == .reaped)
    #expect((.seconds(45) ... .seconds(60)).contains(offline.silence))
    #expect(stage.offlines(of: peer(1)).count == 1)
  }

  @Test func whoeverBeatsStays() {
    var stage = Stage()
    for _ in 0..<100 {
      stage.hear(.refresh, from: peer(1))
      stage.pass(.seconds(16))
    }
    #expect(stage.offlines(of: peer(1)).isEmpty)
    #expect(stage.onlines(of: peer(1)) == 1)
  }

  @Test func twoLostBeatsAreNotEnough() {
    var stage = Stage()
    stage.hear(.presence, from: peer(1))
    for _ in 0..<20 {
      stage.pass(.seconds(44))
      stage.hear(.refresh, from: peer(1))
    }
    #expect(stage.offlines(of: peer(1)).isEmpty)
  }

  @Test func chatIsLifeAndReplaysAreNot() {
    var stage = Stage()
    stage.hear(nil, from: peer(1), sequence: 10)
    stage.pass(.seconds(30))
    stage.hear(nil, from: peer(1), sequence: 11)
    for _ in 0..<6 {
      stage.pass(.seconds(10))
      stage.hear(.refresh, from: peer(1), sequence: 11)
    }
    #expect(stage.offlines(of: peer(1)).count == 1)
  }

  @Test func aReplayAfterARestartIsNotLife() {
    var stage = Stage(known: [(peer(1), 100)])
    stage.hear(.refresh, from: peer(1), sequence: 100)
    #expect(stage.onlines(of: peer(1)) == 0)
    stage.hear(.refresh, from: peer(1), sequence: 101)
    #expect(stage.onlines(of: peer(1)) == 1)
  }

  @Test func aNewConnectionToAKnownPeerIsLifeAndToAStrangerIsNot() {
    var stage = Stage()
    stage.machine.connected(peer(2), at: stage.now)
    stage.hear(.presence, from: peer(1))
    stage.pass(.seconds(40))
    stage.machine.connected(peer(1), at: stage.now)
    stage.pass(.seconds(40))
    #expect(stage.offlines(of: peer(1)).isEmpty)
    #expect(stage.machine.presence(of: peer(2)) == nil)
  }

  @Test func afterOurOwnPauseNobodyIsReapedForAnInterval() {
    var stage = Stage()
    stage.hear(.presence, from: peer(1))
    stage.pass(.seconds(10))
    stage.sleep(.seconds(300))
    stage.wake()
    #expect(stage.offlines(of: peer(1)).isEmpty)
    #expect(stage.machine.counters.lateScans == 1)
    stage.pass(.milliseconds(14_999))
    #expect(stage.offlines(of: peer(1)).isEmpty)
    stage.pass(.seconds(1))
    #expect(stage.offlines(of: peer(1)).count == 1)
  }

  @Test func whatWaitedDuringAPauseKeepsPeersOnline() {
    var stage = Stage()
    stage.hear(.presence, from: peer(1))
    stage.sleep(.seconds(300))
    stage.hear(.refresh, from: peer(1))
    stage.wake()
    stage.pass(.seconds(40))
    #expect(stage.offlines(of: peer(1)).isEmpty)
  }

  @Test func leavingIsAtOnceAndOnlyByANewWord() {
    var stage = Stage()
    stage.hear(.presence, from: peer(1), sequence: 5)
    stage.machine.left(peer(1), sequence: 5, at: stage.now)
    stage.collect()
    #expect(stage.offlines(of: peer(1)).isEmpty)
    stage.machine.left(peer(1), sequence: 6, at: stage.now)
    stage.collect()
    #expect(stage.offlines(of: peer(1)).map(\.reason) == [.left])
    // What it said before it left arrives late, and does not bring it back.
    stage.hear(.refresh, from: peer(1), sequence: 4)
    #expect(stage.onlines(of: peer(1)) == 1)
  }

  @Test func leavingOfAStrangerIsNothing() {
    var stage = Stage()
    stage.machine.left(peer(1), sequence: 1, at: stage.now)
    stage.collect()
    #expect(stage.log.isEmpty)
  }

  @Test func ourOwnWordsAreNotNews() {
    var stage = Stage()
    stage.hear(.presence, from: peer(0))
    stage.pass(.seconds(1))
    #expect(stage.log.isEmpty)
  }

  @Test func knownPeersAreBoundedAndTheLongestOfflineGoFirst() {
    var stage = Stage { $0.peersMax = 3 }
    for number in 1...3 { stage.hear(.presence, from: peer(UInt32(number))) }
    stage.machine.left(peer(2), sequence: 9, at: stage.now)
    stage.hear(.presence, from: peer(4))
    #expect(stage.machine.presence(of: peer(2)) == nil)
    stage.hear(.presence, from: peer(5))
    #expect(stage.machine.presence(of: peer(5)) == nil)
    #expect(stage.machine.counters.ignoredAuthors == 1)
  }
}
