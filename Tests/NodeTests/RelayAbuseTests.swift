import Chat
import CircuitRelay
import DCUtR
import Identity
import NodeKit
@testable import Node
import SansIO
import Testing
import Wire

/// Relays, and peers behind them, that do what they should not.
@Suite struct RelayAbuseTests {
  let network = NodeNetwork()

  private func relay(_ configure: (inout Node.Configuration) -> Void = { _ in }) -> NodeNetwork.Host {
    network.addRelay(configure)
  }

  private func messenger(
    behind relays: [NodeNetwork.Host], _ configure: (inout Node.Configuration) -> Void = { _ in }
  ) -> NodeNetwork.Host {
    network.addMessenger(using: relays, isListening: false, configure)
  }

  /// Reaches others through relays and is itself nowhere to be found.
  private func stranger(_ configure: (inout Node.Configuration) -> Void = { _ in }) -> NodeNetwork.Host {
    let host = network.add {
      $0.relayClient = ClientConfiguration()
      configure(&$0)
    }
    host.isListening = false
    return host
  }

  private func circuit(through relay: NodeNetwork.Host, to host: NodeNetwork.Host) throws -> Multiaddr {
    try relay.fullAddress.appending(.p2pCircuit).appending(host.peerID)
  }

  @Test func circuitsThatComeToNothingLeaveNothing() throws {
    let relay = relay()
    let (alice, mallory) = (messenger(behind: [relay]), stranger())
    network.run(for: .seconds(2))
    for _ in 0..<5 {
      _ = try network.on(mallory) { node, now in
        node.connect(to: try circuit(through: relay, to: alice), at: now)
      }
      let begins = network.run(within: .seconds(5)) { alice.node.entries.values.contains(where: \.isRelayed) }
      #expect(begins)
      network.breakConnections(of: mallory)
      network.run(for: .seconds(30))
    }
    #expect(alice.node.connections.map(\.peer) == [relay.peerID])
    #expect(alice.node.connectionOfCircuit.isEmpty)
    #expect(alice.node.admission.connections == 1 && alice.node.admission.handshakes == 0)
  }

  @Test func strangersBehindARelayDoNotTakeAllHandshakes() throws {
    let relay = relay()
    let alice = messenger(behind: [relay]) { $0.limits.circuitHandshakesMax = 4 }
    network.run(for: .seconds(2))
    let strangers = (0..<10).map { _ in stranger() }
    for host in strangers {
      _ = try network.on(host) { node, now in
        node.connect(to: try circuit(through: relay, to: alice), at: now)
      }
    }
    // Each falls silent once its circuit is open.
    network.run(for: .milliseconds(115))
    for host in strangers { network.freeze(host) }
    var most = 0
    for _ in 0..<100 {
      network.run(for: .milliseconds(10))
      most = max(most, alice.node.admission.handshakes)
    }
    #expect(most == 4)
    #expect(alice.node.counters.refusedHandshakeLimit == 6)
    network.run(for: .seconds(60))
    #expect(alice.node.admission.handshakes == 0)
  }

  @Test func aCircuitWithinACircuitIsRefused() throws {
    let relay = relay()
    let mallory = self.relay { $0.relayClient = ClientConfiguration() }
    let alice = messenger(behind: [relay, mallory])
    network.run(for: .seconds(4))
    #expect(Set(alice.node.heldRelays) == [relay.peerID, mallory.peerID])
    // Alice does not know yet that her connection to Mallory is no more.
    network.partition([alice], from: [mallory])
    _ = network.on(mallory) { $0.disconnect(alice.peerID, at: $1) }
    _ = try network.on(mallory) { node, now in
      node.connect(to: try circuit(through: relay, to: alice), at: now)
    }
    network.run(for: .seconds(1))
    #expect(mallory.node.summary(of: alice.peerID).path == .relayed)
    let request = network.on(mallory) { $0.openStream(to: alice.peerID, protocols: [.relayStop], at: $1) }
    network.run(for: .seconds(1))
    // Before or after the protocol was agreed on.
    let isRefused = mallory.stream(request).map { mallory.closedStreams.contains($0) }
    #expect(isRefused ?? (mallory.failure(request) != nil))
  }

  @Test func aRelayIsNotReachedThroughItself() throws {
    let (alice, bob) = (stranger(), network.add())
    bob.isListening = false
    let address = try circuit(through: bob, to: bob)
    let request = network.on(alice) { $0.connect(to: address, at: $1) }
    network.run(for: .seconds(2))
    let error = try #require(alice.failure(request))
    #expect("\(error)".contains("through itself"))
  }

  /// Signed and present, but nowhere to be found: a thousand of them cost an attacker nothing.
  @Test func inventedPeersDoNotUseUpWhatARelayGrants() throws {
    let relay = relay()
    let alice = messenger(behind: [relay])
    network.run(for: .seconds(2))
    for _ in 0..<60 {
      let host = network.add {
        $0.beMessenger()
        $0.relayClient = nil
        $0.bootstrap = [relay.fullAddress]
      }
      host.isListening = false
    }
    network.run(for: .seconds(120))
    #expect(alice.online.count == 60)
    let limits = alice.node.configuration.limits
    let asked = relay.node.relaying?.counters.connectsWithoutReservation ?? 0
    #expect(asked <= UInt64(limits.approachBurst + 60))
    #expect(asked > 0)
  }

  /// So little that each circuit is over before it is of use.
  @Test(arguments: [Limit(duration: .seconds(1)), Limit(bytes: 3000), Limit(bytes: 6000)])
  func absurdLimitsDoNotMakeANodeDialWithoutEnd(limit: Limit) throws {
    let relay = relay { $0.relayService?.circuitLimit = limit }
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .seconds(300))
    let opened = relay.node.relaying?.counters.circuitsOpened ?? 0
    #expect((1...100).contains(opened))
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  @Test func aMachineWhoseNetworkFlutters() throws {
    let relays = [relay(), relay()]
    let alice = messenger(behind: relays)
    network.run(for: .seconds(2))
    let own = try #require(alice.address.host?.ip)
    for _ in 0..<300 {
      network.on(alice) { $0.networkChanged(addresses: [own], at: $1) }
      network.run(for: .milliseconds(100))
    }
    network.run(for: .seconds(5))
    #expect(alice.node.heldRelays.count == 2)
    for relay in relays {
      #expect((relay.node.relaying?.counters.reservationsRefreshed ?? 0) <= 30)
      #expect(relay.node.relaying?.counters.refusedRate == 0)
    }
  }

  @Test func theConnectionUnderACircuitIsNotTrimmed() throws {
    let relay = relay()
    let bob = messenger(behind: [relay])
    let alice = stranger {
      $0.limits.connectionsHighWater = 4
      $0.limits.connectionsLowWater = 2
      $0.timeouts.trimGrace = .zero
    }
    network.run(for: .seconds(2))
    network.on(bob) { node, _ in node.handle("/app/1") }
    let address = try circuit(through: relay, to: bob)
    _ = network.on(alice) { $0.connect(to: address, at: $1) }
    network.run(for: .seconds(1))
    _ = network.on(alice) { $0.openStream(to: bob.peerID, protocols: ["/app/1"], at: $1) }
    network.run(for: .seconds(1))
    for _ in 0..<6 {
      let other = network.add()
      _ = network.on(alice) { $0.connect(to: other.fullAddress, at: $1) }
      network.run(for: .seconds(1))
    }
    #expect(alice.node.counters.connectionsTrimmed > 0)
    #expect(alice.node.connections.contains { $0.peer == relay.peerID })
  }

  /// Reservations and vouchers carry times of day, and clocks are set.
  @Test(arguments: [Int64.min / 2, 0, 4_000_000_000_000, Int64.max / 2])
  func aWrongClockLosesNoReservation(wallClockMs: Int64) throws {
    let relay = relay()
    let alice = messenger(behind: [relay])
    network.run(for: .seconds(2))
    for _ in 0..<120 {
      network.on(alice) { $0.setWallClock(ms: wallClockMs, at: $1) }
      network.run(for: .seconds(60))
      #expect(alice.node.heldRelays == [relay.peerID])
    }
    #expect((relay.node.relaying?.counters.reservationsRefreshed ?? 0) <= 120)
  }

  @Test func whoIsNoRelayIsAskedSeldomAndLeavesNothing() throws {
    let (alice, bob) = (network.add(), network.add())
    let carol = messenger(behind: [alice, bob])
    network.run(for: .seconds(3600))
    #expect(carol.node.heldRelays.isEmpty)
    #expect(carol.reservations.count < 60)
    #expect(carol.node.streamCount <= 4)
    #expect(carol.node.bufferedBytes == 0)
  }
}
