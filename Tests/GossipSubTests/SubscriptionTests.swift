import GossipSub
import Identity
import NIOCore
import SansIO
import Testing
import Wire

/// What peers subscribe to.
@Suite struct SubscriptionTests {
  @Test func changesAreReportedOnce() throws {
    let peer = try Peer(1)
    var rig = try Rig([])
    rig.connect(peer, on: [])
    rig.hear(.subscribe([chat, chat, other]), from: peer)
    #expect(rig.events() == [.subscribed(peer.id, chat), .subscribed(peer.id, other)])
    rig.hear(.subscribe([chat], false), from: peer)
    rig.hear(.subscribe([chat], false), from: peer)
    #expect(rig.events() == [.unsubscribed(peer.id, chat)])
    #expect(rig.router.subscribers(of: chat).isEmpty && rig.router.subscribers(of: other) == [peer.id])
  }

  @Test func whoUnsubscribesLeavesTheMesh() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.subscribe([chat], false), from: peer)
    #expect(rig.events() == [.pruned(peer.id, chat, .byPeer), .unsubscribed(peer.id, chat)])
  }

  @Test func aHundredTopicsOfAPeerAreRemembered() throws {
    let peer = try Peer(1)
    var rig = try Rig([])
    rig.connect(peer, on: (1...150).map { Topic("topic \($0)") })
    #expect(rig.events().count == 100 && rig.router.counters.excessSubscriptions == 50)
    rig.hear(.subscribe(["topic 1"], false), from: peer)
    rig.hear(.subscribe(["topic 101"]), from: peer)
    #expect(rig.router.subscribers(of: "topic 101") == [peer.id])
  }

  @Test func aFloodOfThemIsCut() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect(peer, on: [])
    var body = ByteBuffer()
    for _ in 0..<300_000 { body.writeBytes([0x0A, 0x00]) }
    var wire = ByteBuffer()
    LengthPrefixedFrames.encode(body, into: &wire)
    rig.router.receive(&wire, from: peer.id, at: rig.now)
    #expect(rig.events().isEmpty && rig.router.counters.excessSubscriptions == 300_000)
  }

  @Test func changingOnesMindInOneRPCIsCut() throws {
    let peer = try Peer(1)
    var rig = try Rig([])
    rig.connect(peer, on: [])
    var rpc = RPC()
    for _ in 0..<1000 {
      rpc.subscriptions += RPC.subscribe([chat]).subscriptions + RPC.subscribe([chat], false).subscriptions
    }
    rig.hear(rpc, from: peer)
    #expect(rig.events().count == 200)
  }

  @Test func namesAreTextOfSomeLength() throws {
    let peer = try Peer(1)
    var rig = try Rig([])
    rig.connect(
      peer, on: [Topic(String(repeating: "t", count: 256)), Topic(String(repeating: "t", count: 257)), ""])
    #expect(rig.events().count == 1)
    // 0x0A: a subscription of 6 bytes, to the topic FF FE.
    var wire = ByteBuffer(bytes: [0x08, 0x0A, 0x06, 0x08, 0x01, 0x12, 0x02, 0xFF, 0xFE])
    rig.router.receive(&wire, from: peer.id, at: rig.now)
    #expect(rig.events().isEmpty && rig.router.counters.excessSubscriptions == 3)
  }

  /// Composed and decomposed letters are equal as text and different on the wire.
  @Test func topicsAreComparedAsBytes() throws {
    let peer = try Peer(1)
    var rig = try Rig([])
    rig.connect(peer, on: ["caf\u{E9}", "cafe\u{301}"])
    #expect(rig.events().count == 2)
    #expect(Topic("caf\u{E9}") != Topic("cafe\u{301}"))
  }

  @Test func messagesOfOtherTopicsAreDropped() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear([peer.message(1, on: other)], from: peer)
    #expect(rig.events().isEmpty && rig.router.counters.unsubscribedTopic == 1)
  }
}
