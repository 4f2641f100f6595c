import SansIO
import Testing

extension TokenBucket {
  mutating func expect(
    _ answers: [Bool], at now: Instant, location: SourceLocation = #_sourceLocation
  ) {
    let given = answers.map { _ in take(at: now) }
    #expect(given == answers, sourceLocation: location)
  }
}

@Suite struct TokenBucketTests {
  let start = Instant.zero + .seconds(10)

  @Test func `a burst, then one an interval`() {
    var bucket = TokenBucket(interval: .milliseconds(500), burst: 3, now: start)
    bucket.expect([true, true, true, false], at: start)
    bucket.expect([false], at: start + .milliseconds(499))
    bucket.expect([true, false], at: start + .milliseconds(500))
    bucket.expect([true, true, true, false], at: start + .seconds(60))
  }

  @Test func `refusals cost nothing`() {
    var bucket = TokenBucket(interval: .seconds(5), burst: 1, now: start)
    bucket.expect([true], at: start)
    for second in 1..<5 { bucket.expect([false], at: start + .seconds(second)) }
    bucket.expect([true], at: start + .seconds(5))
  }

  @Test func `full again when every token is back`() {
    var bucket = TokenBucket(interval: .seconds(1), burst: 4, now: start)
    #expect(bucket.isFull(at: start))
    bucket.expect([true, true], at: start)
    #expect(!bucket.isFull(at: start + .milliseconds(1999)))
    #expect(bucket.isFull(at: start + .seconds(2)))
  }

  @Test func `the instant it is full at is all there is to keep`() {
    var bucket = TokenBucket(interval: .seconds(1), burst: 2, now: start)
    bucket.expect([true], at: start)
    var again = TokenBucket(interval: .seconds(1), burst: 2, fullAt: bucket.fullAt)
    again.expect([true, false], at: start)
  }
}
