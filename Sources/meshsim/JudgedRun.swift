import FoundationEssentials
import Scenario
import Stage
import Verdict

/// A recorded run with its verdict, whose files are written.
struct JudgedRun {
  let verdict: Verdict
  /// Why its steps were not all done.
  let failure: String?
  /// Why the files are not all written: a full disk takes nobody's verdict away.
  let unwritten: String?

  init(of directory: RunDirectory) throws(StageError) {
    let playback = try Playback(of: directory)
    verdict = Verdict(of: playback.trace)
    failure = playback.failure
    do {
      try (verdict.json.text + "\n").write(toFile: directory.verdict, atomically: true, encoding: .utf8)
      try verdict.junit.write(toFile: directory.junit, atomically: true, encoding: .utf8)
      try Report(verdict, of: playback.trace).html.write(
        toFile: directory.report, atomically: true, encoding: .utf8)
      unwritten = nil
    } catch {
      unwritten = StageError("\(directory.path): the verdict cannot be written", because: error).description
    }
  }
}

extension RunOutcome {
  /// For a person: the outcome, what failed and by which evidence, and where the report is.
  func text(isVerbose: Bool) -> String {
    let head = "\(run.plan.name), seed \(run.plan.seed)"
    guard let verdict else { return "✘ \(head): \(failure ?? "it could not be performed")" }
    let mark = ["passed": "✔", "failed": "✘", "void": "∅"][verdict.outcome.rawValue] ?? "?"
    let passed = verdict.judgements.count { $0.passed }
    var lines = [
      "\(mark) \(head): \(verdict.outcome.rawValue), \(passed) of \(verdict.judgements.count) expectations, "
        + "\(verdict.durationMs.asTime)"
    ]
    if let failure { lines.append("  stopped: \(failure)") }
    for complaint in verdict.complaints { lines.append("  void: \(complaint)") }
    for judgement in verdict.judgements where isVerbose || !judgement.passed {
      lines.append("  \(judgement.passed ? "✔" : "✘") \(judgement.name): \(judgement.detail)")
      if judgement.passed { continue }
      for evidence in judgement.evidence.prefix(3) {
        lines.append("      \(evidence.host), \(evidence.kind.rawValue) \(evidence.number): \(evidence.what)")
      }
    }
    lines.append("  \(unwritten ?? run.directory.report)")
    return lines.joined(separator: "\n")
  }
}
