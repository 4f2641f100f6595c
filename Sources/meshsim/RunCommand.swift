import ArgumentParser
import FoundationEssentials
import Glibc
import Lab
import Scenario
import Stage
import Verdict

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Perform scenarios and judge them from their packets.",
    discussion: """
      Each run leaves a directory with its captures, key logs, events and drops, the verdict, and \
      report.html. Exit codes: 0 all passed, 1 an expectation failed, 2 a scenario is wrong, 3 this machine \
      lacks something, 4 a run was void.
      """)

  @Argument(help: .init("Files, folders, or names that meshsim list shows.", valueName: "scenario"))
  var scenarios: [String]

  @Option(help: .init("lab, or sim, which is not there yet.", valueName: "world"))
  var world = "lab"

  @Option(help: .init("Of all chance; repeats count on from it. Any, unless given.", valueName: "n"))
  var seed: UInt64?

  @Option(help: .init("Where the run goes; of several runs, the folder for theirs.", valueName: "dir"))
  var out: String?

  @Option(help: .init("Runs at once.", valueName: "n"))
  var jobs = 1

  @Option(name: .customLong("repeat"), help: .init("Runs of each scenario.", valueName: "n"))
  var repeats = 1

  @Option(help: .init("Write the outcome of all runs as JUnit's XML too.", valueName: "file"))
  var junit: String?

  @Flag(help: "Of a folder, the long scenarios too.")
  var all = false

  @Flag(help: "Print verdicts as JSON, one a line, and nothing else.")
  var json = false

  @Flag(help: "Keep what programs stored.")
  var keep = false

  @Flag(help: "Show every expectation with what was found.")
  var verbose = false

  func validate() throws {
    if world == "sim" {
      throw ValidationError("the simulation has not landed yet: scenarios run in the lab (--world lab)")
    }
    if world != "lab" { throw ValidationError("--world is lab or sim, not \(world)") }
    if !(1...64).contains(jobs) { throw ValidationError("--jobs is from 1 to 64, not \(jobs)") }
    if !(1...10_000).contains(repeats) {
      throw ValidationError("--repeat is from 1 to 10000, not \(repeats)")
    }
  }

  func run() throws {
    let runs = try planned()
    let signals = try EndingSignals()
    let campaign = Campaign(runs, jobs: jobs, isQuiet: json, keepsData: keep)
    try signals.forEach { campaign.interrupt($0) }
    let outcomes = campaign.perform { outcome in
      if json {
        if let verdict = outcome.verdict {
          print(verdict.json.text)
        } else {
          StandardError.say(outcome.text(isVerbose: false))
        }
      } else {
        print(outcome.text(isVerbose: verbose))
      }
      fflush(nil)
    }
    if !json, runs.count > 1 {
      print(Campaign.summary(outcomes))
      for line in Campaign.figures(outcomes) { print(line) }
    }
    if let junit {
      do {
        let unperformed = outcomes.filter { $0.verdict == nil }.map { outcome in
          (scenario: outcome.run.plan.name, reason: outcome.failure ?? "it could not be performed")
        }
        try Verdict.junit(outcomes.compactMap(\.verdict), unperformed: unperformed).write(
          toFile: junit, atomically: true, encoding: .utf8)
      } catch {
        throw StageError("\(junit) cannot be written", because: error)
      }
    }
    let status = Campaign.status(of: outcomes)
    if status != 0 { throw ExitCode(status) }
  }

  /// Everything that is wrong with any of them is said before the first is started.
  private func planned() throws -> [PlannedRun] {
    let compiler = try ScenarioCompiler()
    let catalog = ScenarioCatalog()
    let files = try scenarios.flatMap { try catalog.files(named: $0, withLong: all) }
    let first = seed ?? UInt64.random(in: 1...9999)
    var runs: [PlannedRun] = []
    for number in 0..<repeats {
      for file in files {
        let seed = first &+ UInt64(number)
        let plan = try file.plan(seed: seed, with: compiler)
        let directory = directory(of: plan, isOnly: files.count * repeats == 1)
        runs.append(PlannedRun(plan: plan, here: file.folder, directory: directory))
      }
    }
    return runs
  }

  private func directory(of plan: Plan, isOnly: Bool) -> RunDirectory {
    if let out, isOnly { return RunDirectory(out) }
    return RunDirectory("\(out ?? "meshsim-runs")/\(plan.name)-\(plan.seed)")
  }
}
