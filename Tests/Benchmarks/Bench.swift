import ArgumentParser
import Foundation

/// The benchmarks: each figure beside what bounds it, measured in the same run, in turns.
///
/// Timings only report; they depend on the machine. What is counted (allocations, round trips, bytes) comes
/// out the same everywhere, so it is held to the values in `Thresholds`, and exceeding one fails the run.
///
/// Reading order: this file, `Figures/Figure`, then a part: `InMemory`, `Loopback`, `Gossip`, `Presence`,
/// `Relay`, `Store`, `Laboratory`; what they are compared with is in `Bounds` and `Peers`.
@main
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures this package, each figure beside its bound.",
    subcommands: [Measure.self, Ends.self, RawServer.self], defaultSubcommand: Measure.self)
}

/// Measures and reports.
struct Measure: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure", abstract: "Measures this package, each figure beside its bound.")

  /// What can be measured by itself.
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case memory, allocations, roundtrips, handshakes, gossip, presence, store, runtime, loopback, connections,
      start
    case relay, ten, idle, lab
  }

  @Argument(help: "Only these parts: \(Part.allCases.map(\.rawValue).joined(separator: ", ")).")
  var parts: [Part] = []

  @Option(help: "Write the figures to this file too, as JSON.")
  var json: String?

  @Flag(help: "A tenth of the work: to try the benchmarks out, not to quote them.")
  var quick = false

  @Option(help: "Where the accepted values are.")
  var thresholds = "Tests/Benchmarks/Thresholds"

  @OptionGroup var tools: Tools

  func run() async throws {
    let effort = Effort(isQuick: quick)
    var figures: [Figure] = []
    var failures: [String] = []
    for part in parts.isEmpty ? Part.allCases : parts {
      FileHandle.standardError.write(Data("\(part.rawValue) …\n".utf8))
      do {
        figures += try await measure(part, effort)
      } catch {
        failures.append("\(part.rawValue) was not measured: \(error)")
      }
    }
    print(Table.text(figures))
    if let json { try write(figures, to: json) }
    let objections = figures.compactMap(Thresholds(folder: thresholds).objection)
    failures += objections
    for failure in failures { print("error: \(failure)") }
    // scripts/test reads this line.
    let short = figures.count { $0.isReached == false }
    print(
      "\(figures.count - objections.count) passed, \(short) short of their goal, \(failures.count) failed")
    if !failures.isEmpty { throw ExitCode.failure }
  }

  private func measure(_ part: Part, _ effort: Effort) async throws -> [Figure] {
    switch part {
    case .memory: try InMemoryFigures.throughput(effort)
    case .allocations: try InMemoryFigures.allocations(effort)
    case .roundtrips: try RoundTripFigure.figures(effort) + RelayRoundTrips.figures(effort)
    case .handshakes: try InMemoryFigures.handshakes(effort)
    case .gossip: try GossipFigures.figures(effort)
    case .ten: try TenProcesses.figures(effort, tools)
    case .presence: try PresenceFigures.figures(effort)
    case .idle: try IdleFigure.figures(effort, tools)
    case .store: try StoreBenchmark.figures(effort)
    case .runtime: try await RuntimeAllocations.figures(effort)
    case .loopback: try ThroughputFigures.figures(effort, tools)
    case .connections: try ConnectionFigures.figures(effort)
    case .start: try StartFigures.figures(effort, tools)
    case .relay: try RelayFigures.figures(effort, tools)
    case .lab: try LabFigures.figures(effort, tools)
    }
  }

  private func write(_ figures: [Figure], to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(figures).write(to: URL(fileURLWithPath: path))
  }
}

/// Other programs that take part.
struct Tools: ParsableArguments {
  @Option(help: "The meshnode to measure, as scripts/install puts it in place.")
  var meshnode = ".build/installed/bin/meshnode"

  @Option(help: "The meshrelay to measure, as scripts/install puts it in place.")
  var meshrelay = ".build/installed/bin/meshrelay"

  @Option(help: "Seconds for which a relay's reservations are held.")
  var hold: Double?

  @Option(help: "The meshsim to measure, as scripts/install puts it in place.")
  var meshsim = ".build/installed/bin/meshsim"

  @Option(help: "The program of experiments in the laboratory.")
  var labProbe = ".build/release/lab-probe"

  @Option(help: "The interop suite's Python.")
  var python: String = interopCache("venv/bin/python")

  @Option(help: "The interop suite's Go daemon.")
  var goDaemon: String = interopCache("p2pd")
}

/// Where `scripts/setup interop` puts things.
private func interopCache(_ path: String) -> String {
  let environment = ProcessInfo.processInfo.environment
  let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
  return "\(cache)/meshwork/interop/\(path)"
}

/// How much to do.
struct Effort {
  let isQuick: Bool
  var rounds: Int { isQuick ? 1 : 7 }
  func bytes(_ full: Int) -> Int { isQuick ? full / 8 : full }
  func count(_ full: Int) -> Int { isQuick ? max(full / 10, 1) : full }
}

/// Why something could not be measured.
struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
