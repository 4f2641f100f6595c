import Scenario
import Verdict

// What runs measured, over all of them: the percentiles of each figure.
extension Campaign {
  /// One line for each figure: how many runs had it, its median, its 95th percentile, and its worst.
  static func figures(_ outcomes: [RunOutcome]) -> [String] {
    var names: [String] = []
    var values: [String: [Double]] = [:]
    for outcome in outcomes {
      // A void run measured the machine.
      guard let verdict = outcome.verdict, verdict.outcome != .void else { continue }
      for judgement in verdict.judgements {
        guard let figure = judgement.figureMs else { continue }
        let name = "\(outcome.run.plan.name): \(judgement.name)"
        if values[name] == nil { names.append(name) }
        values[name, default: []].append(figure)
      }
    }
    return names.map { name in
      let sorted = (values[name] ?? []).sorted()
      return "\(name)  median \(sorted.quantile(0.5).rounded().asTime), "
        + "p95 \(sorted.quantile(0.95).rounded().asTime), worst \(sorted.quantile(1).rounded().asTime), "
        + "\(sorted.count) \(sorted.count == 1 ? "run" : "runs")"
    }
  }
}

extension [Double] {
  /// Of sorted values: the least that at least this share of them does not exceed. 0 if there is none.
  func quantile(_ share: Double) -> Double {
    guard !isEmpty else { return 0 }
    let rank = (share * Double(count)).rounded(.up)
    return self[Swift.min(count - 1, Swift.max(0, Int(rank) - 1))]
  }
}
