import SansIO
import Scenario

/// `report.html`: one file that needs no network, in the light or the dark, on a desk or a phone. Topology,
/// expectations with their evidence, the sequence of what happened, health.
///
/// Everything that comes from a run is escaped; there is no script.
package struct Report {
  let verdict: Verdict
  let trace: Trace

  package init(_ verdict: Verdict, of trace: Trace) {
    self.verdict = verdict
    self.trace = trace
  }

  package var html: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(verdict.scenario.escaped): \(verdict.outcome.rawValue)</title>
    <style>\(Self.style)</style></head><body>
    \(head)
    <h2>What must hold</h2>
    \(expectations)
    <h2>Who is where</h2>
    <div class="wide">\(topology)</div>
    <h2>What happened</h2>
    \(Self.legend)
    <div class="wide">\(sequence)</div>
    <h2>How well the laboratory was</h2>
    \(health)
    </body></html>

    """
  }

  private var head: String {
    let passed = verdict.judgements.filter(\.passed).count
    let complaints = verdict.complaints.map { "<li>\($0.escaped)</li>" }.joined()
    return """
      <header class="\(verdict.outcome.rawValue)">
      <h1>\(verdict.scenario.escaped) <span class="badge">\(verdict.outcome.rawValue)</span></h1>
      <p>\(trace.plan.purpose.escaped)</p>
      <p class="small">\(passed) of \(verdict.judgements.count) expectations hold · \
      \(verdict.durationMs.rounded().asTime.escaped) · seed \(verdict.seed) · \
      world \(verdict.world.escaped)</p>
      \(complaints.isEmpty ? "" : "<p>This run proves nothing:</p><ul>\(complaints)</ul>")
      </header>
      """
  }

  /// What failed first.
  private var expectations: String {
    if verdict.judgements.isEmpty { return "<p>Nothing was expected.</p>" }
    let ordered = verdict.judgements.filter { !$0.passed } + verdict.judgements.filter(\.passed)
    return ordered.map(expectation).joined(separator: "\n")
  }

  private func expectation(_ judgement: Judgement) -> String {
    let rows = judgement.evidence.map { evidence in
      "<tr><td class=\"time\">\(time(evidence.at))</td><td>\(evidence.place.escaped)</td>"
        + "<td>\(evidence.what.escaped)</td></tr>"
    }
    let table = rows.isEmpty ? "" : "<div class=\"wide\"><table>\(rows.joined())</table></div>"
    return """
      <details class="\(judgement.passed ? "passed" : "failed")"\(judgement.passed ? "" : " open")>
      <summary><span class="mark">\(judgement.passed ? "✓" : "✗")</span> \(judgement.name.escaped)
      <span class="small">line \(judgement.line)</span></summary>
      <p>\(judgement.detail.escaped)</p>\(table)</details>
      """
  }

  private var health: String {
    let health = verdict.health
    let rows = [
      ("Fabric late, 99th percentile", health.latenessP99Ms.asTime),
      ("The same, surely at least", health.latenessP99AtLeastMs.asTime),
      ("Fabric late, at most", health.latenessMaxMs.asTime),
      ("Tolerated", trace.plan.tolerance.latenessP99Ms.asTime),
      ("Packets lost by TUN devices", "\(health.tunDrops)"),
      ("Packets lost by captures", "\(health.captureLost)"),
      ("Packets that died in the modelled network", "\(trace.drops.count)"),
    ]
    let body = rows.map { "<tr><td>\($0.0)</td><td>\($0.1.escaped)</td></tr>" }.joined()
    return "<table>\(body)</table>"
  }

  private static let legend = """
    <p class="small legend"><b class="step">▬</b> what the laboratory did <b class="message">●→</b> a \
    message by its author and to whom it came <b class="way">◇┄</b> a way between two, by the packets \
    <b class="event">◆</b> what a node said \
    <b class="drop">✗</b> packets that died. A dot or diamond shows its evidence when touched.</p>
    """

  /// Seconds since the beginning.
  func time(_ instant: Instant) -> String {
    let ms = (instant - trace.began).milliseconds
    return (ms / 1000).short + " s"
  }
}
