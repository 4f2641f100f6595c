// How often a peer may push.

import Identify
import Identity
import SansIO
import Testing

extension PushLimiter {
  mutating func expect(
    _ allowed: Bool, _ peer: PeerID, at now: Instant, location: SourceLocation = #_sourceLocation
  ) {
    let answer = allowsPush(from: peer, at: now)
    #expect(answer == allowed, sourceLocation: location)
  }
}

@Suite struct PushLimiterTests {
  let peers: [PeerID]

  init() throws {
    peers = try (1...20 as ClosedRange<UInt8>).map { try keys($0).peerID }
  }

  @Test func `a burst, then one an interval`() {
    var limiter = PushLimiter(burst: 3, interval: .seconds(5))
    for _ in 0..<3 { limiter.expect(true, peers[0], at: ms(0)) }
    limiter.expect(false, peers[0], at: ms(0))
    limiter.expect(false, peers[0], at: ms(4999))
    limiter.expect(true, peers[0], at: ms(5000))
    limiter.expect(false, peers[0], at: ms(9999))
    limiter.expect(true, peers[0], at: ms(10_000))
  }

  @Test func `refusals cost nothing`() {
    var limiter = PushLimiter(burst: 1, interval: .seconds(5))
    limiter.expect(true, peers[0], at: ms(0))
    for time in 1...4999 as ClosedRange<Int64> { limiter.expect(false, peers[0], at: ms(time)) }
    limiter.expect(true, peers[0], at: ms(5000))
  }

  @Test func `peers do not pay for each other, and a full bucket is forgotten`() {
    var limiter = PushLimiter(burst: 2, interval: .seconds(5))
    for peer in peers {
      limiter.expect(true, peer, at: ms(0))
      limiter.expect(true, peer, at: ms(0))
      limiter.expect(false, peer, at: ms(0))
    }
    #expect(limiter.peerCount == 20)
    limiter.expect(true, peers[0], at: ms(10_000))
    #expect(limiter.peerCount == 1)
    limiter.expect(true, peers[0], at: ms(10_000))
    limiter.expect(false, peers[0], at: ms(10_000))
  }

  @Test func `the table is bounded, and the fullest bucket gives way`() {
    var limiter = PushLimiter(burst: 2, interval: .seconds(5), peersMax: 3)
    for peer in peers[0..<3] { limiter.expect(true, peer, at: ms(0)) }
    limiter.expect(true, peers[0], at: ms(0))
    limiter.expect(true, peers[3], at: ms(1))
    #expect(limiter.peerCount == 3)
    limiter.expect(false, peers[0], at: ms(1))
  }

  @Test func `a peer never gets more than its rate over any time`() {
    for seed in 0..<50 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var limiter = PushLimiter(burst: 10, interval: .seconds(5))
      var now = ms(0)
      var allowed: Int64 = 0
      while now < ms(600_000) {
        now += generator.duration(upTo: .milliseconds(1500))
        if limiter.allowsPush(from: peers[0], at: now) { allowed += 1 }
      }
      #expect(allowed <= 10 + (now - .zero).components.seconds / 5)
      #expect(allowed >= 115)
    }
  }
}
