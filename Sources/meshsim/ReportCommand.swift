import ArgumentParser
import Stage
import Verdict

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Judge a recorded run again, and write its verdict and report.html.")

  @Argument(help: .init("A run directory.", valueName: "dir"))
  var directory: String

  func run() throws {
    let run = RunDirectory(directory)
    let judged = try JudgedRun(of: run)
    if let unwritten = judged.unwritten { throw StageError(unwritten) }
    print("\(judged.verdict.outcome.rawValue): \(run.report)")
  }
}
