/// What the rounds of one measurement gave.
struct Samples {
  private(set) var values: [Double] = []

  mutating func append(_ value: Double) { values.append(value) }

  var median: Double { Samples.median(of: values) }

  /// The median of the ratios round by round: what slows a whole round down, slows both.
  func ratio(to bound: Samples) -> Double {
    Samples.median(of: zip(values, bound.values).map { $0 / $1 })
  }

  func map(_ transform: (Double) -> Double) -> Samples {
    Samples(values: values.map(transform))
  }

  private static func median(of values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}

/// Measures several things in turn, round after round, so that whatever else the machine does falls on all
/// alike. One round more than asked for comes first and is thrown away.
func interleaved(rounds: Int, _ measurements: [() throws -> Double]) throws -> [Samples] {
  var samples = measurements.map { _ in Samples() }
  for round in 0...rounds {
    for (index, measure) in measurements.enumerated() {
      let value = try measure()
      if round > 0 { samples[index].append(value) }
    }
  }
  return samples
}
