import GossipSub
import Identity
import NIOCore
import SansIO
import Testing
import Wire

/// Our own messages: flood, mesh, fanout.
@Suite struct PublishTests {
  @Test func floodPublishReachesEverySubscriber() throws {
    let many = try peers(1...20)
    var rig = try Rig()
    rig.connect(many)
    let bystander = try Peer(30)
    rig.connect([bystander], on: [other])
    _ = try rig.publish("all")
    #expect(try rig.said(to: many).allSatisfy { $0.texts == ["all"] })
    #expect(try rig.said(to: bystander).texts.isEmpty)
  }

  @Test func itSparesPeersUnderTheThreshold() throws {
    let many = try peers(1...3)
    var rig = try Rig()
    rig.connect(many)
    rig.router.setApplicationScore(-51, of: many[0].id)
    _ = try rig.publish("all")
    #expect(try rig.said(to: many).map(\.texts.count) == [0, 1, 1])
  }

  @Test func withoutFloodTheMeshIsEnough() throws {
    let many = try peers(1...20)
    var rig = try Rig { $0.floodPublish = false }
    rig.connect(many)
    rig.heartbeat()
    rig.clear()
    _ = try rig.publish("mesh")
    let reached = many.filter { (try? rig.said(to: $0).texts) == ["mesh"] }
    #expect(reached.count == 6 && Set(rig.router.mesh(of: chat)).isSubset(of: Set(reached.map(\.id))))
  }

  @Test func withoutFloodASmallMeshGetsHelp() throws {
    let many = try peers(1...8)
    var rig = try Rig { $0.floodPublish = false }
    rig.connect(many)
    for peer in many { rig.hear(.prune(), from: peer) }
    rig.clear()
    _ = try rig.publish("help")
    #expect(try rig.said(to: many).filter { $0.texts == ["help"] }.count == 6)
  }

  @Test func withoutSubscriptionAFanoutIsKept() throws {
    let many = try peers(1...20)
    var rig = try Rig([]) { $0.floodPublish = false }
    rig.connect(many)
    _ = try rig.publish("one")
    let first = try rig.said(to: many).map { !$0.texts.isEmpty }
    rig.heartbeat()
    rig.clear()
    _ = try rig.publish("two")
    #expect(try rig.said(to: many).map { !$0.texts.isEmpty } == first)
    #expect(first.filter { $0 }.count == 6)
  }

  @Test func theFanoutBecomesTheMesh() throws {
    let many = try peers(1...20)
    var rig = try Rig([]) { $0.floodPublish = false }
    rig.connect(many)
    _ = try rig.publish("one")
    let fanout = try zip(many, rig.said(to: many)).filter { !$0.1.texts.isEmpty }.map(\.0)
    try rig.router.subscribe(chat, at: rig.now)
    #expect(Set(rig.router.mesh(of: chat)) == Set(fanout.map(\.id)))
    #expect(try rig.said(to: fanout).allSatisfy { $0.grafts == [chat.description] })
  }

  @Test func theFanoutIsForgottenAfterAMinute() throws {
    let many = try peers(1...40)
    var rig = try Rig([], seed: 3) { $0.floodPublish = false }
    rig.connect(many)
    _ = try rig.publish("one")
    let first = try rig.said(to: many).map { !$0.texts.isEmpty }
    rig.wait(.seconds(62))
    rig.clear()
    _ = try rig.publish("two")
    #expect(try rig.said(to: many).map { !$0.texts.isEmpty } != first)
  }

  @Test func publishedBeforeAnyoneCameItIsToldOf() throws {
    let (early, late) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    let id = try rig.publish("is anyone there?")
    rig.connect(early)
    #expect(try rig.said(to: early).told == [id.bytes])
    rig.hear(.iwant([id.bytes]), from: early)
    #expect(try rig.said(to: early).texts == ["is anyone there?"])
    rig.wait(.seconds(6))
    rig.connect(late)
    #expect(try rig.said(to: late).told.isEmpty)
  }

  @Test func ourOwnMessageIsNotForwardedWhenItComesBack() throws {
    let many = try peers(1...3)
    var rig = try Rig()
    rig.connect(many)
    _ = try rig.publish("echo")
    let sent = try rig.said(to: many)[0].publish
    rig.hear(sent, from: many[0])
    #expect(rig.messages().isEmpty && rig.router.counters.duplicates == 1)
    #expect(try rig.said(to: many).allSatisfy { $0.publish.isEmpty })
  }

  @Test func sixtyKiBFitIntoWhatRustAccepts() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    _ = try rig.router.publish(ByteBuffer(repeating: 1, count: 60 * 1024), to: chat, at: rig.now)
    var wire = ByteBuffer()
    #expect(rig.router.drainOutbound(for: peer.id, into: &wire, maxBytes: 1 << 20))
    #expect(wire.readableBytes < 64 * 1024)
    #expect(throws: RouterError.messageTooLarge(bytes: 61441, limit: 61440)) {
      try rig.router.publish(ByteBuffer(repeating: 1, count: 60 * 1024 + 1), to: chat, at: rig.now)
    }
  }

  @Test func topicsHaveLimits() throws {
    var rig = try Rig([])
    #expect(throws: RouterError.emptyTopicName) { try rig.publish("x", on: "") }
    #expect(throws: RouterError.topicNameTooLong(bytes: 257, limit: 256)) {
      try rig.router.subscribe(Topic(String(repeating: "t", count: 257)), at: rig.now)
    }
    for number in 1...100 { try rig.router.subscribe(Topic("topic \(number)"), at: rig.now) }
    #expect(throws: RouterError.tooManyTopics(limit: 100)) {
      try rig.router.subscribe("one more", at: rig.now)
    }
  }

  @Test func theFormOfIDsIsTheTopics() throws {
    let peer = try Peer(1)
    var rig = try Rig([chat], TopicConfiguration(messageID: .rust))
    rig.connect([peer])
    #expect(try rig.publish("x").bytes == [UInt8]("\(rig.ownID)1".utf8))
  }
}
