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
    let rank = (Double(count) * part).rounded(.up)
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
