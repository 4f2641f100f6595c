import Identity
import NIOCore
import SansIO
import SwiftProtobuf
import Testing
import Wire

@testable import GossipSub

/// Whatever peers send, tables stay within their limits.
@Suite struct FloodTests {
  @Test func seenIDsAndMessages() throws {
    let author = try Peer(1)
    var rig = try Rig { configuration in
      configuration.authorRate = nil
      configuration.seenIDsMax = 100
      configuration.cachedMessagesMax = 20
    }
    rig.connect([author])
    rig.hear((1...200).map { author.message($0) }, from: author)
    #expect(rig.router.seen.count == 100 && rig.router.cache.count == 20)
    rig.wait(.seconds(6))
    #expect(rig.router.cache.count == 0 && rig.router.cache.bytes == 0)
    rig.wait(.seconds(120))
    #expect(rig.router.seen.count == 0)
  }

  @Test func cachedBytes() throws {
    let author = try Peer(1)
    var rig = try Rig { ($0.authorRate, $0.cachedBytesMax) = (nil, 50_000) }
    rig.connect([author])
    rig.hear((1...20).map { author.message($0, String(repeating: "x", count: 10_000)) }, from: author)
    #expect(rig.router.cache.bytes <= 50_000 && rig.router.cache.count == 4)
  }

  @Test func garbageLeavesNoTrace() throws {
    let (forger, author) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([forger])
    rig.router.addExplicitPeer(forger.id)  // so that it is heard to the end
    for sequence in UInt64(1)...300 {
      var forged = author.message(sequence)
      forged.data = [0].protobufBytes()
      rig.hear([forged], from: forger)
    }
    #expect(rig.router.counters.rejected == 300)
    #expect(rig.router.seen.count == 0 && rig.router.cache.count == 0 && rig.router.authors.count == 0)
    rig.hear([author.message(1)], from: forger)
    #expect(rig.router.counters.accepted == 1, "and keeps nothing true out")
  }

  @Test func authors() throws {
    let messenger = try Peer(1)
    var rig = try Rig { $0.knownAuthorsMax = 10 }
    rig.connect([messenger])
    for author in try peers(2...40) { rig.hear([author.message(1)], from: messenger) }
    #expect(rig.router.authors.count == 10 && rig.router.counters.accepted == 39)
  }

  @Test func promises() throws {
    let many = try peers(1...30)
    var rig = try Rig { $0.promisesMax = 50 }
    rig.connect(many)
    for peer in many {
      for number in UInt8(1)...10 { rig.hear(.ihave([[number, 1], [number, 2]]), from: peer) }
    }
    #expect(rig.router.promises.count == 50)
    rig.clear()
    rig.wait(.seconds(5))
    #expect(rig.router.promises.count == 0)
  }

  @Test func backoffsAndRetainedScores() throws {
    var rig = try Rig { configuration in
      configuration.backoffsMax = 10
      configuration.scores.retainedPeersMax = 10
    }
    for peer in try peers(1...50) {
      rig.connect(peer)
      rig.hear(.prune(backoff: .max), from: peer)
      var unsigned = peer.message(1)
      unsigned.clearSignature()
      rig.hear([unsigned], from: peer)
      rig.router.peerDisconnected(peer.id)
    }
    #expect(rig.router.backoffs.count == 10 && rig.router.scores.count == 10)
    rig.wait(.seconds(3602))
    #expect(rig.router.backoffs.count == 0 && rig.router.scores.count == 0)
  }

  @Test func grafts() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    var rpc = RPC.prune()
    rpc.control.graft = (1...5000).map { _ in .with { $0.topicID = chat.description } }
    rig.hear(rpc, from: peer)
    #expect(rig.events().count < 210)
    var named = RPC()
    named.control.graft = (1...5000).map { number in .with { $0.topicID = "topic \(number)" } }
    let stranger = try Peer(2)
    rig.connect([stranger])
    rig.hear(named, from: stranger)
    #expect(rig.events().isEmpty && rig.router.counters.graftsOfUnknownTopics == 200)
    #expect(try rig.said(to: stranger) == RPC())
  }

  @Test func peersThatComeAndGoLeaveNothing() throws {
    var rig = try Rig()
    for peer in try peers(1...100) {
      rig.connect(peer, on: [chat, other])
      rig.router.peerDisconnected(peer.id)
    }
    #expect(rig.router.peers.isEmpty && rig.router.subscribers.isEmpty && rig.router.scores.count == 0)
    #expect(rig.router.backoffs.count == 0 && rig.router.listed.isEmpty)
  }

  @Test func announcementsOfEveryKindAtOnce() throws {
    let many = try peers(1...10)
    var rig = try Rig()
    rig.connect(many)
    var generator = SeededGenerator(seed: 5)
    for round in 0..<50 {
      for peer in many {
        let ids = (0..<100).map { _ in generator.bytes(20) }
        rig.hear(.ihave(ids), from: peer)
        rig.hear(.iwant(ids), from: peer)
        rig.hear(.idontwant(ids), from: peer)
        rig.hear(round.isMultiple(of: 2) ? .graft() : .prune(), from: peer)
      }
      if round.isMultiple(of: 5) { rig.heartbeat() }
      _ = rig.events()
    }
    for peer in many {
      var wire = ByteBuffer()
      while rig.router.drainOutbound(for: peer.id, into: &wire, maxBytes: 1 << 20) {}
      #expect(wire.readableBytes < 5000 * 24 + 10_000)
    }
    #expect(rig.router.promises.count <= 4096 && rig.router.seen.count == 0)
  }
}
