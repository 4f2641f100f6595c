import GossipSub
import Identity
import NIOCore
import SansIO
import Testing
import Wire

/// What waits for a peer that reads slowly, or not at all.
@Suite struct QueueTests {
  @Test func aPeerIsNamedOnceUntilDrained() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    #expect(rig.router.nextPeerWithOutbound() == nil)
    _ = try rig.publish("one")
    _ = try rig.publish("two")
    #expect(rig.router.nextPeerWithOutbound() == peer.id)
    #expect(rig.router.nextPeerWithOutbound() == nil)
    var wire = ByteBuffer()
    #expect(rig.router.drainOutbound(for: peer.id, into: &wire, maxBytes: 10))
    _ = try rig.publish("three")
    #expect(rig.router.nextPeerWithOutbound() == nil, "its name is still held")
    while rig.router.drainOutbound(for: peer.id, into: &wire, maxBytes: 100) {}
    #expect(!rig.router.hasOutbound(for: peer.id))
    _ = try rig.publish("four")
    #expect(rig.router.nextPeerWithOutbound() == peer.id)
    #expect(try RPC(merging: &wire).texts == ["one", "two", "three"])
  }

  @Test func anyRoomIsUsedAndNeverExceeded() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    for _ in 1...20 { _ = try rig.publish("some text") }
    var whole = ByteBuffer()
    for room in 1...200 {
      var part = ByteBuffer()
      guard rig.router.drainOutbound(for: peer.id, into: &part, maxBytes: room) else { break }
      #expect(part.readableBytes <= room)
      whole.writeBuffer(&part)
    }
    #expect(try RPC(merging: &whole).texts.count == 20)
  }

  @Test func controlThenOwnThenOthers() throws {
    let (author, slow) = (try Peer(1), try Peer(2))
    var rig = try Rig()
    rig.connect([author, slow])
    rig.hear([author.message(1, "theirs")], from: author)
    _ = try rig.publish("ours")
    try rig.router.subscribe(other, at: rig.now)
    var wire = ByteBuffer()
    #expect(rig.router.drainOutbound(for: slow.id, into: &wire, maxBytes: 10_000))
    var frames = LengthPrefixedFrames(maxBytes: 10_000)
    frames.receive(&wire)
    var parts: [RPC] = []
    while let frame = try frames.nextFrame() { parts.append(try RPC(decoding: frame)) }
    #expect(parts.count == 3)
    #expect(parts.first?.subscriptions.map(\.topicID) == [other.description])
    #expect(parts.dropFirst().map(\.texts) == [["ours"], ["theirs"]])
  }

  @Test func theOldestForwardGoesFirst() throws {
    let (author, slow) = (try Peer(1), try Peer(2))
    var rig = try Rig { $0.queuedForwardsMax = 3 }
    rig.connect([author, slow])
    rig.hear((1...5).map { author.message($0, "\($0)") }, from: author)
    #expect(rig.router.counters.droppedForwards == 2)
    #expect(try rig.said(to: slow).texts == ["3", "4", "5"])
  }

  @Test func ownMessagesHaveTheirOwnPlace() throws {
    let (author, slow) = (try Peer(1), try Peer(2))
    var rig = try Rig { ($0.queuedForwardsMax, $0.queuedPublishesMax) = (2, 2) }
    rig.connect([author, slow])
    for number in 1...3 { _ = try rig.publish("own \(number)") }
    rig.hear((1...9).map { author.message($0, "\($0)") }, from: author)
    #expect(try rig.said(to: slow).texts == ["own 2", "own 3", "8", "9"])
    #expect(rig.router.counters.droppedPublishes == 2, "one for each of the two peers")
  }

  @Test func bytesAreBoundedToo() throws {
    let (author, slow) = (try Peer(1), try Peer(2))
    var rig = try Rig { $0.queuedBytesMax = 100_000 }
    rig.connect([author, slow])
    let text = String(repeating: "x", count: 30_000)
    rig.hear((1...10).map { author.message($0, text) }, from: author)
    #expect(try rig.said(to: slow).texts.count == 3)
  }

  @Test func aPeerThatNeverReadsHoldsLittle() throws {
    let (author, deaf) = (try Peer(1), try Peer(2))
    var rig = try Rig { $0.authorRate = nil }
    rig.connect([author, deaf])
    for round in UInt64(0)..<20 {
      rig.hear((1...50).map { author.message(round * 50 + $0) }, from: author)
      rig.hear(.ihave((1...50).map { (1_000_000 + round * 50 + $0).bytes }), from: deaf)
      rig.heartbeat()
    }
    var wire = ByteBuffer()
    while rig.router.drainOutbound(for: deaf.id, into: &wire, maxBytes: 1 << 20) {}
    #expect(wire.readableBytes < 400_000)
  }

  @Test func changesOfMindAreNotQueued() throws {
    let peer = try Peer(1)
    var rig = try Rig([])
    rig.connect([peer])
    for _ in 1...100 {
      try rig.router.subscribe(chat, at: rig.now)
      rig.router.unsubscribe(chat, at: rig.now)
    }
    let said = try rig.said(to: peer)
    #expect(said.subscriptions.map(\.subscribe) == [false])
    #expect(said.grafts.isEmpty)
  }
}
