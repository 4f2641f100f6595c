import GossipSub
import Identity
import NIOCore
import SansIO
import Testing
import Wire

/// IHAVE, IWANT and IDONTWANT.
@Suite struct GossipTests {
  /// A mesh of `members`, and `others` who are subscribed only.
  func rig(
    members: [Peer], others: [Peer], _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> Rig {
    var rig = try Rig([chat], TopicConfiguration(), change)
    rig.connect(others)
    for peer in others { rig.hear(.prune(backoff: 3600), from: peer) }
    for peer in members {
      rig.connect(peer)
      rig.hear(.graft(), from: peer)
    }
    rig.heartbeat()
    rig.clear()
    return rig
  }

  // MARK: Telling

  @Test func peersOutsideTheMeshAreToldForThreeHeartbeats() throws {
    let (members, others) = (try peers(1...5), try peers(10...12))
    var rig = try rig(members: members, others: others)
    rig.hear([members[0].message(1)], from: members[0])
    for _ in 1...3 {
      rig.heartbeat()
      #expect(try rig.said(to: others).allSatisfy { $0.told == [members[0].messageID(1)] })
      #expect(try rig.said(to: members).allSatisfy { $0.told.isEmpty })
    }
    rig.heartbeat()
    #expect(try rig.said(to: others).allSatisfy { $0.told.isEmpty })
  }

  @Test func aShareOfManyIsTold() throws {
    let (members, others) = (try peers(1...5), try peers(10...49))
    var rig = try rig(members: members, others: others)
    rig.hear([members[0].message(1)], from: members[0])
    rig.heartbeat()
    #expect(try rig.said(to: others).filter { !$0.told.isEmpty }.count == 10)
  }

  @Test func lowScoresAreNotTold() throws {
    let (members, others) = (try peers(1...5), try peers(10...11))
    var rig = try rig(members: members, others: others)
    rig.router.setApplicationScore(-11, of: others[0].id)
    rig.hear([members[0].message(1)], from: members[0])
    rig.heartbeat()
    #expect(try rig.said(to: others).map { $0.told.count } == [0, 1])
  }

  @Test func aNewcomerIsToldOfWhatWasJustSaid() throws {
    let (author, newcomer) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([author])
    rig.hear([author.message(1)], from: author)
    rig.wait(.seconds(1))
    rig.connect(newcomer)
    #expect(try rig.said(to: newcomer).told == [author.messageID(1)])
    rig.hear(.iwant([author.messageID(1)]), from: newcomer)
    #expect(try rig.said(to: newcomer).texts == ["hello"])
  }

  @Test func longListsAreCutIntoRPCsThatRustTakes() throws {
    let (author, newcomer) = (try Peer(1), try Peer(2))
    var rig = try Rig([chat]) { $0.authorRate = nil }
    rig.connect([author])
    for sequence in UInt64(1)...1000 { rig.hear([author.message(sequence)], from: author) }
    rig.connect(newcomer)
    var wire = ByteBuffer()
    #expect(rig.router.drainOutbound(for: newcomer.id, into: &wire, maxBytes: 1 << 20))
    var frames = LengthPrefixedFrames(maxBytes: 16 * 1024)
    frames.receive(&wire)
    var told: [[UInt8]] = []
    while let frame = try frames.nextFrame() { told += try RPC(decoding: frame).told }
    #expect(told == (1...1000).reversed().map { author.messageID($0) })
  }

  // MARK: Being told

  @Test func unseenMessagesAreAskedFor() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear([peer.message(1)], from: peer)
    rig.hear(.ihave([peer.messageID(1), peer.messageID(2)]), from: peer)
    #expect(try rig.said(to: peer).asked == [peer.messageID(2)])
  }

  /// Peers of the other kind announce under names of their own what we have under ours.
  @Test func theOtherFormOfAnIDCountsAsSeen() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear([peer.message(7)], from: peer)
    rig.hear(.ihave([[UInt8]("\(peer.id)7".utf8)]), from: peer)
    #expect(try rig.said(to: peer).asked.isEmpty)
  }

  @Test func announcementsOfOtherTopicsAreIgnored() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.ihave([[1]], on: other), from: peer)
    #expect(try rig.said(to: peer).asked.isEmpty)
  }

  @Test func lowScoresAreNotListenedTo() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear([peer.message(1)], from: peer)
    rig.router.setApplicationScore(-12, of: peer.id)
    rig.hear(.ihave([[1]]), from: peer)
    rig.hear(.iwant([peer.messageID(1)]), from: peer)
    let said = try rig.said(to: peer)
    #expect(said.asked.isEmpty && said.publish.isEmpty && rig.router.counters.unheardGossip == 2)
  }

  @Test func tenAnnouncementsAHeartbeatAreHeard() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    for number in UInt8(1)...15 { rig.hear(.ihave([[number]]), from: peer) }
    #expect(try rig.said(to: peer).asked.count == 10)
    #expect(rig.router.counters.excessAnnouncements == 5)
    rig.heartbeat()
    rig.hear(.ihave([[99]]), from: peer)
    #expect(try rig.said(to: peer).asked == [[99]])
  }

  @Test func fiveThousandIDsAHeartbeatAreAskedFor() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    for part in UInt32(0)..<3 {
      rig.hear(.ihave((0..<2500).map { UInt64(part * 2500 + $0).bytes }), from: peer)
    }
    #expect(try rig.said(to: peer).asked.count == 5000)
  }

  @Test func emptyAndOverlongIDsAreNoIDs() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.ihave([[], [UInt8](repeating: 1, count: 257), [2]]), from: peer)
    #expect(try rig.said(to: peer).asked == [[2]])
    #expect(rig.router.counters.oversizedIDs == 2)
  }

  // MARK: Promises

  @Test func aBrokenPromiseIsHeldAgainstThePeer() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.ihave([[1], [2]]), from: peer)
    #expect(try rig.said(to: peer).asked.count == 2)
    rig.clear()
    rig.wait(.seconds(3))
    #expect(rig.events().isEmpty)
    rig.wait(.seconds(1))
    #expect(rig.events() == [.misbehaved(peer.id, .brokenPromises(1))])
  }

  @Test func aPromiseIsKeptByWhoeverSends() throws {
    let (peer, faster) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([peer, faster])
    rig.hear(.ihave([faster.messageID(1)]), from: peer)
    rig.clear()
    rig.hear([faster.message(1)], from: faster)
    rig.clear()
    rig.wait(.seconds(5))
    #expect(rig.events().isEmpty)
  }

  @Test func garbageUnderAPromisedNameDoesNotKeepIt() throws {
    let (peer, author) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.ihave([author.messageID(1)]), from: peer)
    var forged = author.message(1)
    forged.data = [0].protobufBytes()
    rig.hear([forged], from: peer)
    rig.clear()
    rig.wait(.seconds(5))
    #expect(rig.events().contains(.misbehaved(peer.id, .brokenPromises(1))))
  }

  @Test func aPeerThatOurAskingDidNotReachOwesNothing() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.hear(.ihave([[1]]), from: peer)
    rig.wait(.seconds(5))
    #expect(!rig.events().contains(.misbehaved(peer.id, .brokenPromises(1))))
  }

  // MARK: Being asked

  @Test func aMessageIsSentThreeTimesForAsking() throws {
    let (peer, author) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([author, peer])
    rig.hear([author.message(1)], from: author)
    rig.clear()
    var answers = 0
    for _ in 1...10 {
      rig.hear(.iwant([author.messageID(1)]), from: peer)
      answers += try rig.said(to: peer).publish.count
    }
    #expect(answers == 3 && rig.router.counters.excessRequests == 7)
  }

  @Test func whatIsNoLongerKeptIsNotSent() throws {
    let (peer, author) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([author, peer])
    rig.hear([author.message(1)], from: author)
    rig.wait(.seconds(6))
    rig.clear()
    rig.hear(.iwant([author.messageID(1), [1, 2, 3]]), from: peer)
    #expect(try rig.said(to: peer) == RPC())
  }

  // MARK: IDONTWANT

  @Test func longMessagesAreNotWantedTwice() throws {
    let (author, knows, old) = (try Peer(1), try Peer(2), try Peer(3))
    var rig = try Rig()
    rig.connect([author, knows])
    rig.connect(old, .gossipSub11)
    rig.clear()
    rig.hear([author.message(1, String(repeating: "x", count: 1000))], from: author)
    #expect(try rig.said(to: knows).unwanted == [author.messageID(1)])
    #expect(try rig.said(to: old).unwanted.isEmpty)
    #expect(try rig.said(to: author).unwanted.isEmpty)
    rig.hear([author.message(2, "short")], from: author)
    #expect(try rig.said(to: knows).unwanted.isEmpty)
  }

  /// Or whoever forges a message could keep us from ever receiving the true one.
  @Test func aForgedLongMessageIsNoReason() throws {
    let (author, forger, member) = (try Peer(1), try Peer(2), try Peer(3))
    var rig = try Rig()
    rig.connect([author, forger, member])
    var forged = author.message(1, String(repeating: "x", count: 1000))
    forged.data = [UInt8](repeating: 0x79, count: 1000).protobufBytes()
    rig.hear([forged], from: forger)
    #expect(try rig.said(to: member).unwanted.isEmpty)
    rig.hear([author.message(1, String(repeating: "x", count: 1000))], from: author)
    #expect(rig.messages().count == 1)
  }

  @Test func whatAPeerDoesNotWantIsNotForwarded() throws {
    let (author, member) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([author, member])
    rig.hear(.idontwant([author.messageID(1)]), from: member)
    rig.hear([author.message(1), author.message(2, "second")], from: author)
    #expect(try rig.said(to: member).texts == ["second"])
    #expect(rig.router.counters.unwanted == 1)
  }

  /// A neighbour that sends a message has it, whoever sent it first.
  @Test func whatAPeerSendsMeanwhileIsNotSentToIt() throws {
    let (author, member, other) = (try Peer(1), try Peer(2), try Peer(3))
    var rig = try Rig()
    rig.connect([author, member, other])
    rig.hear([author.message(1), author.message(2, "second")], from: author)
    rig.hear([author.message(1)], from: member)
    #expect(try rig.said(to: member).texts == ["second"])
    #expect(try rig.said(to: other).texts.count == 2)
  }

  @Test func itIsTakenOutOfTheQueueAsWell() throws {
    let (author, member) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([author, member])
    rig.hear([author.message(1), author.message(2, "second")], from: author)
    rig.hear(.idontwant([author.messageID(1)]), from: member)
    #expect(try rig.said(to: member).texts == ["second"])
  }

  @Test func itIsForgottenAfterThreeHeartbeats() throws {
    let (author, member) = (try Peer(1), try Peer(2))
    for (heartbeats, texts) in [(2, []), (3, ["hello"])] {
      var rig = try Rig()
      rig.connect([author, member])
      rig.hear(.idontwant([author.messageID(1)]), from: member)
      for _ in 1...heartbeats { rig.heartbeat() }
      rig.clear()
      rig.hear([author.message(1)], from: author)
      #expect(try rig.said(to: member).texts == texts)
    }
  }

  @Test func floodsOfItAreCut() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    for part in 0..<20 { rig.hear(.idontwant((0..<1000).map { UInt64(part * 1000 + $0).bytes }), from: peer) }
    #expect(rig.router.counters.excessDontWants >= 18)
  }
}
