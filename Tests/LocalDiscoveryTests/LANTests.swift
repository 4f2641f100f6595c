import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import LocalDiscovery

@Suite struct LANTests {
  @Test(arguments: 0..<30) func twoFindEachOtherAtOnce(seed: UInt64) {
    var lan = LAN(seed: seed)
    lan.start(2)
    lan.pass(.milliseconds(260))
    #expect(lan.acquaintance == (2, 2))
    #expect(lan.nodes[0].knows[LAN.peerID(1)] == [addr("/ip4/10.0.0.2/tcp/4001")])
  }

  @Test(arguments: 0..<10) func aNewcomerFindsWhoWasThereAndIsFound(seed: UInt64) {
    var lan = LAN(seed: seed)
    lan.start(1)
    lan.pass(.seconds(600))
    lan.start(1)
    lan.pass(.milliseconds(260))
    #expect(lan.acquaintance == (2, 2))
  }

  @Test(arguments: [(2, 1), (5, 2), (20, 3), (50, 4)]) func manyStartTogether(count: Int, seed: UInt64) {
    var lan = LAN(seed: seed)
    lan.start(count, on: ["10.0.0"])
    lan.pass(.seconds(1))
    #expect(lan.acquaintance == (count * (count - 1), count * (count - 1)))
  }

  @Test(arguments: 0..<3) func lossAndDuplicationOnlyDelay(seed: UInt64) {
    var lan = LAN(seed: seed, .init(loss: 0.3, duplication: 0.3, latencyMaxMs: 50))
    lan.start(6)
    lan.pass(.seconds(8))
    #expect(lan.acquaintance == (30, 30))
    // Nobody who is there is ever forgotten.
    for _ in 0..<12 {
      lan.pass(.seconds(150))
      #expect(lan.acquaintance == (30, 30))
    }
  }

  @Test func aLinkIsQuietOnceAllKnowEachOther() {
    var lan = LAN(seed: 1)
    lan.start(12, on: ["10.0.0"])
    lan.pass(.seconds(130))
    let before = lan.sent
    lan.pass(.seconds(370))
    let perSecond = Double(lan.sent - before) / 370
    #expect(perSecond < 0.1, "\(perSecond) packets a second")
    #expect(lan.acquaintance == (132, 132))
    #expect(lan.longest <= 1232)
  }

  @Test func whoLeavesIsGoneInASecondAndWhoCrashesWhenItsTimeIsUp() {
    var lan = LAN(seed: 3)
    lan.start(3)
    lan.pass(.seconds(100))
    lan.leave(1)
    lan.pass(.seconds(2))
    #expect(lan.nodes[0].knows.keys.sorted() == [LAN.peerID(2)].sorted())
    lan.crash(2)
    lan.pass(.seconds(601))
    #expect(lan.nodes[0].knows.isEmpty)
  }

  @Test func theSameSeedIsTheSameRun() {
    func run() -> [String] {
      var lan = LAN(seed: 9, .init(loss: 0.2, duplication: 0.2))
      lan.start(8)
      lan.pass(.seconds(30))
      return lan.nodes.map { node in
        node.foundAt.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ",")
      } + ["\(lan.sent)"]
    }
    #expect(run() == run())
  }
}
