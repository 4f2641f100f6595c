import NIOCore
import SansIO
import Testing
import Wire

@testable import Yamux

/// Two real sessions against each other.
@Suite struct SessionPairTests {
  /// Random deeds on both sides over a random link, each checked against the model, until everything is
  /// closed.
  @Test(arguments: UInt64(0)..<48)
  func randomDeedsAgreeWithTheModel(_ seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed).fork("deeds")
    var link = Pair.Link()
    link.pieceBytesMax = [1 << 16, 3000, 40].randomElement(using: &dice)!
    link.drainBytesMax = [1 << 16, 5000, 600].randomElement(using: &dice)!
    let delay = dice.duration(upTo: .milliseconds(60))
    link.delay = delay...(delay + dice.duration(upTo: .milliseconds(20)))
    let resets = Bool.random(using: &dice)
    // Tiny pieces are for the parser, not for volume.
    let writeMax = min(60_000, 40 * min(link.pieceBytesMax, link.drainBytesMax))
    var pair = Pair(seed: seed, link: link) {
      $0.streamsMax = 24
      $0.inboundStreamsMax = 12
      $0.ackBacklogMax = 12
      $0.sendBufferBytes = 60_000
      $0.sendBufferTotalBytes = 200_000
      $0.receiveBudgetBytes = 24 * 262_144 + 700_000
    }

    for _ in 0..<250 {
      let side = Int.random(in: 0..<2, using: &dice)
      try deed(&pair, side, writeMax: writeMax, resets: resets, &dice)
      try pair.run(for: dice.duration(upTo: .milliseconds(10)))
      pair.checkBounds()
    }
    try settle(&pair)
  }

  private func deed(
    _ pair: inout Pair, _ side: Int, writeMax: Int, resets: Bool, _ dice: inout SeededGenerator
  ) throws {
    let live = pair.sides[side].known.filter { pair.sides[side].ends[$0]?.closed == false }
    // The peer's limit is no higher than ours, and honest sides stay under it.
    let ours = live.filter { pair.sides[side].session.isOurs($0) }
    guard let id = live.randomElement(using: &dice) else {
      _ = try pair.open(side)
      return
    }
    switch Int.random(in: 0..<20, using: &dice) {
    case 0...2:
      if ours.count < 6, let opened = try pair.open(side), Bool.random(using: &dice) {
        try pair.write(Int.random(in: 1...3000, using: &dice), to: opened, side)
      }
    case 3...9: try pair.write(Int.random(in: 1...writeMax, using: &dice), to: id, side)
    case 10...15: pair.consume(Int.random(in: 1...200_000, using: &dice), of: id, side)
    case 16: pair.finish(id, side)
    case 17: if resets { try pair.reset(id, side) }
    case 18: pair.sides[side].session.ping(at: pair.now)
    default: pair.sides[side].session.releaseIdleStorage()
    }
  }

  /// Finishes every stream and reads everything.
  private func settle(_ pair: inout Pair) throws {
    for _ in 0..<400 {
      for side in 0..<2 {
        for id in pair.sides[side].known { pair.finish(id, side) }
        pair.consumeAll(side)
      }
      try pair.run(for: .milliseconds(200))
      if pair.sides.allSatisfy({ $0.session.streamCount == 0 && !$0.session.hasOutbound }) { break }
    }
    pair.checkDone()
  }

  @Test func theSameSeedIsTheSameRun() throws {
    func run() throws -> [StreamID: Pair.End] {
      var pair = Pair(seed: 5)
      for _ in 0..<20 {
        if let id = try pair.open(0) { try pair.write(40_000, to: id, 0) }
        try pair.run(for: .milliseconds(3))
      }
      return pair.sides[1].ends
    }
    #expect(try run() == run())
  }

  /// Connect, ask, answer: one round trip, whoever opens.
  @Test(arguments: 0..<2)
  func aRequestIsAnsweredInOneRoundTrip(_ side: Int) throws {
    var pair = Pair(seed: 1, link: Pair.Link(delay: .milliseconds(50) ... .milliseconds(50)))
    let start = pair.now
    let id = try #require(try pair.open(side))
    try pair.write(100, to: id, side)
    while pair.sides[1 - side].ends[id]?.received != 100 { _ = try pair.step() }
    try pair.write(200, to: id, 1 - side)
    while pair.sides[side].ends[id]?.received != 200 { _ = try pair.step() }
    #expect(pair.now - start == .milliseconds(100))
  }

  @Test func twoHundredStreamsAtOnceBothWays() throws {
    var pair = Pair(seed: 2)
    for side in 0..<2 {
      for _ in 0..<200 {
        let id = try #require(try pair.open(side))
        try pair.write(5000, to: id, side)
      }
    }
    try pair.run(for: .seconds(1))
    #expect(pair.sides.allSatisfy { $0.session.streamCount == 400 })
    #expect(pair.sides[0].ends.values.map(\.received).reduce(0, +) == 200 * 5000)
    try settle(&pair)
  }

  /// At 100 ms a fixed window of 256 KiB gives 2.6 MB/s: 48 MB would take 18 s.
  @Test func aLongFatPipeIsFilled() throws {
    var link = Pair.Link(delay: .milliseconds(50) ... .milliseconds(50))
    (link.pieceBytesMax, link.drainBytesMax) = (65_536, 65_536)
    var pair = Pair(seed: 3, link: link)
    let start = pair.now
    let id = try #require(try pair.open(0))
    let total = 48_000_000
    while pair.sides[1].ends[id]?.received != total {
      while pair.sides[0].ends[id]!.written < total, pair.sides[0].session.writableBytes(id) > 0 {
        try pair.write(min(200_000, total - pair.sides[0].ends[id]!.written), to: id, 0)
        try pair.drain(0)
      }
      _ = try pair.step()
      pair.consumeAll(1)
    }
    #expect(pair.now - start < .seconds(2), "\(pair.now - start)")
    #expect(pair.sides[1].session.receiveWindowBytes == 16 * 1024 * 1024)
    #expect(pair.sides[1].roundTrips == [.milliseconds(100)])
  }

  @Test func aStreamNobodyReadsDoesNotHoldUpTheOthers() throws {
    var pair = Pair(seed: 4)
    let stuck = try #require(try pair.open(0))
    for _ in 0..<4 { try pair.write(150_000, to: stuck, 0) }
    try pair.run(for: .seconds(1))
    #expect(pair.sides[1].ends[stuck]?.received == 262_144)

    let other = try #require(try pair.open(0))
    for _ in 0..<30 {
      try pair.write(50_000, to: other, 0)
      try pair.run(for: .milliseconds(200))
      pair.consume(.max, of: other, 1)
    }
    #expect(pair.sides[1].ends[other]?.received == 30 * 50_000)
    #expect(pair.sides[1].ends[stuck]?.received == 262_144)
    try settle(&pair)
  }

  @Test func anIdlePairKeepsItselfAlive() throws {
    var pair = Pair(seed: 6)
    try pair.run(for: .seconds(3600))
    #expect(pair.sides.allSatisfy { !$0.session.isFailed })
    let pings = pair.sides.map(\.roundTrips.count).reduce(0, +)
    #expect((110...240).contains(pings), "\(pings)")
  }

  @Test func leavingInOrder() throws {
    var pair = Pair(seed: 7)
    let id = try #require(try pair.open(0))
    try pair.write(50_000, to: id, 0)
    pair.finish(id, 0)
    pair.sides[0].session.goAway(code: 0)
    try pair.run(for: .seconds(1))
    #expect(pair.sides[1].goAwayCode == 0)
    #expect(pair.sides[1].ends[id]?.remoteFinished == true)
    try settle(&pair)
  }
}
