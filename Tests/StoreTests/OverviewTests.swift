import Chat
import Identity
import Testing
import Wire

@testable import Store

/// What a node starts with and what a list of conversations shows, on a file and in memory alike.
@Suite("Overview") struct OverviewTests {
  @Test(arguments: Place.allCases)
  func theOutboxIsWhatWaits(place: Place) {
    let desk = Desk(place)
    desk.insert(
      message(1, .queued), message(2, .sent), message(3, .delivered), message(4, .failed(reason: "")),
      message(5, in: .peer(bob), .sent), message(6, in: .peer(bob), .queued),
      message(7, in: .peer(bob), .delivered), message(8, in: .global, .queued), message(9))
    #expect(desk.store.load().outbox.numbers == [1, 5, 6, 8])
    desk.apply(.state(key(1, by: me), .sent), .state(key(5, by: me), .delivered))
    #expect(desk.store.load().outbox.numbers == [6, 8])
  }

  @Test(arguments: Place.allCases)
  func unreadAreTheMessagesOfOthersAfterTheReadPosition(place: Place) {
    let desk = Desk(place)
    var unread: Int? { desk.store.conversations().first?.unreadCount }
    desk.insert(1...5)
    desk.insert(message(6, .queued), message(5))
    #expect(unread == 5)
    desk.apply(.read(tea, upTo: key(3)))
    #expect(unread == 2)
    desk.apply(.read(tea, upTo: key(2)))
    #expect(unread == 2, "reading does not go back")
    desk.apply(.read(tea, upTo: key(99)), .read(.peer(ann), upTo: key(5)))
    #expect(unread == 2)
    desk.apply(.read(tea, upTo: key(6, by: me)))
    #expect(unread == 0)
    desk.insert(message(7))
    #expect(unread == 1)
  }

  @Test(arguments: Place.allCases)
  func aPositionElsewhereIsNoPosition(place: Place) {
    let desk = Desk(place)
    desk.insert(message(1), message(2, in: .peer(ann)))
    desk.apply(.read(tea, upTo: key(2)))
    #expect(desk.store.conversations().map(\.unreadCount) == [1, 1])
  }

  @Test(arguments: Place.allCases)
  func theNewestConversationComesFirst(place: Place) {
    let desk = Desk(place)
    desk.apply(.room("empty", isJoined: true))
    desk.insert(message(1), message(2, in: .peer(ann)), message(3, in: .global))
    desk.insert(message(4))
    desk.apply(.read(tea, upTo: key(1)))
    let states = desk.store.conversations()
    #expect(states.map(\.conversation) == [tea, .global, .peer(ann), .room("empty")])
    #expect(
      states.first
        == ConversationState(
          conversation: tea, unreadCount: 1, lastMessage: message(4), readUpTo: key(1)))
    #expect(
      states.last
        == ConversationState(
          conversation: .room("empty"), unreadCount: 0, lastMessage: nil, readUpTo: nil))
  }

  @Test(arguments: Place.allCases)
  func theHighestSequenceOfAnAuthorCounts(place: Place) {
    let desk = Desk(place) { $0.authors = 3 }
    var heard: [[UInt64]] { desk.store.load().authors.map { [UInt64($0.peer.bytes[6]), $0.sequence] } }
    desk.apply(.author(ann, sequence: 7), .author(bob, sequence: .max), .author(ann, sequence: 3))
    #expect(heard == [[1, 7], [2, .max]])
    desk.apply(.author(ann, sequence: 1 << 63), .author(bob, sequence: 1))
    #expect(heard == [[2, .max], [1, 1 << 63]])
    desk.apply(.author(peer(3), sequence: 0), .author(peer(4), sequence: 4))
    #expect(heard == [[1, 1 << 63], [3, 0], [4, 4]])
  }

  @Test(arguments: Place.allCases)
  func peersSeenLastComeFirst(place: Place) throws {
    let desk = Desk(place) {
      $0.peers = 3
      $0.addresses = 2
    }
    func address(_ port: Int) throws -> Multiaddr { try Multiaddr("/ip4/192.0.2.1/tcp/\(port)") }
    var met: [(PeerID, [Multiaddr])] { desk.store.load().peers.map { ($0.peer, $0.addresses) } }
    desk.apply(
      .peer(ann, addresses: [try address(1), try address(2), try address(3)], seenMs: 10),
      .peer(bob, addresses: [], seenMs: 20))
    #expect(met.map(\.0) == [bob, ann])
    #expect(met.last?.1 == [try address(1), try address(2)])
    desk.apply(.peer(ann, addresses: [try address(4)], seenMs: 30), .peer(bob, addresses: [], seenMs: 5))
    #expect(met.map(\.0) == [ann, bob])
    #expect(met.first?.1 == [try address(4)])
    desk.apply(
      .peer(peer(3), addresses: [], seenMs: 40), .peer(peer(4), addresses: [], seenMs: .max),
      .peer(peer(5), addresses: [], seenMs: .min))
    #expect(met.map(\.0) == [peer(4), peer(3), ann])
  }

  @Test(arguments: Place.allCases)
  func joinedRoomsWithoutGlobal(place: Place) {
    let desk = Desk(place)
    desk.apply(.room("tea", isJoined: true), .room("global", isJoined: true), .room("chess", isJoined: true))
    desk.insert(message(1, in: .room("heard of")))
    #expect(desk.store.load().rooms == ["tea", "chess"])
    desk.apply(.room("tea", isJoined: false))
    #expect(desk.store.load().rooms == ["chess"])
    desk.apply(.room("tea", isJoined: true))
    #expect(desk.store.load().rooms == ["tea", "chess"])
  }

  @Test(arguments: Place.allCases)
  func ourHighestSequenceInEachConversation(place: Place) {
    let desk = Desk(place)
    desk.insert(
      message(1, sequence: 900), message(2, sequence: 3, .queued), message(3, sequence: 2, .queued),
      message(4, in: .global, sequence: .max, .sent), message(5, in: .global, sequence: 1 << 63, .sent),
      message(6, in: .peer(bob), sequence: 1, .delivered))
    #expect(desk.store.load().sequences == [tea: 3, .global: .max, .peer(bob): 1])
  }

  @Test func allOfItIsThereAfterARestart() throws {
    let desk = Desk()
    desk.insert(1...3)
    desk.insert(message(4, in: .peer(bob), .queued))
    desk.apply(
      .read(tea, upTo: key(2)), .author(ann, sequence: 3), .room("tea", isJoined: true),
      .peer(bob, addresses: [try Multiaddr("/ip4/192.0.2.1/tcp/1")], seenMs: 3))
    let conversations = desk.store.conversations()
    desk.restart()
    #expect(desk.store.conversations() == conversations)
    let snapshot = desk.store.load()
    #expect(snapshot.outbox == [message(4, in: .peer(bob), .queued)])
    #expect(snapshot.authors.map(\.sequence) == [3])
    #expect(snapshot.rooms == ["tea"])
    #expect(snapshot.sequences == [.peer(bob): 4])
    #expect(snapshot.peers.map(\.peer) == [bob])
    #expect(desk.problems == [])
  }
}
