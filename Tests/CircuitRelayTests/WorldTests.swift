// Relays and clients together, over links with a delay.

import CircuitRelay
import Identity
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct WorldTests {
  /// Bob reserves at a relay, Alice dials him through it.
  func conversation(
    _ change: (inout ServiceConfiguration) -> Void = { _ in }
  ) -> (world: World, alice: World.Host, bob: World.Host, station: World.Station) {
    let world = World(change)
    let station = world.addRelay(200)
    let bob = world.addHost(2, at: [station])
    let alice = world.addHost(1, at: [station])
    world.run(for: .seconds(2))
    _ = alice.client.dial(bob.peer, through: station.peer, at: world.now)
    world.pump(alice)
    world.run(for: .seconds(1))
    return (world, alice, bob, station)
  }

  func stream(of host: World.Host) throws -> StreamHandle { try #require(host.streams.values.first) }
  func heard(by host: World.Host) -> String {
    String(buffer: host.received.values.first ?? ByteBuffer())
  }

  @Test func `two peers talk through a relay`() throws {
    let (world, alice, bob, station) = conversation()
    #expect(bob.announced == [address("\(station.address)/p2p/\(station.peer)/p2p-circuit")])
    #expect(alice.circuits.values.first?.direction == .outbound)
    #expect(bob.circuits.values.first?.direction == .inbound)
    #expect(bob.circuits.values.first?.peer == alice.peer)
    world.send(buffer("hello bob"), on: try stream(of: alice))
    world.send(buffer("hello alice"), on: try stream(of: bob))
    world.run(for: .seconds(1))
    #expect(heard(by: bob) == "hello bob" && heard(by: alice) == "hello alice")
    world.finish(try stream(of: alice))
    world.run(for: .seconds(1))
    let end = try stream(of: bob)
    #expect(bob.finished.contains(end) && !bob.ended.contains(end))
    world.send(buffer(", bye"), on: try stream(of: bob))
    world.finish(try stream(of: bob))
    world.run(for: .seconds(1))
    #expect(heard(by: alice) == "hello alice, bye")
    #expect(
      station.service.circuitCount == 0 && alice.client.circuitCount == 0 && bob.client.circuitCount == 0)
    #expect(station.service.counters.circuitsFinished == 1)
  }

  @Test func `a reservation takes two round trips, a circuit three`() {
    let world = World(latency: .milliseconds(50))
    let station = world.addRelay(200)
    let bob = world.addHost(2, at: [station])
    world.run(for: .milliseconds(100))  // The connection.
    #expect(bob.states(of: station.peer) == [.requested])
    world.run(for: .milliseconds(100))
    #expect(bob.client.holdsReservation(at: station.peer), "one round trip once there is a connection")
  }

  @Test func `a reader that stops fills the windows and no more`() throws {
    let (world, alice, bob, station) = conversation()
    bob.reads = false
    for _ in 0..<8 { world.send(ByteBuffer(repeating: 7, count: 100_000), on: try stream(of: alice)) }
    world.run(for: .seconds(5))
    #expect(station.service.heldByteCount == 800_000 - World.windowBytes)
    #expect(bob.received.values.first?.readableBytes == World.windowBytes)
    world.run(for: .seconds(200))
    #expect(station.service.counters.circuitsStalled == 1 && station.service.heldByteCount == 0)
    #expect(alice.client.circuitCount == 0 && bob.client.circuitCount == 0)
  }

  @Test func `a foreign relay's limits are known beforehand, and a second circuit replaces the first`() throws
  {
    let (world, alice, bob, station) = conversation {
      $0.circuitLimit = Limit(duration: .seconds(120), bytes: 131_072)
    }
    let first = try #require(alice.circuits.keys.first)
    let stream = try stream(of: alice)
    world.run(for: .seconds(95))
    #expect(alice.endings[first] == .time(left: .seconds(30)))
    #expect(bob.endings.count == 1 && !alice.ended.contains(stream))
    let second = alice.client.dial(bob.peer, through: station.peer, at: world.now)
    world.pump(alice)
    world.run(for: .seconds(1))
    #expect(alice.circuits[second] != nil && !alice.ended.contains(stream))
    world.run(for: .seconds(40))
    #expect(alice.ended.contains(stream))
    #expect(alice.client.circuitCount == 1 && station.service.counters.circuitsOverTime == 1)
  }

  @Test func `reservations outlive hours, and are never lost`() {
    for skew in [0, 5_000_000, -5_000_000] as [Int64] {
      let world = World { $0.reservationLifetime = .seconds(600) }
      world.skewMs = skew
      let station = world.addRelay(200)
      let bob = world.addHost(2, at: [station])
      world.run(for: .seconds(5))
      var gaps = 0
      for _ in 0..<600 {
        world.run(for: .seconds(60))
        if !station.service.hasReservation(bob.peer) { gaps += 1 }
      }
      // A relay whose clock is far ahead seems to give an hour; it is asked every quarter of one, and ten
      // minutes may have passed by then.
      #expect(skew > 0 || gaps == 0)
      #expect(!bob.states(of: station.peer).contains { if case .lost = $0 { true } else { false } })
      #expect(station.service.counters.refusedRate == 0)
    }
  }

  @Test func `one relay dies, another takes over, and the old one is joined again`() {
    let world = World()
    let stations = (201...203).map { world.addRelay($0) }
    let bob = world.addHost(2, at: stations)
    world.run(for: .seconds(5))
    let held = bob.client.heldRelays
    #expect(held.count == 2)
    guard let dead = held.first, let station = world.relays[dead] else { return }
    world.kill(station)
    world.run(for: .milliseconds(500))
    #expect(bob.client.heldRelays.count == 2, "within jitter and two round trips")
    #expect(!bob.client.heldRelays.contains(dead) && bob.announced.count == 2)
    world.run(for: .seconds(30))
    world.restart(station)
    world.run(for: .seconds(61))
    #expect(bob.client.holdsReservation(at: dead), "it is wanted more than its substitute")
    world.run(for: .seconds(61))
    #expect(bob.client.heldRelays == held)
    #expect(bob.reservations.last?.state == .released)
  }

  @Test func `a relay that has gone silent is left when the driver says so`() {
    let world = World()
    let stations = (201...203).map { world.addRelay($0) }
    let bob = world.addHost(2, at: stations)
    world.run(for: .seconds(5))
    guard let dead = bob.client.heldRelays.first else { return }
    world.relays[dead]?.isSilent = true
    bob.client.relayLost(dead, at: world.now)
    world.pump(bob)
    world.run(for: .milliseconds(500))
    #expect(bob.client.heldRelays.count == 2 && !bob.client.heldRelays.contains(dead))
    #expect(bob.states(of: dead).last == .lost(.unresponsive))
  }

  @Test func `a relay that leaves is left in time`() {
    let world = World()
    let stations = (201...203).map { world.addRelay($0) }
    let clients = (1...20).map { world.addHost($0, at: stations) }
    world.run(for: .seconds(5))
    guard let leaving = clients[0].client.heldRelays.first, let station = world.relays[leaving] else {
      return
    }
    station.service.drain(over: .seconds(10), at: world.now)
    world.pump(station)
    world.run(for: .seconds(12))
    #expect(station.drained && station.service.reservationCount == 0)
    for host in clients { #expect(host.client.heldRelays.count == 2 && !host.announced.isEmpty) }
  }

  @Test func `a hundred clients come back to their only relay without a stampede`() {
    let world = World()
    let station = world.addRelay(200)
    let clients = (1...100).map { world.addHost($0, at: [station]) }
    world.run(for: .seconds(10))
    #expect(station.service.reservationCount == 100)
    world.kill(station)
    world.run(for: .seconds(3))
    world.restart(station)
    let restarted = world.now
    world.run(for: .seconds(20))
    #expect(station.service.reservationCount == 100, "none lost")
    #expect(clients.allSatisfy { $0.client.holdsReservation(at: station.peer) })
    #expect(station.requests.count == 100 && station.service.counters.refusedRate == 0)
    // In no tenth of a second more than a fifth of them, and all of them within seconds.
    let tenths = station.requests.map {
      ($0 - restarted).components.attoseconds / 100_000_000_000_000_000
        + ($0 - restarted).components.seconds * 10
    }
    let busiest = Dictionary(grouping: tenths, by: { $0 }).values.map(\.count).max() ?? 0
    #expect(busiest <= 20, "\(busiest) in a tenth of a second")
    #expect((tenths.max() ?? 0) <= 80)
  }

  @Test func `with several relays, clients spread over them`() {
    let world = World()
    let stations = (201...204).map { world.addRelay($0) }
    for number in 1...100 { world.addHost(number, at: stations) }
    world.run(for: .seconds(10))
    for station in stations { #expect((30...70).contains(station.service.reservationCount)) }
    world.kill(stations[0])
    world.run(for: .seconds(2))
    #expect(world.hosts.allSatisfy { $0.client.heldRelays.count == 2 })
    #expect(stations[1...].map(\.service.reservationCount).reduce(0, +) == 200)
  }

  @Test func `the address book of relays is bounded, and never forgets what is in use`() {
    let world = World()
    let station = world.addRelay(200)
    let bob = world.addHost(2, at: [station]) { $0.candidatesMax = 8 }
    world.run(for: .seconds(5))
    for number in 1000..<1100 {
      bob.client.addCandidate(peer(number), at: [address("/ip4/9.9.9.9/tcp/1")], priority: 1, now: world.now)
    }
    world.pump(bob)
    #expect(bob.client.summaries.count == 8 && bob.client.holdsReservation(at: station.peer))
    #expect(bob.client.wantsConnection(to: station.peer))
    #expect(bob.client.summaries.first?.peer == station.peer, "what was configured comes first")
    world.run(for: .seconds(600))
    #expect(bob.client.heldRelays == [station.peer])
    bob.client.removeCandidate(station.peer, at: world.now)
    world.pump(bob)
    #expect(bob.announced.isEmpty && !bob.client.wantsConnection(to: station.peer))
  }

  @Test func `after sleep everything is proved anew`() {
    let world = World()
    let station = world.addRelay(200)
    let bob = world.addHost(2, at: [station])
    world.run(for: .seconds(5))
    let before = station.service.counters.reservationsRefreshed
    bob.client.networkChanged(at: world.now)
    world.pump(bob)
    world.run(for: .seconds(1))
    #expect(station.service.counters.reservationsRefreshed == before + 1)
    #expect(bob.client.holdsReservation(at: station.peer))
  }
}
