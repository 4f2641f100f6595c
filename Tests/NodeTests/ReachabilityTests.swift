import AutoNAT
import Chat
import CircuitRelay
import Identity
import Node
import NodeKit
import SansIO
import Testing
import Wire

/// Nodes that find out what stands before them.
@Suite struct ReachabilityTests {
  let network = NodeNetwork()

  /// In networks of their own.
  private func relays(_ count: Int) -> [NodeNetwork.Host] {
    (0..<count).map { index in
      let ip = IPAddress.v4(IPv4Address(rawValue: 0x5001_0001 + UInt32(index) << 16))
      return network.addRelay(ip: ip) { $0.servesReachability = true }
    }
  }

  private func messenger(_ relays: [NodeNetwork.Host], behind router: NodeNetwork.Router? = nil)
    -> NodeNetwork.Host
  {
    network.addMessenger(using: relays, behind: router) { $0.relayClient?.relaysDesired = relays.count }
  }

  @Test func whoCanBeDialledIsPublic() throws {
    let alice = messenger(relays(3))
    network.run(for: .seconds(60))
    let (reachability, addresses) = alice.node.reachability
    #expect(reachability == .public)
    #expect(addresses == [alice.address])
    #expect(alice.node.nat == NATDiagnosis(mapping: .none, filtering: .open))
    // And can tell others.
    #expect(alice.node.protocols.contains(.autoNATDialRequest))
  }

  @Test func whoIsBehindARouterIsPrivate() throws {
    let alice = messenger(relays(3), behind: .drops)
    network.run(for: .seconds(180))
    let (reachability, addresses) = alice.node.reachability
    #expect(reachability == .private)
    #expect(addresses.isEmpty)
    #expect(alice.node.nat.filtering == .endpointDependent)
  }

  /// The connection that a server makes to show that we are reached serves nothing else, and takes nothing
  /// over.
  @Test func gossipStaysWhereItWas() throws {
    let relays = relays(2)
    let (alice, bob) = (messenger(relays), messenger(relays))
    network.run(for: .seconds(90))
    #expect(alice.node.reachability.0 == .public)
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
    for relay in relays {
      #expect(alice.node.connections.count { $0.peer == relay.peerID } == 1)
    }
    _ = try network.on(alice) { node, now in try node.send("hello", to: .room("global"), at: now) }
    network.run(for: .seconds(2))
    #expect(bob.texts == ["hello"])
  }

  @Test func oneObserverIsNotBelieved() throws {
    let alice = messenger(relays(1), behind: .drops)
    network.run(for: .seconds(30))
    #expect(alice.node.observedAddresses.isEmpty)
  }
}

/// A node that moves.
@Suite struct MovingTests {
  let network = NodeNetwork()

  @Test func fromAnAddressThatIsGoneNothingIsExpected() throws {
    let (alice, bob) = (network.add(), network.add())
    _ = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(1))
    let own = try #require(alice.address.host?.ip)
    network.on(alice) { $0.networkChanged(addresses: [own], at: $1) }
    #expect(alice.node.connections.count == 1)
    network.on(alice) { $0.networkChanged(addresses: [], at: $1) }
    #expect(alice.node.connections.isEmpty)
    #expect(alice.closedReasons == ["this machine no longer has the address \(own)"])
  }

  @Test func aReservationIsMadeFromTheNewAddress() throws {
    let relay = network.add { $0.relayService = ServiceConfiguration() }
    let alice = network.add {
      $0.beMessenger()
      $0.relays = [relay.fullAddress]
    }
    network.run(for: .seconds(2))
    #expect(alice.node.heldRelays == [relay.peerID])
    let moved = Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x5600_0001)), port: 4001)
    let ip = try #require(moved.host?.ip)
    alice.address = moved
    network.on(alice) { $0.networkChanged(addresses: [ip], at: $1) }
    network.run(for: .seconds(3))
    #expect(alice.node.heldRelays == [relay.peerID])
    #expect(alice.node.connections.count == 1)
  }

  /// The relay does not know that the old connection is dead, and keeps the new one.
  @Test func whoMovesIsNotTurnedAwayForItsOwnDeadConnection() throws {
    let relays = [network.addRelay(), network.addRelay()]
    let (alice, bob) = (
      network.addMessenger(using: relays, behind: .drops), network.addMessenger(using: relays, behind: .drops)
    )
    network.run(for: .seconds(5))
    network.vanish(bob)
    let ip = try #require(Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x5600_0001)), port: 4001).host?.ip)
    network.on(bob) { $0.networkChanged(addresses: [ip], at: $1) }
    _ = try network.on(alice) { node, now in try node.send("for you", to: .peer(bob.peerID), at: now) }
    _ = try network.on(alice) { node, now in try node.send("for all", to: .room("global"), at: now) }
    network.run(for: .seconds(3))
    #expect(Set(bob.texts) == ["for you", "for all"])
    for _ in 0..<20 {
      network.run(for: .seconds(3))
      #expect(Set(bob.node.heldRelays) == Set(relays.map(\.peerID)))
    }
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }
}
