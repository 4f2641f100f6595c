import Chat
import CircuitRelay
import Identity
@testable import Node
import NodeKit
import SansIO
import Testing
import Wire

/// The way between two nodes changes, again and again, while they talk: whatever happens to it, every message
/// to one of them arrives, once and in order. What is said in a room is not kept for those who are cut off
/// from everybody, but it never comes twice.
@Suite struct PathTests {
  private struct World {
    let network: NodeNetwork
    let relays: [NodeNetwork.Host]
    let alice: NodeNetwork.Host
    let bob: NodeNetwork.Host
    var chance: SeededGenerator

    init(seed: UInt8, routers: [NodeNetwork.Router?] = [.drops, .drops], limit: Limit = .unlimited) {
      network = NodeNetwork(seed: seed)
      chance = SeededGenerator(seed: UInt64(seed) + 1)
      let network = network
      let relays = (0..<3).map { _ in
        network.addRelay { $0.relayService?.circuitLimit = limit }
      }
      self.relays = relays
      let people = routers.map { network.addMessenger(using: relays, behind: $0) }
      (alice, bob) = (people[0], people[1])
    }

    var isDirect: Bool {
      alice.node.summary(of: bob.peerID).path == .direct && bob.node.summary(of: alice.peerID).path == .direct
    }

    /// Something happens to the way between them.
    mutating func disturb() {
      switch chance.next() % 8 {
      case 0: network.partition([alice], from: [bob])
      case 1, 2: network.heal()
      case 3: network.breakConnections(of: relays[Int(chance.next() % 3)])
      case 4: network.breakConnections(of: chance.next() % 2 == 0 ? alice : bob)
      case 5: network.partition([alice], from: [relays[Int(chance.next() % 3)]])
      case 6:
        let host = chance.next() % 2 == 0 ? alice : bob
        guard let ip = host.address.host?.ip else { return }
        network.on(host) { $0.networkChanged(addresses: [ip], at: $1) }
      default: break
      }
    }
  }

  @Test(arguments: 0..<30) func everyMessageArrivesOnce(seed: Int) throws {
    var world = World(
      seed: UInt8(seed), routers: seed % 3 == 0 ? [.drops, nil] : [.drops, .rejects],
      limit: seed % 2 == 0 ? .unlimited : Limit(duration: .seconds(120), bytes: 128 << 10))
    let (network, alice, bob) = (world.network, world.alice, world.bob)
    network.run(for: .milliseconds(Int64(world.chance.next() % 4000)))
    var (toBob, toAlice, toAll): ([String], [String], [String]) = ([], [], [])
    for round in 0..<120 {
      if world.chance.next() % 10 == 0 { world.disturb() }
      _ = try network.on(alice) { node, now in try node.send("a\(round)", to: .peer(bob.peerID), at: now) }
      toBob.append("a\(round)")
      _ = try network.on(bob) { node, now in try node.send("b\(round)", to: .peer(alice.peerID), at: now) }
      toAlice.append("b\(round)")
      if round % 6 == 0 {
        _ = try network.on(alice) { node, now in try node.send("r\(round)", to: .room("global"), at: now) }
        toAll.append("r\(round)")
      }
      network.run(for: .milliseconds(Int64(world.chance.next() % 800)))
    }
    network.heal()
    network.run(for: .seconds(400))
    #expect(bob.texts.filter { $0.hasPrefix("a") } == toBob)
    #expect(alice.texts.filter { $0.hasPrefix("b") } == toAlice)
    let heard = bob.texts.filter { $0.hasPrefix("r") }
    #expect(Set(heard).count == heard.count && Set(heard).isSubset(of: toAll))
    // Once the ways have held for a while, nothing said in a room is missed either.
    let last = (0..<20).map { "last \($0)" }
    for text in last {
      _ = try network.on(alice) { node, now in try node.send(text, to: .room("global"), at: now) }
      network.run(for: .seconds(1))
    }
    #expect(bob.texts.filter { $0.hasPrefix("last") } == last)
    #expect(alice.node.summary(of: bob.peerID).isConnected)
    #expect(bob.node.summary(of: alice.peerID).isConnected)
    #expect(alice.online == [bob.peerID] && bob.online == [alice.peerID])
    // And nothing is left of all that was tried.
    for host in [alice, bob] {
      let node = host.node
      #expect(node.connectionOfCircuit.count == node.connections.count { $0.path == .relayed })
      #expect(node.punchOfDial.isEmpty && node.dialOfCircuit.isEmpty && node.dialBackOfDial.isEmpty)
      #expect(node.efforts.isEmpty && node.admission.handshakes == 0)
      #expect(node.admission.connections == node.entries.count)
      #expect(node.entries.count == node.connections.count)
    }
  }

  /// Who was dialled knows as soon as the one who dialled that the path is dead.
  @Test func bothEndsOfADirectPathNoticeItsDeath() throws {
    let world = World(seed: 1, routers: [.drops, nil])
    let (network, alice, bob) = (world.network, world.alice, world.bob)
    network.run(for: .seconds(40))
    #expect(world.isDirect)
    // A circuit beside it, as after an upgrade.
    network.partition([alice], from: [bob])
    _ = try network.on(bob) { node, now in try node.send("hello", to: .peer(alice.peerID), at: now) }
    _ = try network.on(alice) { node, now in try node.send("hello", to: .peer(bob.peerID), at: now) }
    let isRelayed = network.run(within: .seconds(12)) {
      alice.texts == ["hello"] && bob.texts == ["hello"]
    }
    #expect(isRelayed)
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  /// Connected before either says that it is there, as those are who were connected in an earlier run.
  @Test func whoWasConnectedFirstAndPresentThenIsReachedAgain() throws {
    let world = World(seed: 2)
    let (network, alice, bob) = (world.network, world.alice, world.bob)
    network.run(for: .milliseconds(200))
    let relay = try #require(bob.node.heldRelays.first)
    let address = try #require(world.relays.first { $0.peerID == relay }).fullAddress
    _ = try network.on(alice) { node, now in
      node.connect(to: try address.appending(.p2pCircuit).appending(bob.peerID), at: now)
    }
    network.run(for: .seconds(60))
    #expect(alice.online == [bob.peerID])
    network.breakConnections(of: alice)
    network.run(for: .seconds(30))
    #expect(alice.node.summary(of: bob.peerID).isConnected)
  }
}
