import FoundationEssentials
import Glibc
import Lab
import SansIO
import Scenario
import Stage
import Verdict

/// A run that is to be made.
struct PlannedRun: Sendable {
  let plan: Plan
  /// The folder of the scenario's file.
  let here: String
  let directory: RunDirectory
}

/// What came of a run.
struct RunOutcome: Sendable {
  let run: PlannedRun
  /// None if the run could not even begin.
  let verdict: Verdict?
  let failure: String?
  /// Why the verdict is not in the run's directory, if so.
  var unwritten: String?
  /// As INTERFACES has it.
  let status: Int32
}

/// Several runs, some at once: each in a sandbox and a process of its own, judged when it has ended.
final class Campaign: Sendable {
  private let runs: [PlannedRun]
  private let jobs: Int
  private let isQuiet: Bool
  private let keepsData: Bool
  private let state = Monitor(State())

  private struct State {
    var next = 0
    var sandboxes: [Int: SandboxedRun] = [:]
    var outcomes: [Int: RunOutcome] = [:]
    var isInterrupted = false
  }

  init(_ runs: [PlannedRun], jobs: Int, isQuiet: Bool, keepsData: Bool) {
    self.runs = runs
    self.jobs = min(jobs, runs.count)
    self.isQuiet = isQuiet
    self.keepsData = keepsData
  }

  /// Hands a signal on to what runs, and starts nothing more. From a terminal it has reached them already.
  /// The second one ends them without ado, or else the judging of what was recorded.
  func interrupt(_ signal: EndingSignals.Signal) {
    let (running, isSecond) = state.withLock { state in
      defer { state.isInterrupted = true }
      return (Array(state.sandboxes.values), state.isInterrupted)
    }
    if isSecond {
      for run in running { run.signal(SIGKILL) }
      if running.isEmpty {
        StandardError.say("meshsim: interrupted while judging; what was recorded stays")
        Glibc.exit(1)
      }
    } else if !signal.isFromTerminal {
      for run in running { run.signal(signal.number) }
    }
  }

  /// Performs all; `report` gets each outcome as it comes, one at a time. Outcomes in the order of the runs.
  func perform(report: @escaping @Sendable (RunOutcome) -> Void) -> [RunOutcome] {
    // A sandbox ends with the thread that started it, so each worker starts its own.
    let workers = (0..<jobs).compactMap { _ in
      try? Thread("meshsim-job", stackBytes: 8 << 20) { [self] in
        while let index = nextIndex() {
          let outcome = perform(index)
          state.withLock { state in
            state.outcomes[index] = outcome
            report(outcome)
          }
        }
      }
    }
    for worker in workers { worker.join() }
    return state.peek { state in runs.indices.compactMap { state.outcomes[$0] } }
  }

  private func nextIndex() -> Int? {
    state.withLock { state in
      guard !state.isInterrupted, state.next < runs.count else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  private func perform(_ index: Int) -> RunOutcome {
    let run = runs[index]
    do {
      try run.prepare()
      var arguments = ["meshsim", "stage", run.directory.path, "--here", run.here]
      if isQuiet { arguments.append("--quiet") }
      if jobs > 1 { arguments += ["--prefix", "\(run.plan.name)-\(run.plan.seed)"] }
      let sandbox = try SandboxedRun(arguments: arguments)
      let isLate = state.withLock { state in
        state.sandboxes[index] = sandbox
        return state.isInterrupted
      }
      if isLate { sandbox.signal(SIGINT) }
      let end = sandbox.wait()
      state.withLock { $0.sandboxes[index] = nil }
      if end > 1, end != 4 {
        return RunOutcome(
          run: run, verdict: nil, failure: "the laboratory ended with status \(end)",
          status: end == 2 || end == 3 ? end : 1)
      }
      let judged = try JudgedRun(of: run.directory)
      if !keepsData { try? FileManager.default.removeItem(atPath: run.directory.data) }
      let status = judged.verdict.status
      return RunOutcome(
        run: run, verdict: judged.verdict, failure: judged.failure, unwritten: judged.unwritten,
        status: status == 0 && judged.unwritten != nil ? 1 : status)
    } catch let error as LabError {
      return RunOutcome(run: run, verdict: nil, failure: "\(error)", status: error.exitCode)
    } catch let error as StageError {
      return RunOutcome(run: run, verdict: nil, failure: "\(error)", status: error.exitCode)
    } catch {
      return RunOutcome(run: run, verdict: nil, failure: "\(error)", status: 1)
    }
  }

  // MARK: What came out

  /// The worst: a machine that lacks something, then failures, then void runs.
  static func status(of outcomes: [RunOutcome]) -> Int32 {
    for status: Int32 in [3, 2, 1, 4] where outcomes.contains(where: { $0.status == status }) {
      return status
    }
    return outcomes.isEmpty ? 1 : 0
  }

  /// Pass rates by scenario.
  static func summary(_ outcomes: [RunOutcome]) -> String {
    var names: [String] = []
    for outcome in outcomes where !names.contains(outcome.run.plan.name) {
      names.append(outcome.run.plan.name)
    }
    let width = names.map(\.count).max() ?? 0
    return names.map { name in
      let all = outcomes.filter { $0.run.plan.name == name }
      let failed = all.filter { $0.status != 0 }
      let seeds = failed.map { "\($0.run.plan.seed)" }.joined(separator: ", ")
      return name.padded(to: width) + "  \(all.count - failed.count) of \(all.count) passed"
        + (failed.isEmpty ? "" : "; not with seed \(seeds)")
    }.joined(separator: "\n")
  }
}

extension PlannedRun {
  /// An empty directory with the plan in it. What a former run left there goes.
  func prepare() throws(StageError) {
    let manager = FileManager.default
    do {
      if manager.fileExists(atPath: directory.path) {
        // Nothing but a run's directory is emptied.
        let entries = try manager.contentsOfDirectory(atPath: directory.path)
        guard entries.isEmpty || entries.contains("scenario.json") else {
          throw StageError("\(directory.path) is there, and is no run directory", exitCode: 2)
        }
        for entry in entries { try manager.removeItem(atPath: "\(directory.path)/\(entry)") }
      }
      try manager.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(plan).write(to: URL(filePath: directory.scenario))
      try "\(plan.seed)\n".write(toFile: directory.seed, atomically: true, encoding: .utf8)
    } catch let error as StageError {
      throw error
    } catch {
      throw StageError("\(directory.path) cannot be made ready", because: error)
    }
  }
}

extension Verdict {
  var status: Int32 {
    switch outcome {
    case .passed: 0
    case .failed: 1
    case .void: 4
    }
  }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
