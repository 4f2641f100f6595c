import Chat
import Identity
import Node
import NodeKit
import SansIO
import Testing
import Wire

/// Whole nodes whose network falls in two and comes together again, in virtual time.
@Suite struct PartitionTests {
  /// Two hubs and two leaves, of which each knows both hubs.
  struct Town {
    let network: NodeNetwork
    let east, west, ana, ben: NodeNetwork.Host

    init(seed: UInt8) {
      let network = NodeNetwork(seed: seed)
      let east = network.add { $0.beMessenger() }
      let west = network.add {
        $0.beMessenger()
        $0.bootstrap = [east.fullAddress]
      }
      ana = network.add {
        $0.beMessenger()
        $0.bootstrap = [east.fullAddress, west.fullAddress]
      }
      ben = network.add {
        $0.beMessenger()
        $0.bootstrap = [west.fullAddress, east.fullAddress]
      }
      ana.isListening = false
      ben.isListening = false
      self.network = network
      self.east = east
      self.west = west
    }

    var all: [NodeNetwork.Host] { [east, west, ana, ben] }
    var isTogether: Bool { all.allSatisfy { $0.online.count == 3 } }
  }

  @Test(arguments: UInt8(0)..<30) func whatIsSaidOnceAllAreTogetherAgainReachesAll(seed: UInt8) throws {
    let town = Town(seed: seed)
    let network = town.network
    #expect(network.run(within: .seconds(20)) { town.isTogether })
    network.run(for: .seconds(3 + Int64(seed % 15)))
    network.partition([town.east, town.ana], from: [town.west, town.ben])
    network.run(for: .seconds(80))
    network.heal()
    #expect(network.run(within: .seconds(90)) { town.isTogether })
    try network.on(town.ana) { node, now throws(ChatError) in
      _ = try node.send("can you hear us again?", to: .global, at: now)
    }
    network.run(for: .seconds(5))
    for host in [town.east, town.west, town.ben] {
      #expect(host.received.map(\.text) == ["can you hear us again?"], "host \(host.index)")
    }
  }

  /// The hub cannot know for some 50 s that the old connection is dead.
  @Test(arguments: UInt8(0)..<10) func whoMovedIsReachedOnItsNewConnection(seed: UInt8) throws {
    let network = NodeNetwork(seed: seed)
    let hub = network.add { $0.beMessenger() }
    let ana = network.add {
      $0.beMessenger()
      $0.bootstrap = [hub.fullAddress]
    }
    network.run(for: .seconds(5))
    network.uproot(ana)
    #expect(network.run(within: .seconds(5)) { ana.opened.count == 2 })
    network.run(for: .seconds(1))
    #expect(hub.node.connections.count == 2)
    for (sender, receiver) in [(hub, ana), (ana, hub)] {
      try network.on(sender) { node, now throws(ChatError) in
        _ = try node.send("where are you now?", to: .global, at: now)
      }
      network.run(for: .seconds(2))
      #expect(receiver.received.map(\.text) == ["where are you now?"])
    }
    network.run(for: .seconds(120))
    #expect(hub.node.connections.count == 1 && ana.node.connections.count == 1)
    #expect(hub.wasOfflineNever && ana.wasOfflineNever)
  }
}
