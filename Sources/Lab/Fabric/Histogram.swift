/// How durations are distributed, from a nanosecond to centuries, within 3 %: 32 steps for every power of
/// two.
package struct Histogram: Hashable, Sendable {
  private static let stepBits = 5
  private static let steps = 1 << stepBits

  private var counts = [UInt64](repeating: 0, count: (64 - stepBits + 1) * steps)
  package private(set) var count: UInt64 = 0
  package private(set) var max: Duration = .zero
  private var maxNanoseconds: UInt64 = 0

  package init() {}

  package mutating func record(nanoseconds: UInt64) {
    counts[Self.bucket(nanoseconds)] += 1
    count += 1
    if nanoseconds > maxNanoseconds {
      maxNanoseconds = nanoseconds
      max = .nanoseconds(Int64(clamping: nanoseconds))
    }
  }

  /// The duration that this part of all records (0.99 of them) did not exceed; zero without records.
  package func quantile(_ part: Double) -> Duration {
    duration(ofRank: (Double(count) * part).rounded(.up))
  }

  /// What that duration is at least where the records come from, of which they are a sample: it would take
  /// more than a chance in a thousand for it to be less. With few records far below `quantile`, with many
  /// hardly.
  package func quantileAtLeast(_ part: Double) -> Duration {
    let beyond = Self.binomialMost(of: count, 1 - part)
    return beyond < count ? duration(ofRank: Double(count - beyond)) : .zero
  }

  /// How many of so many trials succeed at most, but for one chance in a thousand.
  static func binomialMost(of count: UInt64, _ chance: Double) -> UInt64 {
    let (expected, limit) = (Double(count) * chance, 0.999)
    // Where e^-expected is a number to count with, exactly; beyond, the normal distribution with Cornish and
    // Fisher's term for its skew is off by less than one.
    guard expected < 500 else {
      let z = 3.0902
      let spread = (expected * (1 - chance)).squareRoot()
      return UInt64(expected + z * spread + (1 - 2 * chance) * (z * z - 1) / 6 + 0.5)
    }
    var term = 1.0
    for _ in 0..<count { term *= 1 - chance }
    var (sum, successes) = (term, 0.0)
    while sum < limit, successes < Double(count) {
      term *= (Double(count) - successes) / (successes + 1) * chance / (1 - chance)
      successes += 1
      sum += term
    }
    return UInt64(successes)
  }

  private func duration(ofRank rank: Double) -> Duration {
    var seen: UInt64 = 0
    for (bucket, count) in counts.enumerated() where count > 0 {
      seen += count
      if Double(seen) >= rank { return min(max, .nanoseconds(Int64(clamping: Self.upperEnd(of: bucket)))) }
    }
    return .zero
  }

  private static func bucket(_ value: UInt64) -> Int {
    if value < UInt64(steps) { return Int(value) }
    let shift = 63 - value.leadingZeroBitCount - stepBits
    return (shift + 1) * steps + Int(value >> UInt64(shift)) - steps
  }

  private static func upperEnd(of bucket: Int) -> UInt64 {
    if bucket < steps { return UInt64(bucket) }
    let shift = UInt64(bucket / steps - 1)
    let step = UInt64(bucket % steps + steps)
    return (step << shift) + ((1 << shift) - 1)
  }
}
