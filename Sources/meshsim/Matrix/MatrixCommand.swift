import ArgumentParser
import Lab
import Scenario
import Stage
import Verdict

struct MatrixCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "matrix", abstract: "Hole punching over NAT × NAT: every pair of kinds, with reasons.",
    discussion: """
      What is possible follows from mapping, filtering and rejection of both sides; every pair is then tried \
      by real nodes with a relay. Exit status 1 if a pair is not as foretold, 4 if this machine was too busy \
      to tell.
      """)

  enum Transport: String, ExpressibleByArgument {
    case tcp, quic
  }

  @Option(help: .init("tcp, or quic, which is not there yet.", valueName: "transport"))
  var transport = Transport.tcp

  @Option(help: .init("Of all chance.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(help: "One JSON object.")
  var json = false

  @Option(help: .init("Where the run goes.", valueName: "dir"))
  var out: String?

  func validate() throws {
    if transport == .quic {
      throw ValidationError("nodes speak no QUIC yet: --transport tcp")
    }
  }

  func run() throws {
    let matrix = Matrix()
    let directory = RunDirectory(out ?? "meshsim-runs/matrix-\(seed)")
    let run = PlannedRun(plan: matrix.plan(seed: seed), here: ".", directory: directory)
    let signals = try EndingSignals()
    let campaign = Campaign([run], jobs: 1, isQuiet: json, keepsData: false)
    try signals.forEach { campaign.interrupt($0) }
    guard let outcome = campaign.perform(report: { _ in }).first else { throw ExitCode.failure }
    guard let verdict = outcome.verdict, outcome.failure == nil else {
      throw StageError("the matrix: \(outcome.failure ?? "cut off")", exitCode: max(1, outcome.status))
    }
    let cells = matrix.cells(of: try Playback(of: directory, readsCaptures: false).trace)
    print(json ? matrix.json(cells).text : matrix.text(cells))
    if !json { print(directory.report) }
    for complaint in verdict.complaints { StandardError.say("void: \(complaint)") }
    if verdict.outcome == .void { throw ExitCode(4) }
    if verdict.outcome == .failed || cells.contains(where: { !$0.isExplained }) { throw ExitCode.failure }
  }
}
