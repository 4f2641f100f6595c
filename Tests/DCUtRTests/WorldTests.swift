// Two machines over a relayed connection: their instants, their roles, and that every attempt comes to an
// end.

import DCUtR
import SansIO
import Testing
import Wire

@Suite struct WorldTests {
  func skew(_ world: World, _ index: Int = 0) -> Duration {
    let (one, two) = (world.starting.dialled[index].at, world.answering.dialled[index].at)
    return one > two ? one - two : two - one
  }

  func result(_ end: World.End) -> [Outcome.Result] { end.outcomes.map(\.outcome.result) }
  func attempts(_ end: World.End) -> Int { end.dialled.count }

  // MARK: Instants

  @Test(arguments: 0..<50)
  func `with delays that are the same both ways, both dial within a millisecond`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let oneWay = generator.duration(upTo: .milliseconds(400))
    let world = World(seed: seed)
    world.delay = { _ in oneWay }
    world.openCircuit()
    world.run(for: .seconds(4))
    try #require(attempts(world.starting) == 1 && attempts(world.answering) == 1)
    #expect(skew(world) <= .milliseconds(1))
    #expect(world.starting.isDirect && world.answering.isDirect)
  }

  @Test(arguments: 0..<200)
  func `the instants differ by the delays' asymmetry, and no more`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let base = generator.duration(upTo: .milliseconds(200))
    let jitter = generator.duration(upTo: .milliseconds(100))
    let world = World(seed: seed)
    world.path = .none
    world.delay = { _ in base + generator.duration(upTo: jitter) }
    world.openCircuit()
    world.run(for: .seconds(20))
    try #require(attempts(world.starting) == 3 && attempts(world.answering) == 3)
    for attempt in 0..<3 {
      // B dials half of both CONNECTs' flights after it sent SYNC, A when that has arrived.
      let (one, two) = (world.starting.dialled[attempt].at, world.answering.dialled[attempt].at)
      let expected = world.exchanges[attempt].sync - world.exchanges[attempt].roundTrip / 2
      #expect((two - one - expected).clampedNanoseconds.magnitude <= 1)
      #expect(skew(world, attempt) <= jitter)
    }
  }

  @Test func `a slow first round trip does not spoil the second attempt`() {
    let world = World()
    var count = 0
    world.delay = { _ in
      count += 1
      return .milliseconds(count == 1 ? 600 : 20)
    }
    world.path = .rejecting
    world.openCircuit()
    world.run(for: .seconds(3))
    #expect(skew(world, 0) == .milliseconds(290))
    #expect(skew(world, 1) == .zero)
  }

  // MARK: Paths and roles

  struct Case: CustomStringConvertible {
    let starting: World.Kind
    let answering: World.Kind
    /// The attempt that succeeds.
    let attempt: Int
    var description: String { "\(starting) starts, \(answering) answers" }
  }

  @Test(arguments: [
    Case(starting: .ours, answering: .ours, attempt: 1),
    Case(starting: .ours, answering: .rust, attempt: 1),
    Case(starting: .rust, answering: .ours, attempt: 1),
    Case(starting: .ours, answering: .oldGo, attempt: 1),
    Case(starting: .oldGo, answering: .ours, attempt: 2),
    Case(starting: .oldGo, answering: .oldGo, attempt: 1),
  ])
  func `peers with other roles are met`(roles: Case) {
    let world = World(starting: roles.starting, answering: roles.answering)
    world.openCircuit()
    world.run(for: .seconds(20))
    #expect(world.starting.isDirect && world.answering.isDirect)
    #expect(attempts(world.starting) == roles.attempt)
    #expect(world.answering.outcomes.last?.outcome.attempt == roles.attempt)
  }

  @Test func `without patience an old Go is met on the attempt after`() {
    var configuration = Configuration()
    configuration.startingSideInitiatesAfter = nil
    let world = World(answering: .oldGo, configuration: configuration)
    world.openCircuit()
    world.run(for: .seconds(20))
    #expect(world.starting.isDirect)
    #expect(attempts(world.starting) == 2)
  }

  @Test(arguments: [Side.starting, .answering])
  func `one dial that gets through is enough, whoever's it is`(side: Side) {
    let world = World()
    world.path = .onlyDial(of: side)
    world.openCircuit()
    world.run(for: .seconds(4))
    #expect(world.starting.isDirect && world.answering.isDirect)
    #expect(attempts(world.starting) == 1)
  }

  @Test func `a symmetric side is the initiator at once, and reaches the other without a wait`() {
    let world = World()
    world.path = .onlyDial(of: .starting)
    world.starting.machine.ownMappingChanged(.addressDependent, at: .zero)
    world.openCircuit()
    world.run(for: .milliseconds(200))
    #expect(world.starting.isDirect && world.answering.isDirect)
  }

  @Test(arguments: [Side.starting, .answering])
  func `a side that knows no address of its own reaches the other`(side: Side) {
    let world = World()
    world.path = .onlyDial(of: side)
    let end = side == .starting ? world.starting : world.answering
    end.machine.ownAddressesChanged([], at: .zero)
    world.openCircuit()
    world.run(for: .milliseconds(200))
    #expect(world.starting.isDirect && world.answering.isDirect)
    #expect(attempts(world.other(end)) == 0)
  }

  @Test func `nobody gets through: three attempts, a reason, and again later`() {
    let world = World()
    world.path = .none
    world.openCircuit()
    world.run(for: .seconds(16))
    for end in [world.starting, world.answering] {
      #expect(
        result(end) == [
          .started, .failed(.noPacket), .started, .failed(.noPacket), .started, .failed(.noPacket),
        ])
      #expect(end.outcomes.map(\.outcome.attempt) == [1, 1, 2, 2, 3, 3])
    }
    world.path = .simultaneous
    world.run(for: .seconds(40))
    #expect(world.starting.isDirect)
    #expect(world.answering.outcomes.last?.outcome.attempt == 1)
  }

  @Test func `a direct connection that is lost comes back while the circuit lasts`() {
    let world = World()
    world.openCircuit()
    world.run(for: .seconds(1))
    #expect(world.starting.isDirect)
    world.loseDirect()
    world.run(for: .seconds(4))
    #expect(world.starting.isDirect)
    world.closeCircuit()
    world.loseDirect()
    world.run(for: .seconds(700))
    #expect(!world.starting.isDirect)
    #expect(world.starting.machine.deadline == nil && world.answering.machine.deadline == nil)
  }

  // MARK: Anything

  /// Streams, circuits and connections are lost at any time.
  @Test(arguments: 0..<150)
  func `every attempt that starts ends once, and in the end the two are connected`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let world = World(seed: seed, answering: seed % 5 == 0 ? .oldGo : .ours)
    world.delay = { _ in .milliseconds(Int64.random(in: 1...80, using: &generator)) }
    world.openCircuit()
    for _ in 0..<40 {
      world.run(for: generator.duration(upTo: .seconds(8)))
      switch Int.random(in: 0..<7, using: &generator) {
      case 0: world.closeCircuit()
      case 1, 2: if !world.isRelayed { world.openCircuit() }
      case 3: world.loseStreams()
      case 4: world.loseDirect()
      case 5:
        world.path = [.none, .rejecting, .onlyDial(of: .starting)].randomElement(using: &generator) ?? .none
      default: world.path = .simultaneous
      }
    }
    world.path = .simultaneous
    if !world.isRelayed { world.openCircuit() }
    world.run(for: .seconds(1500))
    #expect(world.starting.isDirect && world.answering.isDirect)
    for end in [world.starting, world.answering] {
      var running = 0
      for outcome in end.outcomes.map(\.outcome) where outcome.attempt > 0 {
        running += outcome.result == .started ? 1 : -1
        #expect((0...1).contains(running), "\(end.outcomes)")
      }
      #expect(running == 0)
      let counters = end.machine.counters
      #expect(counters.attemptsStarted == counters.attemptsSucceeded + counters.attemptsFailed)
      #expect(end.machine.deadline == nil, "nothing is left over")
    }
  }
}
