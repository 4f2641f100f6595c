import GossipSub
import Identity
import SansIO
import Testing
import Wire

/// Who is in the mesh: GRAFT, PRUNE, backoff, degrees.
@Suite struct MeshTests {
  @Test func newSubscribersAreGraftedUpToTheLow() throws {
    let many = try peers(1...10)
    var rig = try Rig()
    for peer in many { rig.connect(peer) }
    #expect(rig.router.mesh(of: chat) == many.prefix(5).map(\.id))
    let said = try rig.said(to: many)
    #expect(said.filter { $0.grafts == [chat.description] }.count == 5)
  }

  @Test func joiningTakesTheWantedNumberOfThoseThere() throws {
    var rig = try Rig([])
    rig.connect(try peers(1...20))
    try rig.router.subscribe(chat, at: rig.now)
    #expect(rig.router.mesh(of: chat).count == 6)
  }

  @Test func everyPeerIsToldOfTopics() throws {
    let peer = try Peer(1)
    var rig = try Rig([chat, other])
    rig.connect(peer, on: [])
    #expect(try rig.said(to: peer).subscriptions.map(\.topicID) == [chat.description, other.description])
    rig.router.unsubscribe(other, at: rig.now)
    #expect(try rig.said(to: peer).subscriptions.map(\.subscribe) == [false])
  }

  @Test func leavingPrunesWithTheShortBackoff() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.router.unsubscribe(chat, at: rig.now)
    #expect(try rig.said(to: peer).control.prune.map(\.backoff) == [10])
    try rig.router.subscribe(chat, at: rig.now)
    rig.wait(.seconds(10))
    #expect(!rig.isInMesh(peer))
    rig.wait(.seconds(3))
    #expect(rig.isInMesh(peer))
  }

  @Test func graftIsAcceptedInSilence() throws {
    let many = try peers(1...8)
    var rig = try Rig()
    rig.connect(many)
    rig.hear(.graft(), from: many[7])
    #expect(rig.isInMesh(many[7]))
    #expect(try rig.said(to: many[7]).control == Gossipsub_ControlMessage())
  }

  @Test func graftOfAnUnknownTopicIsIgnored() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.graft(other), from: peer)
    #expect(try rig.said(to: peer) == RPC())
    #expect(rig.router.counters.graftsOfUnknownTopics == 1)
  }

  @Test func whoGraftsIsSubscribed() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect(peer, on: [])
    rig.hear(.graft(), from: peer)
    #expect(rig.isInMesh(peer) && rig.router.subscribers(of: chat) == [peer.id])
  }

  @Test func afullMeshTakesOnlyOutboundPeers() throws {
    let many = try peers(1...14)
    var rig = try Rig()
    rig.connect(many)
    for peer in many.prefix(12) { rig.hear(.graft(), from: peer) }
    rig.clear()
    rig.hear(.graft(), from: many[12])
    #expect(!rig.isInMesh(many[12]))
    #expect(try rig.said(to: many[12]).control.prune.map(\.backoff) == [60])
    rig.router.peerConnected(many[13].id, version: .gossipSub12, direction: .outbound)
    rig.hear(.graft(), from: many[13])
    #expect(rig.isInMesh(many[13]))
  }

  @Test func tooManyArePrunedToTheWanted() throws {
    let many = try peers(1...16)
    var rig = try Rig()
    for peer in many { rig.connect(peer, .gossipSub12, .outbound) }
    for peer in many { rig.hear(.graft(), from: peer) }
    rig.clear()
    #expect(rig.router.mesh(of: chat).count == 16)
    rig.heartbeat()
    #expect(rig.router.mesh(of: chat).count == 6)
    #expect(try rig.said(to: many).filter { $0.prunes == [chat.description] }.count == 10)
  }

  @Test func theBestAndSomeOutboundSurvive() throws {
    for seed in UInt64(1)...20 {
      let many = try peers(1...16)
      var rig = try Rig(seed: seed)
      for (index, peer) in many.enumerated() {
        rig.connect(peer, .gossipSub12, index < 12 ? .inbound : .outbound)
      }
      for peer in many { rig.hear(.graft(), from: peer) }
      for (index, peer) in many.prefix(4).enumerated() {
        rig.router.setApplicationScore(Double(10 + index), of: peer.id)
      }
      rig.heartbeat()
      let mesh = rig.router.mesh(of: chat)
      #expect(mesh.count == 6)
      #expect(many.prefix(4).allSatisfy { rig.isInMesh($0) })
      #expect(many.suffix(4).filter { rig.isInMesh($0) }.count == 2)
    }
  }

  @Test func outboundPeersAreAddedToAMeshWithout() throws {
    let (inbound, outbound) = (try peers(1...6), try peers(7...9))
    var rig = try Rig()
    rig.connect(inbound, .inbound)
    for peer in inbound { rig.hear(.graft(), from: peer) }
    rig.connect(outbound, .outbound)
    rig.heartbeat()
    #expect(outbound.filter { rig.isInMesh($0) }.count == 2)
  }

  @Test func prunedPeersAreLeftAloneForTheirBackoff() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.prune(backoff: 30), from: peer)
    rig.wait(.seconds(30))
    #expect(!rig.isInMesh(peer))
    rig.wait(.seconds(2))
    #expect(rig.isInMesh(peer))
  }

  @Test func aPruneWithoutBackoffMeansAMinute() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.prune(backoff: nil), from: peer)
    rig.wait(.seconds(60))
    #expect(!rig.isInMesh(peer))
    rig.wait(.seconds(2))
    #expect(rig.isInMesh(peer))
  }

  @Test(arguments: [UInt64.max, UInt64(Int64.max), 1 << 62, 3601])
  func anHourIsTheLongestBackoff(_ seconds: UInt64) throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.prune(backoff: seconds), from: peer)
    rig.wait(.seconds(3590))
    #expect(!rig.isInMesh(peer))
    rig.wait(.seconds(15))
    #expect(rig.isInMesh(peer))
  }

  @Test func aShorterBackoffDoesNotReplaceALonger() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.prune(backoff: 100), from: peer)
    rig.hear(.prune(backoff: 1), from: peer)
    rig.wait(.seconds(90))
    #expect(!rig.isInMesh(peer))
  }

  @Test func graftWithinBackoffIsPrunedAndHeldAgainstThePeer() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.prune(), from: peer)
    rig.clear()
    rig.wait(.seconds(20))
    rig.clear()
    rig.hear(.graft(), from: peer)
    #expect(rig.events() == [.misbehaved(peer.id, .graftInBackoff(chat, flood: false))])
    #expect(try rig.said(to: peer).control.prune.map(\.backoff) == [60])
    rig.wait(.seconds(45))  // which is after the first minute and within the extended one
    #expect(!rig.isInMesh(peer))
  }

  @Test func graftJustAfterPruneCountsTwiceAndRepeatedBringsTheGraylist() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.prune(), from: peer)
    rig.clear()
    rig.hear(.graft(), from: peer)
    #expect(rig.events() == [.misbehaved(peer.id, .graftInBackoff(chat, flood: true))])
    #expect(rig.score(peer) == 0, "the threshold forgives two")
    for _ in 1...3 { rig.hear(.graft(), from: peer) }
    #expect(rig.score(peer) < -80)
    rig.clear()
    rig.hear(.graft(), from: peer)
    #expect(rig.events().isEmpty && rig.router.counters.graylisted >= 1)
  }

  @Test func aDisconnectedPeerLeavesNothing() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.router.peerDisconnected(peer.id)
    #expect(rig.router.mesh(of: chat).isEmpty && rig.router.subscribers(of: chat).isEmpty)
    #expect(rig.events() == [.pruned(peer.id, chat, .disconnected)])
    rig.connect(peer)
    #expect(rig.isInMesh(peer), "losing a connection is no PRUNE")
  }

  @Test func aNewStreamBeginsAgain() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.router.peerConnected(peer.id, version: .gossipSub11, direction: .inbound)
    let said = try rig.said(to: peer)
    #expect(said.subscriptions.map(\.topicID) == [chat.description] && said.grafts == [chat.description])
  }

  @Test func floodingPeersAreNoMesh() throws {
    let (flooding, author) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect(flooding, .floodSub)
    rig.connect(author)
    rig.clear()
    #expect(!rig.isInMesh(flooding))
    rig.hear([author.message(1)], from: author)
    rig.heartbeat()
    let said = try rig.said(to: flooding)
    #expect(said.texts == ["hello"] && said.control == Gossipsub_ControlMessage())
  }
}
