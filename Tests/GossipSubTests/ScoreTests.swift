import GossipSub
import Identity
import SansIO
import SwiftProtobuf
import Testing
import Wire

/// The score function (gossipsub v1.1), parameter by parameter.
@Suite struct ScoreTests {
  /// Everything off but what a test turns on.
  func rules(_ change: (inout TopicScoreParameters) -> Void) -> TopicConfiguration {
    var rules = TopicConfiguration()
    rules.scores.meshTimeWeight = 0
    rules.scores.firstDeliveriesWeight = 0
    rules.scores.invalidWeight = 0
    change(&rules.scores)
    return rules
  }

  func unsigned(_ sequence: UInt64, by peer: Peer) -> Gossipsub_Message {
    var message = peer.message(sequence)
    message.clearSignature()
    return message
  }

  @Test func aStrangerHasNone() throws {
    #expect(try Rig().score(Peer(1)) == 0)
  }

  @Test func p1TimeInMeshIsCapped() throws {
    let peer = try Peer(1)
    var rig = try Rig([chat], rules { ($0.meshTimeWeight, $0.meshTimeCap, $0.weight) = (0.5, 10, 2) })
    rig.connect([peer])
    rig.wait(.milliseconds(5200))
    #expect(rig.score(peer) == 5)
    rig.wait(.seconds(60))
    #expect(rig.score(peer) == 10)
  }

  @Test func p2FirstDeliveriesAreCappedAndDecay() throws {
    let peer = try Peer(1)
    let rules = rules { parameters in
      parameters.firstDeliveriesWeight = 1
      parameters.firstDeliveriesCap = 3
      parameters.firstDeliveriesDecay = 0.5
    }
    var rig = try Rig([chat], rules)
    rig.connect([peer])
    rig.hear((1...2).map { peer.message($0) }, from: peer)
    #expect(rig.score(peer) == 2)
    rig.hear((3...9).map { peer.message($0) }, from: peer)
    #expect(rig.score(peer) == 3)
    rig.wait(.seconds(2))
    #expect(rig.score(peer) == 1.5)
    rig.wait(.seconds(10))
    #expect(rig.score(peer) == 0, "under the threshold it is zero")
  }

  @Test func p2DuplicatesEarnNothing() throws {
    let (author, second) = (try Peer(1), try Peer(2))
    var rig = try Rig([chat], rules { $0.firstDeliveriesWeight = 1 })
    rig.connect([author, second])
    rig.hear([author.message(1)], from: author)
    rig.hear([author.message(1)], from: second)
    #expect(rig.score(author) == 1 && rig.score(second) == 0)
  }

  func missing() -> TopicConfiguration {
    rules { parameters in
      parameters.meshDeliveriesWeight = -1
      parameters.meshDeliveriesThreshold = 4
      parameters.meshDeliveriesDecay = 0.999
      parameters.meshDeliveriesActivation = .seconds(2)
      parameters.meshFailureWeight = -1
      parameters.meshFailureDecay = 0.999
    }
  }

  @Test func p3MissingMessagesCountOnceActive() throws {
    let (silent, active) = (try Peer(1), try Peer(2))
    var rig = try Rig([chat], missing())
    rig.connect([silent, active])
    rig.hear((1...6).map { active.message($0) }, from: active)
    rig.wait(.milliseconds(1500))
    #expect(rig.score(silent) == 0)
    rig.wait(.seconds(2))
    #expect(rig.score(active) == 0)
    #expect(!rig.isInMesh(silent), "below zero, so put out")
    #expect(rig.score(silent) < -15.9, "and remembered as P3b")
  }

  @Test func p3ACopyInTheWindowCounts() throws {
    let (author, near, late) = (try Peer(1), try Peer(2), try Peer(3))
    var rig = try Rig([chat], missing())
    rig.connect([author, near, late])
    for sequence in UInt64(1)...6 {
      rig.hear([author.message(sequence)], from: author)
      rig.wait(.milliseconds(10))
      rig.hear([author.message(sequence)], from: near)
      rig.wait(.milliseconds(1))
      rig.hear([author.message(sequence)], from: late)
    }
    rig.wait(.milliseconds(3500))
    #expect(rig.isInMesh(near) && !rig.isInMesh(late))
  }

  @Test func p3APeerCountsOnceForAMessage() throws {
    let (author, echo) = (try Peer(1), try Peer(2))
    var rig = try Rig([chat], missing())
    rig.connect([author, echo])
    rig.hear([author.message(1)], from: author)
    for _ in 1...9 { rig.hear([author.message(1)], from: echo) }
    rig.wait(.milliseconds(3500))
    #expect(!rig.isInMesh(echo))
  }

  @Test func p4InvalidMessagesCountSquared() throws {
    let peer = try Peer(1)
    var rig = try Rig([chat], rules { ($0.invalidWeight, $0.invalidDecay) = (-1, 0.5) })
    rig.connect([peer])
    rig.hear((1...3).map { unsigned($0, by: peer) }, from: peer)
    #expect(rig.score(peer) == -9)
    // Between one heartbeat and two.
    rig.wait(.milliseconds(1500))
    #expect(rig.score(peer) == -2.25)
  }

  @Test func p4ThreeInvalidMessagesBringTheGraylist() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear((1...9).map { unsigned($0, by: peer) }, from: peer)
    #expect(rig.router.counters.rejected == 3, "the rest was not looked at")
    rig.hear([peer.message(10)], from: peer)
    #expect(rig.router.counters.accepted == 0)
    rig.hear(.subscribe([other]), from: peer)
    #expect(rig.router.subscribers(of: other) == [peer.id], "subscriptions are heard")
    rig.wait(.seconds(600))
    rig.hear([peer.message(11)], from: peer)
    #expect(rig.router.counters.accepted == 1, "and all is forgiven")
  }

  @Test func p5TheApplicationHasItsSay() throws {
    let peer = try Peer(1)
    var rig = try Rig([]) { $0.scores.applicationWeight = 2 }
    rig.connect([peer])
    rig.router.setApplicationScore(-3, of: peer.id)
    #expect(rig.score(peer) == -6)
  }

  @Test func p6CrowdsBehindOneAddress() throws {
    let crowd = try peers(1...12)
    var rig = try Rig([])
    for peer in crowd.prefix(10) { rig.connect(peer, group: [192, 0, 2, 1]) }
    #expect(rig.score(crowd[0]) == 0)
    rig.connect(crowd[10], group: [192, 0, 2, 1])
    #expect(rig.score(crowd[0]) == -5)
    rig.connect(crowd[11], group: [192, 0, 2, 1])
    #expect(rig.score(crowd[0]) == -20)
    rig.router.peerDisconnected(crowd[11].id)
    rig.router.peerDisconnected(crowd[10].id)
    #expect(rig.score(crowd[0]) == 0)
  }

  @Test func p6NoGroupNoCrowd() throws {
    let crowd = try peers(1...30)
    var rig = try Rig([])
    rig.connect(crowd)
    #expect(rig.score(crowd[0]) == 0)
  }

  @Test func p7PenaltiesCountSquaredAboveTheThresholdAndDecay() throws {
    let peer = try Peer(1)
    var rig = try Rig([chat], rules { _ in }) { $0.scores.behaviourThreshold = 1 }
    rig.connect([peer])
    rig.hear(.prune(), from: peer)
    rig.hear(.graft(), from: peer)
    #expect(rig.score(peer) == -10)
    rig.wait(.seconds(60))
    #expect(rig.score(peer) == 0)
  }

  @Test func topicsAreCappedTogether() throws {
    let peer = try Peer(1)
    var rig = try Rig([chat], rules { $0.firstDeliveriesWeight = 50 }) { $0.scores.topicsCap = 60 }
    rig.connect([peer])
    rig.hear((1...3).map { peer.message($0) }, from: peer)
    #expect(rig.score(peer) == 60)
  }

  @Test func aBadScoreOutlivesTheConnection() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear([unsigned(1, by: peer)], from: peer)
    let before = rig.score(peer)
    rig.router.peerDisconnected(peer.id)
    rig.wait(.seconds(3000))
    rig.connect([peer])
    #expect(rig.score(peer) == before)
    rig.router.peerDisconnected(peer.id)
    rig.wait(.seconds(3601))
    rig.connect([peer])
    #expect(rig.score(peer) == 0)
  }

  @Test func aGoodScoreDoesNot() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear([peer.message(1)], from: peer)
    #expect(rig.score(peer) > 0)
    rig.router.peerDisconnected(peer.id)
    rig.connect([peer])
    #expect(rig.score(peer) == 0)
  }

  @Test func aNegativeScoreMeansNoMesh() throws {
    let (bad, good) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([bad, good])
    rig.router.setApplicationScore(-1, of: bad.id)
    rig.clear()
    rig.heartbeat()
    #expect(rig.router.mesh(of: chat) == [good.id])
    #expect(try rig.said(to: bad).prunes == [chat.description])
    rig.router.peerDisconnected(bad.id)
    rig.connect([bad], on: [])
    rig.router.setApplicationScore(-1, of: bad.id)
    rig.hear(.graft(), from: bad)
    #expect(rig.router.mesh(of: chat) == [good.id])
  }

  @Test func aPoorMeshTakesInBetterPeers() throws {
    let (poor, good) = (try peers(1...6), try peers(7...10))
    var rig = try Rig { $0.meshPeersOutbound = 0 }
    rig.connect(poor)
    for peer in poor { rig.hear(.graft(), from: peer) }
    rig.connect(good)
    for peer in poor { rig.router.setApplicationScore(-1, of: peer.id) }
    for peer in good { rig.router.setApplicationScore(3, of: peer.id) }
    rig.wait(.seconds(55))
    // Time in the mesh keeps the poor from the threshold by a point, and above zero they stay.
    for peer in poor { rig.router.setApplicationScore(-0.5, of: peer.id) }
    rig.wait(.seconds(6))
    #expect(good.contains { rig.isInMesh($0) })
  }

  @Test func offeredPeersAreTakenFromTheTrustedOnly() throws {
    let (giver, named) = (try Peer(1), try Peer(2))
    var prune = RPC.prune()
    prune.control.prune[0].peers = [.with { $0.peerID = named.id.bytes.protobufBytes() }]
    for (isOn, score, isOffered) in [(true, 10.0, true), (true, 9, false), (false, 10, false)] {
      var rig = try Rig([chat], rules { _ in }) { $0.peerExchange = isOn }
      rig.connect([giver])
      rig.router.setApplicationScore(score, of: giver.id)
      rig.hear(prune, from: giver)
      let offer = PeerOffer(peer: named.id, signedRecord: [])
      #expect(rig.events().contains(.peersOffered(by: giver.id, chat, [offer])) == isOffered)
    }
  }
}
