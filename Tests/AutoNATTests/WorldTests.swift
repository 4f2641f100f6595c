// Clients against servers, many seeds.

import AutoNAT
import Identity
import SansIO
import Testing
import Wire

@Suite struct WorldTests {
  struct Village {
    let world: World
    let servers: [World.Host]
    let askers: [World.Host]

    /// Servers in networks of their own, one of them a liar if so wished, and askers with an open port or
    /// none. Everybody believes in an address where nobody is, too.
    init(seed: UInt64, liars: Int = 0) {
      world = World(seed: seed)
      var generator = SeededGenerator(seed: seed).fork("village")
      let world = self.world
      servers = (0..<5).map { number in
        let versions: Set<Version> = number < 3 ? [.v1, .v2] : number == 3 ? [.v2] : [.v1]
        return world.addHost(isOpen: true, isLiar: number < liars, versions: versions)
      }
      askers = (0..<4).map { number in world.addHost(isOpen: number % 2 == 0) }
      for asker in askers {
        let nowhere = address("/ip4/99.1.1.\(asker.number)/tcp/4001")
        world.setCandidates([Candidate(nowhere, .agreed), Candidate(asker.address, .listened)], of: asker)
        for server in servers.shuffled(using: &generator) {
          let delay = generator.duration(upTo: .seconds(5))
          world.after(delay) { world.connect(asker, to: server) }
        }
      }
    }

    func judge() {
      for asker in askers {
        #expect(asker.state == (asker.isOpen ? .public : .private), "\(asker.number): \(world.trace)")
        #expect(asker.client.confirmedAddresses == (asker.isOpen ? [asker.address] : []))
        #expect(asker.client.questionCount == 0)
      }
      for host in world.hosts where host.isUp {
        #expect(host.server.dialCount == 0 && host.server.streamCount == 0)
      }
    }
  }

  @Test(arguments: 1...30)
  func `everybody learns what is so`(_ seed: UInt64) {
    let village = Village(seed: seed)
    village.world.run(for: .seconds(180))
    village.judge()
    // Only the askers' own IPs and what was paid for was dialled.
    let paid = village.world.dialled.filter { dial in
      !village.askers.contains { $0.peer == dial.for && $0.address.host == dial.address.host }
    }
    #expect(paid.allSatisfy { $0.address.description.hasPrefix("/ip4/99.1.1.") })
    let bytes = village.servers.map(\.server.counters.dialDataBytes).reduce(0, +)
    #expect(bytes >= UInt64(paid.count * dialDataBytes.lowerBound))
    #expect(paid.count > 0 && village.askers.allSatisfy { $0.client.counters.lies == 0 })
  }

  @Test(arguments: 1...30)
  func `also when servers die at any moment`(_ seed: UInt64) {
    let village = Village(seed: seed)
    var generator = SeededGenerator(seed: seed).fork("death")
    for victim in village.servers.shuffled(using: &generator).prefix(2) {
      village.world.after(generator.duration(upTo: .seconds(20))) { village.world.kill(victim) }
    }
    village.world.run(for: .seconds(240))
    for asker in village.askers {
      #expect(asker.state == (asker.isOpen ? .public : .private), "\(asker.number): \(village.world.trace)")
      #expect(asker.client.questionCount == 0)
    }
    for host in village.world.hosts where host.isUp {
      #expect(host.server.dialCount == 0 && host.server.streamCount == 0)
    }
  }

  @Test(arguments: 1...30)
  func `a server that says anything convinces nobody of what is not so`(_ seed: UInt64) {
    let village = Village(seed: seed, liars: 1)
    village.world.run(for: .seconds(900))
    for asker in village.askers {
      // A liar can say that we are closed, but not that we are open.
      #expect(!asker.states.contains { $0.state == .public } || asker.isOpen)
      #expect(asker.state == (asker.isOpen ? .public : .private), "\(asker.number): \(village.world.trace)")
      #expect(asker.client.counters.dialDataBytes <= 4_000_000)
      #expect(asker.client.counters.requests < 200)
    }
  }

  @Test func `where an asker roams to is found out anew`() {
    let village = Village(seed: 5)
    village.world.run(for: .seconds(180))
    let asker = village.askers[0]
    village.world.after(.zero) {
      asker.client.networkChanged(at: village.world.now)
      asker.client.candidatesChanged(
        [Candidate(address("/ip4/98.1.1.1/tcp/1"), .agreed)], at: village.world.now)
    }
    village.world.run(for: .seconds(180))
    #expect(asker.states.suffix(3).map(\.state) == [.public, .unknown, .private])
  }

  @Test func `a seed is a whole run`() {
    let runs = (0..<2).map { _ in
      let village = Village(seed: 11, liars: 1)
      village.world.run(for: .seconds(300))
      return village.world.trace
    }
    #expect(runs[0] == runs[1] && runs[0].count > 20)
  }

  @Test func `with many peers asking one server, everybody is told in the end`() {
    let world = World(seed: 3)
    let server = world.addHost(isOpen: true)
    let askers = (0..<40).map { number in world.addHost(isOpen: number % 3 == 0) }
    for asker in askers {
      world.setCandidates([Candidate(asker.address, .listened)], of: asker)
      world.connect(asker, to: server)
    }
    world.run(for: .seconds(120))
    #expect(askers.allSatisfy { $0.state == ($0.isOpen ? .public : .private) })
  }
}
