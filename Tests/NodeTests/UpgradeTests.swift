import Chat
import CircuitRelay
import DCUtR
import Identity
import Node
import NodeKit
import SansIO
import Testing
import Wire

/// Nodes behind routers that become directly connected.
@Suite struct UpgradeTests {
  let network = NodeNetwork()

  private func home(
    _ router: NodeNetwork.Router = .drops, behind relays: [NodeNetwork.Host]
  ) -> NodeNetwork.Host {
    network.addMessenger(using: relays, behind: router)
  }

  @Test func twoHomesBecomeDirect() throws {
    let relay = network.addRelay()
    let (alice, bob) = (home(behind: [relay]), home(behind: [relay]))
    let isDirect = network.run(within: .seconds(5)) { [network] in
      _ = network
      return alice.node.summary(of: bob.peerID).path == .direct
        && bob.node.summary(of: alice.peerID).path == .direct
    }
    #expect(isDirect)
    let opened = alice.opened.filter { $0.peer == bob.peerID }
    #expect(opened.map(\.path) == [.relayed, .direct])
    #expect(alice.punches.last?.isSuccess ?? bob.punches.last?.isSuccess == true)
    // The circuit is kept for a while, then it goes, and nobody notices.
    network.run(for: .seconds(120))
    #expect(alice.node.connections.filter { $0.peer == bob.peerID }.map(\.path) == [.direct])
    #expect(relay.node.relaying?.circuits == 0)
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  /// From the circuit to the direct path: an exchange over the relay, and a simultaneous open.
  @Test func itTakesFewRoundTrips() throws {
    let relay = network.addRelay()
    let (alice, bob) = (home(behind: [relay]), home(behind: [relay]))
    var relayedAt: Instant?
    _ = network.run(within: .seconds(5)) { [network] in
      if relayedAt == nil, alice.node.summary(of: bob.peerID).path == .relayed { relayedAt = network.now }
      return alice.node.summary(of: bob.peerID).path == .direct
    }
    let start = try #require(relayedAt)
    // Of 40 ms over the relay: identify, CONNECT and its answer, SYNC; then 20 ms directly and the upgrade.
    #expect(network.now - start <= .milliseconds(200))
  }

  @Test func rejectingRoutersAreOvercomeWhenPacketsCross() throws {
    let relay = network.addRelay()
    let (alice, bob) = (home(.rejects, behind: [relay]), home(.rejects, behind: [relay]))
    network.run(for: .seconds(10))
    #expect(alice.node.summary(of: bob.peerID).path == .direct)
    #expect(bob.node.summary(of: alice.peerID).path == .direct)
  }

  @Test func chatGoesOnWhileThePathChanges() throws {
    let relay = network.addRelay()
    let (alice, bob) = (home(behind: [relay]), home(behind: [relay]))
    network.run(for: .milliseconds(900))
    var sent: [String] = []
    for number in 0..<40 {
      let text = "\(number)"
      sent.append(text)
      _ = try network.on(alice) { node, now in try node.send(text, to: .peer(bob.peerID), at: now) }
      network.run(for: .milliseconds(100))
    }
    network.run(for: .seconds(60))
    #expect(bob.texts == sent)
    #expect(alice.node.summary(of: bob.peerID).path == .direct)
  }

  @Test func whenTheDirectPathDiesTheRelayTakesOver() throws {
    let relay = network.addRelay()
    let (alice, bob) = (home(behind: [relay]), home(behind: [relay]))
    network.run(for: .seconds(60))
    #expect(alice.node.summary(of: bob.peerID).path == .direct)
    network.partition([alice], from: [bob])
    network.run(for: .seconds(20))
    #expect(alice.node.summary(of: bob.peerID).path == .relayed)
    #expect(bob.node.summary(of: alice.peerID).path == .relayed)
    _ = try network.on(alice) { node, now in try node.send("still", to: .peer(bob.peerID), at: now) }
    network.run(for: .seconds(5))
    #expect(bob.texts == ["still"])
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  /// From the listening port its packets would take the way of the answers to the other side's.
  @Test func whoIsMappedDifferentlyToEachPunchesFromAnotherPort() throws {
    let relays = (0..<2).map { index in
      network.addRelay(ip: .v4(IPv4Address(rawValue: 0x5001_0001 + UInt32(index) << 16)))
    }
    let (alice, bob) = (home(.symmetric, behind: relays), home(behind: relays))
    network.run(for: .seconds(60))
    #expect(alice.node.nat.mapping == .addressDependent)
    let towardsBob = alice.dialled.filter { $0.address == bob.address }.map(\.source)
    #expect(!towardsBob.isEmpty && Set(towardsBob) == [.freshPort])
    let towardsAlice = bob.dialled.filter { $0.address.host == alice.address.host }.map(\.source)
    #expect(towardsAlice.contains(.listenPort))
    #expect(alice.node.summary(of: bob.peerID).path == .relayed)
  }

  @Test func whoCannotBeReachedIsToldWhy() throws {
    let relay = network.addRelay()
    let (alice, bob) = (home(behind: [relay]), home(behind: [relay]))
    network.partition([alice], from: [bob])
    network.run(for: .seconds(60))
    #expect(alice.node.summary(of: bob.peerID).path == .relayed)
    let failure = alice.node.upgrade(of: bob.peerID)?.failure ?? bob.node.upgrade(of: alice.peerID)?.failure
    #expect(failure == .noPacket)
  }
}
