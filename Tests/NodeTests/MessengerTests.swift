import GossipSub
import Identity
import Node
import NodeKit
import Presence
import SansIO
import Testing
import Wire

/// Whole nodes that are present to each other, in virtual time.
@Suite struct MessengerTests {
  let network = NodeNetwork()

  @discardableResult
  private func messenger(_ configure: (inout Node.Configuration) -> Void = { _ in }) -> NodeNetwork.Host {
    network.add {
      $0.beMessenger()
      configure(&$0)
    }
  }

  private func connect(_ host: NodeNetwork.Host, _ other: NodeNetwork.Host) {
    _ = network.on(host) { node, now in node.connect(to: other.fullAddress, at: now) }
  }

  private func star(of count: Int) -> (hub: NodeNetwork.Host, leaves: [NodeNetwork.Host]) {
    let hub = messenger()
    let leaves = (1..<count).map { _ in messenger() }
    for leaf in leaves { connect(leaf, hub) }
    return (hub, leaves)
  }

  @Test func twoNodesThatConnectAreOnlineToEachOtherWithinASecond() {
    let (alice, bob) = (messenger(), messenger())
    connect(alice, bob)
    network.run(for: .seconds(1))
    #expect(alice.online == [bob.peerID])
    #expect(bob.online == [alice.peerID])
  }

  @Test func peersThatDoNotGossipAreNeverPresent() {
    let (alice, relay) = (messenger(), network.add())
    connect(alice, relay)
    network.run(for: .seconds(120))
    #expect(alice.online.isEmpty)
    #expect(alice.announcements.isEmpty)
    #expect(relay.events.allSatisfy { if case .announced = $0 { false } else { true } })
  }

  @Test func thoseBehindAThirdAreKnownThroughIt() {
    let (hub, leaves) = star(of: 3)
    network.run(for: .seconds(2))
    #expect(leaves[0].online == [hub.peerID, leaves[1].peerID].sorted())
    #expect(leaves[1].online == [hub.peerID, leaves[0].peerID].sorted())
  }

  @Test func aNewcomerKnowsNineteenOthersOneSecondAfterItsPresence() {
    let (hub, leaves) = star(of: 19)
    network.run(for: .seconds(20))
    let newcomer = messenger()
    connect(newcomer, hub)
    _ = network.run(within: .seconds(5)) { !newcomer.announcements.isEmpty }
    network.run(for: .seconds(1))
    #expect(newcomer.online.count == 19)
    #expect(leaves.allSatisfy { $0.online.contains(newcomer.peerID) })
  }

  @Test func thoseBeyondAFullMeshHearEverybody() {
    let hub = messenger {
      $0.gossip?.meshPeersHigh = 12
      $0.gossip?.gossipPeers = 1
    }
    let leaves = (1..<18).map { _ in messenger() }
    for leaf in leaves { connect(leaf, hub) }
    network.run(for: .seconds(20))
    for leaf in leaves { #expect(leaf.online.count == 17) }
    network.run(for: .seconds(70))
    for leaf in leaves { #expect(leaf.wasOfflineNever) }
  }

  @Test func aCrashIsNoticedAfterFortyFiveToSixtySecondsOfSilence() {
    let (alice, bob) = (messenger(), messenger())
    connect(alice, bob)
    network.run(for: .seconds(20))
    network.freeze(bob)
    network.run(for: .seconds(60))
    #expect(alice.online.isEmpty)
    let silences = alice.reaped.map(\.silence)
    #expect(silences.count == 1)
    #expect(silences.allSatisfy { (.seconds(45) ... .seconds(60)).contains($0) })
  }

  @Test func whoLeavesSaysSo() {
    let (alice, bob) = (messenger(), messenger())
    connect(alice, bob)
    network.run(for: .seconds(5))
    network.on(bob) { node, now in node.shutdown(at: now) }
    network.run(for: .seconds(1))
    #expect(bob.hasStopped)
    #expect(alice.online.isEmpty)
    #expect(alice.departed == [bob.peerID])
  }

  /// A beat that falls into the moment between the word and the end.
  @Test func whoHasSaidThatItLeavesSaysNothingMore() throws {
    func beats(until end: Duration) -> (network: NodeNetwork, hosts: [NodeNetwork.Host]) {
      let network = NodeNetwork()
      let hosts = (0..<2).map { _ in network.add { $0.beMessenger() } }
      _ = network.on(hosts[1]) { node, now in node.connect(to: hosts[0].fullAddress, at: now) }
      network.run(for: end)
      return (network, hosts)
    }
    let (rehearsal, twins) = beats(until: .seconds(5))
    let before = twins[1].announcements.count
    #expect(rehearsal.run(within: .seconds(20)) { twins[1].announcements.count > before })
    let (network, hosts) = beats(until: (rehearsal.now - Instant.zero) - .milliseconds(50))
    network.on(hosts[1]) { node, now in node.shutdown(at: now) }
    network.run(for: .seconds(1))
    #expect(hosts[1].hasStopped && hosts[1].announcements.count == before)
    #expect(hosts[0].online.isEmpty && hosts[0].departed == [hosts[1].peerID])
  }

  @Test func aConnectionThatClosesAndComesBackIsNoAbsence() {
    let alice = messenger()
    let bob = messenger { $0.bootstrap = [alice.fullAddress] }
    network.run(for: .seconds(5))
    for _ in 0..<5 {
      network.breakConnections(of: bob)
      network.run(for: .seconds(20))
    }
    #expect(alice.online == [bob.peerID] && bob.online == [alice.peerID])
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  @Test func bothMayDialAtOnceAndGossipMovesToTheConnectionThatStays() {
    let (alice, bob) = (messenger(), messenger())
    connect(alice, bob)
    connect(bob, alice)
    network.run(for: .seconds(200))
    #expect(alice.node.connections.count == 1)
    #expect(bob.node.connections.count == 1)
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
    #expect(alice.online == [bob.peerID] && bob.online == [alice.peerID])
  }

  @Test func nobodyIsReapedWhileOnlyItsRouteChanges() {
    let (hub, leaves) = star(of: 5)
    network.run(for: .seconds(10))
    let other = messenger()
    for leaf in leaves { connect(leaf, other) }
    network.run(for: .seconds(5))
    network.breakConnections(of: hub)
    network.freeze(hub)
    network.run(for: .seconds(100))
    let others = Set(leaves.map(\.peerID) + [other.peerID])
    for leaf in leaves { #expect(Set(leaf.online) == others.subtracting([leaf.peerID])) }
    for leaf in leaves { #expect(leaf.reaped.map(\.peer) == [hub.peerID]) }
  }

  @Test func announcementsKeepTheirRhythm() {
    let (alice, bob) = (messenger(), messenger())
    connect(alice, bob)
    network.run(for: .seconds(100))
    #expect(alice.announcements.first == .presence)
    #expect(alice.announcements.count { $0 == .presence } == 1)
    #expect((5...7).contains(alice.announcements.count { $0 == .refresh }))
  }

  @Test func refreshOnRequestIsSaidAtOnce() {
    let (alice, bob) = (messenger(), messenger())
    connect(alice, bob)
    network.run(for: .seconds(2))
    let before = alice.announcements.count
    network.on(alice) { node, now in node.refreshPresence(at: now) }
    #expect(alice.announcements.count == before + 1)
    #expect(alice.announcements.last == .refresh)
  }
}
