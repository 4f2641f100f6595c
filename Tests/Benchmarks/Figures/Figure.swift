/// One line of the report: what was measured, beside what bounds it.
struct Figure: Encodable {
  let name: String
  let measured: Double
  let unit: String
  /// The same work without our code, or by somebody else's, measured in the same run.
  var bound: Bound?
  var goal: Goal?
  /// Names the threshold of a figure that is counted rather than timed, which so comes out the same on any
  /// machine.
  var counted: String?

  struct Bound: Encodable {
    let name: String
    let value: Double
    /// Measured to bound. Where both were measured in rounds, the median of the rounds' ratios.
    let ratio: Double

    init(_ name: String, _ value: Double, ratio: Double) {
      (self.name, self.value, self.ratio) = (name, value, ratio)
    }
  }

  enum Goal: Encodable {
    case atMost(Double), atLeast(Double), ratioAtLeast(Double), ratioAtMost(Double)
  }

  /// Nil without a goal, or when the goal is a ratio and there is no bound.
  var isReached: Bool? {
    switch goal {
    case .atMost(let limit): measured <= limit
    case .atLeast(let limit): measured >= limit
    case .ratioAtLeast(let limit): bound.map { $0.ratio >= limit }
    case .ratioAtMost(let limit): bound.map { $0.ratio <= limit }
    case nil: nil
    }
  }
}

extension Figure {
  /// A figure and its bound as they were measured in turn.
  init(
    _ name: String, _ measured: Samples, _ unit: String, boundBy boundName: String, _ bound: Samples,
    goal: Goal? = nil
  ) {
    self.init(
      name: name, measured: measured.median, unit: unit,
      bound: Bound(boundName, bound.median, ratio: measured.ratio(to: bound)), goal: goal)
  }
}
