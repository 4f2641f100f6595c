import Chat
import CircuitRelay
import Identity
import Node
import NodeKit
import SansIO
import Testing
import Wire

/// Nodes that reach each other only through relays: they do not listen, so nobody can dial them.
@Suite struct RelayTests {
  let network = NodeNetwork()

  private func relay(_ configure: (inout Node.Configuration) -> Void = { _ in }) -> NodeNetwork.Host {
    network.addRelay(configure)
  }

  private func messenger(
    behind relays: [NodeNetwork.Host], _ configure: (inout Node.Configuration) -> Void = { _ in }
  ) -> NodeNetwork.Host {
    network.addMessenger(using: relays, isListening: false, configure)
  }

  @Test func aReservationIsMadeAndAnnounced() throws {
    let relay = relay()
    let alice = messenger(behind: [relay])
    network.run(for: .seconds(2))
    #expect(alice.reservations.map(\.text) == ["requested", "accepted"])
    #expect(relay.node.relaying?.reservations == 1)
    let circuit = try relay.fullAddress.appending(.p2pCircuit)
    #expect(relay.node.summary(of: alice.peerID).addresses.contains(circuit))
  }

  /// TCP, security, Noise's end with the request in the same flight.
  @Test func aReservationTakesOneRoundTripMoreThanTheConnection() throws {
    let relay = relay()
    let alice = messenger(behind: [relay])
    let isHeld = network.run(within: .seconds(2)) { alice.reservations.last?.text == "accepted" }
    #expect(isHeld)
    #expect(network.now <= .zero + .milliseconds(61))
  }

  @Test func twoWhoArePresentConnectThroughTheirRelay() throws {
    let relay = relay()
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .seconds(4))
    #expect(alice.node.summary(of: bob.peerID).path == .relayed)
    #expect(bob.node.summary(of: alice.peerID).path == .relayed)
    #expect(relay.node.relaying?.circuits == 1)
  }

  /// Before the first reservation there is nowhere to look for somebody who is present.
  @Test func whoWasHeardOfBeforeTheFirstReservationIsReachedAfterIt() throws {
    let hub = network.add { $0.beMessenger() }
    let relay = relay()
    relay.isListening = false
    let alice = messenger(behind: [relay]) { $0.bootstrap = [hub.fullAddress] }
    let bob = messenger(behind: [relay]) { $0.bootstrap = [hub.fullAddress] }
    network.run(for: .seconds(20))
    #expect(alice.online.contains(bob.peerID) && bob.online.contains(alice.peerID))
    #expect(!alice.node.summary(of: bob.peerID).isConnected)
    relay.isListening = true
    let isReached = network.run(within: .seconds(120)) { alice.node.summary(of: bob.peerID).path == .relayed }
    #expect(isReached)
  }

  @Test func aCrowdIsNotMeshedThroughAndThrough() throws {
    let relay = relay()
    let crowd = (0..<40).map { _ in messenger(behind: [relay]) }
    network.run(for: .seconds(60))
    let circuits = relay.node.relaying?.circuits ?? 0
    #expect((40...40 * 4).contains(circuits))
    #expect(crowd.allSatisfy { $0.online.count == 39 })
  }

  @Test func twoWhoCannotBeDialledReachEachOther() throws {
    let relay = relay()
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .milliseconds(400))
    let request = network.on(alice) { $0.ping(bob.peerID, count: 3, at: $1) }
    network.run(for: .seconds(3))
    guard case .pinged(let roundTrips) = alice.answers[request] else {
      Issue.record("not pinged: \(String(describing: alice.answers[request]))")
      return
    }
    // Two links there, two back.
    #expect(roundTrips == [.milliseconds(40), .milliseconds(40), .milliseconds(40)])
    #expect(alice.opened.last?.path == .relayed)
    #expect(bob.opened.last?.path == .relayed)
    #expect(bob.node.summary(of: alice.peerID).path == .relayed)
    #expect(relay.node.relaying?.circuits == 1)
  }

  @Test func aCircuitCarriesMuch() throws {
    let relay = relay()
    let (alice, bob) = (
      messenger(behind: [relay]) { $0.servesPerf = true }, messenger(behind: [relay]) { $0.servesPerf = true }
    )
    network.run(for: .seconds(2))
    let request = network.on(alice) {
      $0.perf(bob.peerID, upload: 5_000_000, download: 3_000_000, at: $1)
    }
    network.run(for: .seconds(30))
    guard case .measured(let summary) = alice.answers[request] else {
      Issue.record("not measured: \(String(describing: alice.answers[request]))")
      return
    }
    #expect(summary.uploadedBytes == 5_000_000)
    #expect(summary.downloadedBytes == 3_000_000)
    #expect((relay.node.relaying?.counters.bytesRelayed ?? 0) > 8_000_000)
    #expect(relay.node.relaying?.heldBytes == 0)
  }

  @Test func nobodyIsReachedWithoutAReservation() throws {
    let relay = relay()
    let alice = messenger(behind: [relay])
    let bob = network.add()
    bob.isListening = false
    _ = network.on(bob) { $0.connect(to: relay.fullAddress, at: $1) }
    network.run(for: .seconds(2))
    let address = try relay.fullAddress.appending(.p2pCircuit).appending(bob.peerID)
    let request = network.on(alice) { $0.connect(to: address, at: $1) }
    network.run(for: .seconds(60))
    let error = try #require(alice.failure(request))
    #expect("\(error)".contains("NO_RESERVATION") || "\(error)".contains("no reservation"))
  }

  @Test func aCircuitEndsWithEitherEnd() throws {
    let relay = relay()
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .seconds(2))
    _ = network.on(alice) { $0.ping(bob.peerID, count: 1, at: $1) }
    network.run(for: .milliseconds(200))
    _ = network.on(alice) { $0.disconnect(bob.peerID, at: $1) }
    network.run(for: .milliseconds(200))
    #expect(alice.node.connections.map(\.peer) == [relay.peerID])
    #expect(bob.node.connections.map(\.peer) == [relay.peerID])
    #expect(relay.node.relaying?.circuits == 0)
  }

  @Test func withTheRelayItsCircuitsGo() throws {
    let relay = relay()
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .seconds(2))
    _ = network.on(alice) { $0.ping(bob.peerID, count: 1, at: $1) }
    network.run(for: .seconds(1))
    network.breakConnections(of: relay)
    network.run(for: .milliseconds(1))
    #expect(alice.node.connections.isEmpty)
    #expect(bob.node.connections.isEmpty)
    // Only the relay's connections were broken: reservations come back by themselves.
    network.run(for: .seconds(20))
    #expect(alice.reservations.last?.text == "accepted")
    #expect(bob.reservations.last?.text == "accepted")
  }

  @Test func messagesPassThroughTheRelay() throws {
    let relay = relay()
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .seconds(4))
    #expect(alice.online == [bob.peerID])
    #expect(bob.online == [alice.peerID])
    _ = try network.on(alice) { node, now in try node.send("hello", to: .room("global"), at: now) }
    _ = try network.on(bob) { node, now in try node.send("only you", to: .peer(alice.peerID), at: now) }
    network.run(for: .seconds(2))
    #expect(bob.texts == ["hello"])
    #expect(alice.texts == ["only you"])
  }

  /// A relay that gives two minutes and 128 KiB, as Go's and Rust's do.
  @Test func aCircuitIsRenewedBeforeItsLimit() throws {
    let relay = relay { $0.relayService?.circuitLimit = Limit(duration: .seconds(120), bytes: 128 << 10) }
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .seconds(4))
    _ = network.on(alice) { $0.ping(bob.peerID, count: 1, at: $1) }
    for _ in 0..<60 {
      network.run(for: .seconds(10))
      #expect(alice.node.summary(of: bob.peerID).path == .relayed)
      #expect(bob.node.summary(of: alice.peerID).path == .relayed)
    }
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
    #expect(relay.node.relaying?.counters.circuitsOverTime == 0)
    #expect(relay.node.relaying?.counters.circuitsOverBytes == 0)
    #expect((relay.node.relaying?.counters.circuitsOpened ?? 0) >= 6)
  }

  /// Both speak so much that the next circuit is nearly used up while the last is still there.
  @Test func aCircuitThatReplacedAnotherIsReplacedInTimeToo() throws {
    let relay = relay { $0.relayService?.circuitLimit = Limit(bytes: 128 << 10) }
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .seconds(4))
    for number in 0..<120 {
      for host in [alice, bob] {
        _ = try network.on(host) { node, now in
          try node.send("\(number) " + String(repeating: ".", count: 8000), to: .room("global"), at: now)
        }
      }
      network.run(for: .milliseconds(650))
    }
    network.run(for: .seconds(2))
    #expect(relay.node.relaying?.counters.circuitsOverBytes == 0)
    #expect((relay.node.relaying?.counters.circuitsOpened ?? 0) >= 6)
    #expect(alice.texts.count == 120 && bob.texts.count == 120)
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  /// Two messages are more than it may carry: the warning and the end come together.
  @Test func aCircuitThatIsCutIsAskedForAgainAtOnce() throws {
    let relay = relay { $0.relayService?.circuitLimit = Limit(bytes: 24 << 10) }
    let (alice, bob) = (messenger(behind: [relay]), messenger(behind: [relay]))
    network.run(for: .seconds(4))
    for number in 0..<4 {
      for host in [alice, bob, alice, bob] {
        _ = try network.on(host) { node, now in
          try node.send("\(number) " + String(repeating: ".", count: 15_000), to: .room("global"), at: now)
        }
      }
      network.run(for: .milliseconds(500))
      #expect(alice.node.summary(of: bob.peerID).path == .relayed)
      #expect(bob.node.summary(of: alice.peerID).path == .relayed)
      network.run(for: .seconds(10))
    }
    #expect((relay.node.relaying?.counters.circuitsOverBytes ?? 0) >= 2)
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  /// However often, as long as each carried something. Those that are said to have been of no use are
  /// rationed.
  @Test(arguments: [Node.Limits().circuitUseBytes, .max])
  func circuitsThatAreCutAgainAndAgainAreReplacedEachTime(bytesOfUse: Int) throws {
    let relay = relay { $0.relayService?.circuitLimit = Limit(bytes: 24 << 10) }
    let alice = messenger(behind: [relay]) { $0.limits.circuitUseBytes = bytesOfUse }
    let bob = messenger(behind: [relay]) { $0.limits.circuitUseBytes = bytesOfUse }
    network.run(for: .seconds(4))
    var isAlwaysRelayed = true
    for number in 0..<60 {
      _ = try network.on(alice) { node, now in
        try node.send("\(number) " + String(repeating: ".", count: 15_000), to: .room("global"), at: now)
      }
      network.run(for: .milliseconds(800))
      isAlwaysRelayed = isAlwaysRelayed && alice.node.summary(of: bob.peerID).path == .relayed
    }
    network.run(for: .seconds(3))
    let limited = alice.node.counters.renewalsLimited + bob.node.counters.renewalsLimited
    #expect((limited == 0) == (bytesOfUse < .max))
    #expect(isAlwaysRelayed == (bytesOfUse < .max))
    if bytesOfUse < .max { #expect(bob.texts.count == 60) }
    #expect((relay.node.relaying?.counters.circuitsOpened ?? 0) >= 10)
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  @Test func anotherRelayTakesOver() throws {
    let relays = [relay(), relay(), relay()]
    let (alice, bob) = (messenger(behind: relays), messenger(behind: relays))
    network.run(for: .seconds(4))
    let held = Set(alice.node.heldRelays)
    #expect(held.count == 2)
    #expect(alice.online == [bob.peerID])
    // Silent, not closed: nobody is told.
    let dead = try #require(relays.first { held.contains($0.peerID) })
    network.freeze(dead)
    network.run(for: .seconds(12))
    #expect(Set(alice.node.heldRelays).count == 2)
    #expect(!alice.node.heldRelays.contains(dead.peerID))
    network.run(for: .seconds(120))
    #expect(alice.wasOfflineNever && bob.wasOfflineNever)
  }

  @Test func aRelayDrainsWithoutAFlap() throws {
    let relays = [relay(), relay(), relay()]
    let messengers = (0..<6).map { _ in messenger(behind: relays) }
    network.run(for: .seconds(10))
    let leaving = try #require(relays.first { ($0.node.relaying?.reservations ?? 0) > 0 })
    network.on(leaving) { $0.drain(over: .seconds(5), at: $1) }
    network.run(for: .seconds(10))
    #expect(leaving.hasDrained)
    #expect(leaving.node.relaying?.reservations == 0)
    for host in messengers {
      #expect(host.node.heldRelays.count == 2)
      #expect(!host.node.heldRelays.contains(leaving.peerID))
    }
    network.run(for: .seconds(60))
    #expect(messengers.allSatisfy { $0.wasOfflineNever })
  }

  @Test func nodesOfARelayThatRestartsComeBackSpreadOut() throws {
    let relay = relay()
    let messengers = (0..<40).map { _ in messenger(behind: [relay]) }
    network.run(for: .seconds(20))
    #expect(relay.node.relaying?.reservations == 40)
    relay.isListening = false
    network.breakConnections(of: relay)
    network.run(for: .seconds(10))
    relay.isListening = true
    let dialsBefore = network.dials.count
    network.run(for: .seconds(30))
    #expect(relay.node.relaying?.reservations == 40)
    #expect(messengers.allSatisfy { $0.wasOfflineNever })
    // Nobody hammers: a few dials each, and never all in one second.
    let dials = network.dials.dropFirst(dialsBefore).filter { $0.to == relay.address }.map {
      Int($0.at.nanoseconds / 1_000_000_000)
    }
    #expect(dials.count <= 40 * 4)
    let busiest = Dictionary(grouping: dials) { $0 }.values.map(\.count).max() ?? 0
    #expect(busiest < 40)
  }
}
