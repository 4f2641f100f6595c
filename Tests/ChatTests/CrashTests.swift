// Nodes killed at every step: each message is told once, none is lost, and the sender ends up knowing.

import OrderedCollections
import SansIO
import Testing

@testable import Chat

@Suite struct CrashTests {
  /// Runs on without kills until everything has arrived.
  private func finish(_ world: inout World, _ context: String) {
    for _ in 0..<100_000 {
      if world.step() { continue }
      if world.isAtRest { return }
      world.passTime()
    }
    Issue.record("no rest after 100,000 steps: \(context)")
  }

  private func check(_ world: World, _ context: String) {
    for node in 0..<2 {
      let other = 1 - node
      let ours = world.shelves[node].messages.values.filter { $0.key.author == world.id(node) }
      for message in ours {
        let isDirect = if case .peer = message.conversation { true } else { false }
        let expected: DeliveryState = isDirect ? .delivered : .sent
        #expect(message.state == expected, "\(message) at its author; \(context)")
        let count = world.told[other][message.key] ?? 0
        #expect(count <= 1, "\(message.text) told \(count) times; \(context)")
        let isKept = world.shelves[other].messages[message.key] != nil
        let isKnown = count == 1 || world.read[other].contains(message.key)
        // A topic gives no promise to a subscriber that dies.
        if isDirect || world.kills == 0 { #expect(isKept && isKnown, "\(message.text) lost; \(context)") }
        #expect(isKept == isKnown, "\(message.text) kept and not told, or told and not kept; \(context)")
        #expect(world.shelves[other].messages[message.key]?.text ?? message.text == message.text)
      }
      let theirs = world.shelves[node].messages.values.filter { $0.key.author == world.id(other) }
      for message in theirs { #expect(world.shelves[other].messages[message.key] != nil) }
    }
  }

  private func writeSome(_ world: inout World) {
    for node in 0..<2 {
      world.write("direct", by: node, to: .peer(world.id(1 - node)))
      world.write("room", by: node, to: .garden)
      world.write("global", by: node, to: .global)
      world.write("direct again", by: node, to: .peer(world.id(1 - node)))
    }
  }

  @Test func aKillAtEveryStep() {
    var clean = World(seed: 7)
    writeSome(&clean)
    finish(&clean, "no kill")
    check(clean, "no kill")
    #expect(clean.told.allSatisfy { $0.count == 4 })
    for victim in 0..<2 {
      for moment in 0..<clean.steps {
        var world = World(seed: 7)
        writeSome(&world)
        for _ in 0..<moment where !world.step() { world.passTime() }
        world.kill(victim)
        finish(&world, "node \(victim) killed at step \(moment)")
        check(world, "node \(victim) killed at step \(moment)")
      }
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func manyKillsWhileTheyTalk(seed: UInt64) {
    var world = World(seed: seed)
    var generator = SeededGenerator(seed: seed).fork("script")
    var written = 0
    while written < 30 {
      switch Int.random(in: 0..<40, using: &generator) {
      case 0: world.kill(Int.random(in: 0..<2, using: &generator))
      case 1, 2:
        written += 1
        let node = Int.random(in: 0..<2, using: &generator)
        let conversation: Conversation =
          [.peer(world.id(1 - node)), .peer(world.id(1 - node)), .garden, .global].randomElement(
            using: &generator) ?? .global
        let length = Int.random(in: 1...300, using: &generator)
        world.write("\(written) " + text(bytes: length), by: node, to: conversation)
      default: if !world.step() { world.passTime() }
      }
    }
    finish(&world, "seed \(seed)")
    check(world, "seed \(seed) with \(world.kills) kills")
  }

  @Test func theSameSeedIsTheSameRun() {
    func run() -> [Int] {
      var world = World(seed: 3)
      writeSome(&world)
      for _ in 0..<60 where !world.step() { world.passTime() }
      world.kill(1)
      finish(&world, "seed 3")
      return [world.steps, Int((world.now - .zero).milliseconds), world.shelves[1].messages.count]
    }
    #expect(run() == run())
  }
}

extension World {
  /// Nothing is left to be delivered.
  fileprivate var isAtRest: Bool {
    processes.allSatisfy {
      $0.machine.waitingMessages.isEmpty && $0.machine.isSaved && $0.saves.isEmpty && $0.outcomes == nil
        && $0.topic.isEmpty
    }
  }
}
