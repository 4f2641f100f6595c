import GossipSub
import Identity
import NIOCore
import SansIO
import SwiftProtobuf
import TestKit
import Testing
import Wire

/// What is not an RPC, or only nearly one.
@Suite struct MalformedTests {
  /// One of everything a peer can say.
  func everything(by peer: Peer) -> RPC {
    var rpc = RPC.subscribe([chat, other])
    rpc.publish = [peer.message(1)]
    rpc.control.ihave = RPC.ihave([[1, 2, 3], [4]]).control.ihave
    rpc.control.iwant = RPC.iwant([[5, 6]]).control.iwant
    rpc.control.graft = RPC.graft().control.graft
    rpc.control.prune = RPC.prune(other).control.prune
    rpc.control.prune[0].peers = [
      .with {
        $0.peerID = peer.id.bytes.protobufBytes()
        $0.signedPeerRecord = [1, 2, 3].protobufBytes()
      }
    ]
    rpc.control.idontwant = RPC.idontwant([[7]]).control.idontwant
    rpc.control.extensions.partialMessages = true
    return rpc
  }

  func rig(_ peer: Peer) throws -> Rig {
    var rig = try Rig([chat, other])
    rig.router.peerConnected(peer.id, version: .gossipSub12, direction: .inbound)
    return rig
  }

  /// Hands over a body in a frame, and pulls all there is to pull.
  func hear(_ body: [UInt8], _ rig: inout Rig, from peer: Peer) {
    var wire = ByteBuffer()
    LengthPrefixedFrames.encode(ByteBuffer(bytes: body), into: &wire)
    rig.router.receive(&wire, from: peer.id, at: rig.now)
    #expect(wire.readableBytes == 0)
    rig.heartbeat()
    rig.clear()
  }

  @Test func everythingTogetherIsUnderstood() throws {
    let peer = try Peer(1)
    var rig = try rig(peer)
    rig.hear(everything(by: peer), from: peer)
    let events = rig.events()
    #expect(events.contains(.subscribed(peer.id, chat)) && events.contains(.subscribed(peer.id, other)))
    #expect(events.contains(.grafted(peer.id, chat)) && events.contains(.pruned(peer.id, other, .byPeer)))
    #expect(try rig.said(to: peer).asked == [[1, 2, 3], [4]])
  }

  @Test func everyTruncation() throws {
    let peer = try Peer(1)
    for body in everything(by: peer).encodedBytes().truncations {
      var rig = try rig(peer)
      hear(body, &rig, from: peer)
    }
  }

  @Test func everyFlippedBit() throws {
    let peer = try Peer(1)
    var rig = try rig(peer)
    let body = everything(by: peer).encodedBytes()
    // A router for all of them: what one leaves behind is the next one's to meet.
    for flipped in body.bitFlips {
      hear(flipped, &rig, from: peer)
      rig.router.inboundOpened(by: peer.id)
    }
    // Whatever is accepted is the one genuine message, anew each time it has left the seen cache: a flip
    // costs a second.
    let seconds = UInt64((rig.now - .zero) / .seconds(1))
    #expect(rig.router.counters.accepted <= 1 + seconds / 120)
  }

  @Test func randomBytes() throws {
    let peer = try Peer(1)
    var generator = SeededGenerator(seed: 7)
    var rig = try rig(peer)
    for _ in 0..<2000 {
      var wire = ByteBuffer(bytes: generator.bytes(Int.random(in: 1...200, using: &generator)))
      rig.router.receive(&wire, from: peer.id, at: rig.now)
      rig.router.inboundOpened(by: peer.id)
    }
    for _ in 0..<2000 {
      hear(generator.bytes(Int.random(in: 1...200, using: &generator)), &rig, from: peer)
      rig.router.inboundOpened(by: peer.id)
    }
  }

  @Test func cutAnywhereMeansTheSame() throws {
    let peer = try Peer(1)
    var whole = ByteBuffer()
    for sequence in UInt64(1)...3 {
      LengthPrefixedFrames.encode(RPC.with { $0.publish = [peer.message(sequence)] }, into: &whole)
    }
    for size in [1, 2, 7, 50, 151] {
      var rig = try rig(peer)
      var rest = whole
      while rest.readableBytes > 0 {
        var piece = rest.readSlice(length: min(size, rest.readableBytes)) ?? ByteBuffer()
        rig.router.receive(&piece, from: peer.id, at: rig.now)
      }
      #expect(rig.messages().map(\.sequence) == [1, 2, 3])
    }
  }

  @Test func aBrokenStreamFailsOnceAndAlone() throws {
    let (broken, sound) = (try Peer(1), try Peer(2))
    var rig = try rig(broken)
    rig.connect(sound)
    rig.clear()
    for _ in 1...3 {
      var wire = ByteBuffer(bytes: [0x02, 0x0A, 0x7F])
      rig.router.receive(&wire, from: broken.id, at: rig.now)
    }
    #expect(rig.events() == [.failed(broken.id, .malformedRPC)])
    rig.hear([broken.message(1)], from: sound)
    #expect(rig.messages().count == 1)
    rig.router.inboundOpened(by: broken.id)
    rig.hear([broken.message(2)], from: broken)
    #expect(rig.messages().count == 1)
  }

  @Test func tooLongAFrameIsRefusedAtItsLength() throws {
    let peer = try Peer(1)
    var rig = try rig(peer)
    var wire = ByteBuffer()
    Varint.encode(1024 * 1024 + 1, into: &wire)
    rig.router.receive(&wire, from: peer.id, at: rig.now)
    #expect(
      rig.events() == [.failed(peer.id, .malformedFrame(.frameTooLarge(bytes: 1_048_577, limit: 1_048_576)))])
  }

  @Test func strangersAreNotHeard() throws {
    let stranger = try Peer(5)
    var rig = try Rig()
    rig.hear([stranger.message(1)], from: stranger)
    #expect(rig.events().isEmpty && rig.router.counters.fromStrangers == 1)
  }

  /// Fields and extensions of versions to come.
  @Test func unknownFieldsArePassedOver() throws {
    let peer = try Peer(1)
    var rig = try rig(peer)
    let body =
      RPC.subscribe([chat]).encodedBytes() + [0x52, 0x02, 0x08, 0x01] + [0x79, 1, 2, 3, 4, 5, 6, 7, 8]
      + [0x7D, 1, 2, 3, 4] + [0x80, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
    hear([UInt8](body), &rig, from: peer)
    #expect(rig.router.subscribers(of: chat) == [peer.id])
  }
}
