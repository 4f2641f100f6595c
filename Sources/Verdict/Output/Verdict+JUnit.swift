import Scenario

extension Verdict {
  /// `junit.xml` of this run: one test case an expectation. A void run is an error in each.
  package var junit: String { Self.junit([self]) }

  /// One document for several runs, a suite each; of a run that could not be performed, why.
  package static func junit(
    _ verdicts: [Verdict], unperformed: [(scenario: String, reason: String)] = []
  ) -> String {
    let errors = unperformed.map { scenario, reason in
      "  <testsuite name=\"\(scenario.escaped)\" tests=\"1\" failures=\"0\" errors=\"1\">\n"
        + "    <testcase classname=\"\(scenario.escaped)\" name=\"the run\">"
        + "<error message=\"\(reason.escaped)\"/></testcase>\n  </testsuite>\n"
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      + (verdicts.map(\.suite) + errors).joined() + "</testsuites>\n"
  }

  private var suite: String {
    let failures = outcome == .void ? 0 : judgements.filter { !$0.passed }.count
    let errors = outcome == .void ? max(1, judgements.count) : 0
    let cases = judgements.isEmpty && outcome == .void ? [Self.voidCase] : judgements
    let head =
      "  <testsuite name=\"\(scenario.escaped)\" tests=\"\(cases.count)\" failures=\"\(failures)\" "
      + "errors=\"\(errors)\" time=\"\((durationMs / 1000).short)\">\n"
      + "    <properties><property name=\"seed\" value=\"\(seed)\"/>"
      + "<property name=\"world\" value=\"\(world.escaped)\"/></properties>\n"
    return head + cases.map(testCase).joined() + "  </testsuite>\n"
  }

  private static let voidCase = Judgement(name: "the run", passed: false, detail: "", evidence: [], line: 1)

  private func testCase(_ judgement: Judgement) -> String {
    let head =
      "    <testcase classname=\"\(scenario.escaped)\" name=\"\(judgement.name.escaped)\" "
      + "file=\"\(scenario.escaped).swift\" line=\"\(judgement.line)\""
    if outcome == .void {
      let why = complaints.joined(separator: "; ").escaped
      return head + "><error message=\"void: \(why)\"/></testcase>\n"
    }
    if judgement.passed { return head + "/>\n" }
    let evidence = judgement.evidence.map { "\($0.place): \($0.what)" }.joined(separator: "\n").escaped
    return head + "><failure message=\"\(judgement.detail.escaped)\">\(evidence)</failure></testcase>\n"
  }
}

extension String {
  /// For text and attributes of XML 1.0 and HTML; characters that XML cannot carry become U+FFFD.
  var escaped: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      case "\n": text += "&#10;"
      case "\t": text += "&#9;"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": text += "\u{FFFD}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
