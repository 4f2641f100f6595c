import FoundationEssentials
import Scenario

/// What `meshsim run --json` says of a trial.
struct Outcome: Decodable {
  struct Expectation: Decodable {
    let name, verdict, detail: String
    let evidence: [Evidence]
  }

  /// What an evidence is a number of. Others speak of the laboratory, not of a node.
  enum Witness { case packet, event, other }

  struct Evidence: Decodable {
    let host: String
    let packet, event: Int?

    var witness: Witness { packet != nil ? .packet : event != nil ? .event : .other }
    var place: String { "\(host), \(witness) \(packet ?? event ?? 0)" }
  }

  struct Health: Decodable { let complaints: [String] }

  let scenario, verdict: String
  let expectations: [Expectation]
  let health: Health

  var isVoid: Bool { verdict == "void" }

  /// Why this is not what the trial must come to; nil if it is.
  func objection(to trial: Trial) -> String? {
    if isVoid { return "void: " + health.complaints.joined(separator: "; ") }
    let red = expectations.filter { $0.verdict != "passed" }
    guard let fault = trial.fault, let rule = fault.rule else {
      // A rule that had nothing to judge would be green with every fault.
      let idle = expectations.filter { $0.detail.hasPrefix("0 ") }.map(\.name)
      if !idle.isEmpty { return "nothing to judge by: " + idle.joined(separator: "; ") }
      return red.isEmpty ? nil : "red without a fault: " + red.map(\.words).joined(separator: "; ")
    }
    guard let caught = red.first(where: { $0.name == rule.words }) else {
      return "not caught: “\(rule.words)” is green"
    }
    let others = red.filter { $0.name != rule.words }
    if !others.isEmpty { return "red, too: " + others.map(\.words).joined(separator: "; ") }
    let witnesses = Set(caught.evidence.filter { $0.host == Trial.hub }.map(\.witness))
    if witnesses != fault.witnesses {
      let places = caught.evidence.map(\.place).joined(separator: "; ")
      return "caught, but not by the witness that counts: \(places.isEmpty ? "none" : places)"
    }
    return nil
  }

  /// What is red, for a person.
  var finding: String {
    let red = expectations.filter { $0.verdict != "passed" }
    return red.isEmpty
      ? "all \(expectations.count) green"
      : red.map { $0.words + $0.evidence.prefix(2).map { " [\($0.place)]" }.joined() }.joined(separator: "; ")
  }
}

extension Outcome.Expectation {
  fileprivate var words: String { "“\(name)”: \(detail)" }
}
