import GossipSub
import Identity
import SansIO
import Testing
import Wire

/// Peers with whom everything is exchanged outside the mesh (gossipsub v1.1, "Explicit Peering Agreements").
@Suite struct ExplicitPeerTests {
  func rig(_ explicit: Peer, and others: [Peer] = []) throws -> Rig {
    var rig = try Rig()
    rig.router.addExplicitPeer(explicit.id)
    rig.connect([explicit] + others)
    return rig
  }

  @Test func areNeverGrafted() throws {
    let explicit = try Peer(1)
    var rig = try rig(explicit)
    rig.wait(.seconds(5))
    #expect(!rig.isInMesh(explicit))
    #expect(try rig.said(to: explicit).grafts.isEmpty)
  }

  @Test func theirGraftIsPruned() throws {
    let explicit = try Peer(1)
    var rig = try rig(explicit)
    rig.hear(.graft(), from: explicit)
    #expect(!rig.isInMesh(explicit))
    #expect(try rig.said(to: explicit).prunes == [chat.description])
    #expect(rig.score(explicit) == 0)
  }

  @Test func receiveEveryMessage() throws {
    let (explicit, author) = (try Peer(1), try Peer(2))
    var rig = try rig(explicit, and: [author])
    rig.hear([author.message(1)], from: author)
    #expect(try rig.said(to: explicit).texts == ["hello"])
    _ = try rig.publish("mine")
    #expect(try rig.said(to: explicit).texts == ["mine"])
  }

  @Test func areNotGossipedTo() throws {
    let (explicit, author) = (try Peer(1), try Peer(2))
    var rig = try rig(explicit, and: [author])
    rig.hear([author.message(1)], from: author)
    rig.wait(.seconds(3))
    #expect(try rig.said(to: explicit).told.isEmpty)
  }

  @Test func areHeardWhateverTheirScore() throws {
    let explicit = try Peer(1)
    var rig = try rig(explicit)
    rig.router.setApplicationScore(-1000, of: explicit.id)
    rig.hear([explicit.message(1)], from: explicit)
    #expect(rig.messages().count == 1)
  }

  @Test func leaveTheMeshWhenTheyBecomeExplicit() throws {
    let peer = try Peer(1)
    var rig = try Rig()
    rig.connect([peer])
    rig.router.addExplicitPeer(peer.id)
    #expect(rig.events() == [.pruned(peer.id, chat, .explicit)])
    #expect(try rig.said(to: peer).prunes == [chat.description])
  }

  @Test func areAskedForWhileTheyAreAway() throws {
    let explicit = try Peer(1)
    var rig = try Rig()
    rig.router.addExplicitPeer(explicit.id)
    #expect(rig.events() == [.connectionWanted(explicit.id)])
    rig.wait(.seconds(301))
    #expect(rig.events() == [.connectionWanted(explicit.id)])
    rig.connect([explicit])
    rig.wait(.seconds(301))
    #expect(rig.events().isEmpty)
    rig.router.removeExplicitPeer(explicit.id)
    rig.wait(.seconds(2))
    #expect(rig.isInMesh(explicit))
  }
}
