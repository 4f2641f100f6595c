import FoundationEssentials
package import Lab
import NetworkModel
import SansIO

/// The outcome: every kind with what was measured, as text and as JSON.
package struct Certificate: Sendable {
  package struct Result: Sendable {
    package enum Measurement: Sendable {
      case profile(Profile)
      /// Void: this machine did not come round to its own clocks in time.
      case late
      /// The prober itself did not work.
      case failed(String)
    }

    package let kind: Kind
    package let measurement: Measurement

    package init(_ kind: Kind, _ measurement: Measurement) {
      self.kind = kind
      self.measurement = measurement
    }

    package var isLate: Bool {
      if case .late = measurement { return true }
      return false
    }

    package var findings: [Finding] {
      guard case .profile(let measured) = measurement else { return [] }
      return kind.findings(in: measured)
    }

    /// It behaves as declared; one that is broken was caught.
    package var isAsExpected: Bool {
      guard case .profile(let measured) = measurement else { return false }
      return kind.flaw == nil ? findings.isEmpty : kind.isCaught(measured)
    }
  }

  package let results: [Result]
  package let health: Health
  package let duration: Duration
  /// How often kinds had to be probed until none was late.
  package let rounds: Int

  package init(results: [Result], health: Health, duration: Duration, rounds: Int = 1) {
    self.rounds = rounds
    self.results = results
    self.health = health
    self.duration = duration
  }

  /// Nothing is known to be wrong, but not everything was measured.
  package var isVoid: Bool {
    results.contains(where: \.isLate) && results.allSatisfy { $0.isLate || $0.isAsExpected }
  }
  package var isPassed: Bool { results.allSatisfy(\.isAsExpected) }
  package var broken: [Result] { results.filter { $0.kind.flaw != nil } }
  package var caught: [Result] { broken.filter(\.isAsExpected) }
}

// MARK: Text

extension Certificate {
  /// Fits into 80 columns, but for what is wrong.
  package var text: String {
    var lines: [String] = []
    for transport in ["UDP", "TCP"] { lines += table(transport) + [""] }
    lines.append("other kinds")
    lines += results.filter { $0.kind.cell == nil && $0.kind.flaw == nil }.map(line)
    lines += ["", "broken on purpose"] + broken.map(line)
    let wrong = results.filter { !$0.isAsExpected }
    if !wrong.isEmpty { lines += ["", "not as expected"] + wrong.flatMap(explanation) }
    let sound = results.filter { $0.kind.flaw == nil }
    lines += [
      "",
      "\(sound.count(where: \.isAsExpected)) of \(sound.count) kinds behave as declared, "
        + "caught \(caught.count) of \(broken.count) broken ones, in \(seconds(duration))",
      healthLine,
    ]
    return lines.joined(separator: "\n")
  }

  private func table(_ transport: String) -> [String] {
    let columns = NAT.Dependence.allCases
    var lines = [
      "\(transport): model, kernel",
      padded("maps \\ filters", 22) + columns.map { padded(short($0), 19) }.joined(),
    ]
    for mapping in columns {
      let cells = columns.map { filtering in
        Kind.World.allCases.map { world in
          let result = results.first { result in
            result.kind.cell == .init(mapping: mapping, filtering: filtering)
              && result.kind.world == world && result.kind.flaw == nil
          }
          return result.map { isGood($0, transport) ? "yes" : "NO" } ?? "-"
        }.joined(separator: ", ")
      }
      lines.append(padded(short(mapping), 22) + cells.map { padded($0, 19) }.joined())
    }
    return lines.map { $0.trimmed }
  }

  /// Whether a transport's own properties are as declared; what both share counts for both.
  private func isGood(_ result: Result, _ transport: String) -> Bool {
    guard case .profile = result.measurement else { return false }
    let other = transport == "UDP" ? "TCP" : "UDP"
    return result.findings.allSatisfy { $0.property.rawValue.hasPrefix(other) }
  }

  private func line(_ result: Result) -> String {
    var verdict = result.isAsExpected ? "as declared" : "NOT AS DECLARED"
    if let flaw = result.kind.flaw {
      verdict = result.isAsExpected ? "caught by \(flaw.property.rawValue)" : "NOT CAUGHT"
    }
    return "  \(padded(result.kind.world.rawValue, 8))\(padded(result.kind.name, 36))\(verdict)"
  }

  private func explanation(_ result: Result) -> [String] {
    let title = "  \(result.kind.world.rawValue), \(result.kind.name)"
    switch result.measurement {
    case .late: return ["\(title): this machine was too busy to measure it"]
    case .failed(let reason): return ["\(title): \(reason)"]
    case .profile(let measured):
      var lines = [title] + result.findings.map { "    \($0)" }
      if let flaw = result.kind.flaw {
        lines += flaw.built.findings(in: measured).map { "    beside its flaw: \($0)" }
        if result.findings.isEmpty { lines.append("    nothing was found") }
      }
      return lines
    }
  }

  private var healthLine: String {
    let lateness = Int(health.lateness.quantile(0.99).milliseconds * 1000)
    return "laboratory: \(health.delivered) packets, 99 % at most \(lateness) µs late, "
      + "\(health.queueDrops) dropped in queues"
      + (rounds > 1 ? "\nwhat was late was probed again: \(rounds) rounds" : "")
  }

  private func short(_ dependence: NAT.Dependence) -> String {
    switch dependence {
    case .endpointIndependent: "independent"
    case .addressDependent: "by address"
    case .addressAndPortDependent: "by address and port"
    }
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private func seconds(_ duration: Duration) -> String {
    let tenths = Int(duration / .milliseconds(100))
    return "\(tenths / 10).\(tenths % 10) s"
  }
}

extension String {
  fileprivate var trimmed: String {
    String(self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)])
  }
}

// MARK: JSON

extension Certificate {
  private struct Document: Encodable {
    struct Entry: Encodable {
      let name: String
      let world: Kind.World
      let passed: Bool
      let declared: Profile
      let measured: Profile?
      let findings: [Finding]
      /// Of broken ones: the property they must be caught by.
      let flaw: Property?
      let failure: String?
    }

    struct Laboratory: Encodable {
      let packets: UInt64
      let lateP99Microseconds: Int
      let queueDrops: UInt64
    }

    let passed: Bool
    let void: Bool
    let rounds: Int
    let durationMs: Int
    let kinds: [Entry]
    let broken: [Entry]
    let caught: Int
    let health: Laboratory
  }

  /// `{"passed", "void", "rounds", "durationMs", "kinds": [{"name", "world", "passed", "declared",
  /// "measured", "findings"}],
  /// "broken": [the same, and "flaw"], "caught", "health"}`; a profile is an object of words by property.
  package var json: String {
    let document = Document(
      passed: isPassed, void: isVoid, rounds: rounds, durationMs: Int(duration / .milliseconds(1)),
      kinds: results.filter { $0.kind.flaw == nil }.map(entry), broken: broken.map(entry),
      caught: caught.count,
      health: .init(
        packets: health.delivered,
        lateP99Microseconds: Int(health.lateness.quantile(0.99).milliseconds * 1000),
        queueDrops: health.queueDrops))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(document) else {
      preconditionFailure("a certificate of \(results.count) kinds is no JSON")
    }
    return String(decoding: data, as: UTF8.self)
  }

  private func entry(_ result: Result) -> Document.Entry {
    var (measured, failure): (Profile?, String?)
    switch result.measurement {
    case .profile(let profile): measured = profile
    case .late: failure = "this machine was too busy to measure it"
    case .failed(let reason): failure = reason
    }
    return Document.Entry(
      name: result.kind.name, world: result.kind.world, passed: result.isAsExpected,
      declared: result.kind.declared, measured: measured, findings: result.findings,
      flaw: result.kind.flaw?.property, failure: failure)
  }
}
