import SansIO
package import Scenario

extension Verdict {
  /// `verdict.json`.
  package var json: JSON {
    [
      "scenario": .string(scenario), "world": .string(world), "seed": .unsigned(seed),
      "verdict": .string(outcome.rawValue), "durationMs": .number(durationMs.rounded()),
      "expectations": .array(judgements.map(\.json)), "health": health.json(complaints),
    ]
  }
}

extension Judgement {
  fileprivate var json: JSON {
    var members: [JSON.Member] = [
      .init("name", .string(name)), .init("verdict", .string(passed ? "passed" : "failed")),
      .init("detail", .string(detail)),
    ]
    if let figureMs { members.append(.init("figureMs", .number(figureMs))) }
    members.append(.init("line", .integer(Int64(line))))
    members.append(.init("evidence", .array(evidence.map(\.json))))
    return .object(members)
  }
}

extension Evidence {
  var json: JSON {
    [
      "host": .string(host), kind.rawValue: .integer(Int64(number)),
      "timeMs": .integer(Int64(clamping: at.nanoseconds / 1_000_000)), "what": .string(what),
    ]
  }

  /// `ana packet 17`.
  var place: String { kind == .step ? "step \(number)" : "\(host) \(kind.rawValue) \(number)" }
}

extension Health {
  fileprivate func json(_ complaints: [String]) -> JSON {
    [
      "latenessP99Ms": .number(latenessP99Ms), "latenessP99AtLeastMs": .number(latenessP99AtLeastMs),
      "latenessMaxMs": .number(latenessMaxMs),
      "tunDrops": .integer(Int64(tunDrops)), "captureLost": .integer(Int64(captureLost)),
      "complaints": .array(complaints.map(JSON.string)),
    ]
  }
}
