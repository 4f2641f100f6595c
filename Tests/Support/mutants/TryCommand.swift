import ArgumentParser
import Foundation
import Scenario

struct TryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "try", abstract: "Run a trial for each fault, and one without; exit 0 if all come out right."
  )

  @Option(help: .init("The meshsim to run them with.", valueName: "file")) var meshsim: String
  @Option(help: .init("Where plans and runs go.", valueName: "dir")) var out: String
  @Option(help: .init("Of all chance.", valueName: "n")) var seed: UInt64 = 1

  func run() throws {
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    try FileManager.default.createDirectory(atPath: "\(out)/plans", withIntermediateDirectories: true)
    for trial in Trial.all {
      let plan = JSON(encoding: trial.plan(seed: seed, program: program))
      try (plan.text + "\n").write(toFile: path(of: trial), atomically: true, encoding: .utf8)
    }
    var outcomes = try perform(Trial.all)
    // A void run proves nothing either way: the machine was too busy. Each gets one more chance, by itself.
    for trial in Trial.all where outcomes[trial.name]?.isVoid == true {
      outcomes.merge(try perform([trial])) { _, new in new }
    }
    var failed = 0
    for trial in Trial.all {
      let outcome = outcomes[trial.name]
      let objection = outcome.map { $0.objection(to: trial) } ?? "there is no verdict"
      if objection != nil { failed += 1 }
      let words = objection ?? outcome?.finding ?? ""
      print("\(objection == nil ? "✔" : "✘") \(trial.name): \(words)")
    }
    print("\(Trial.all.count - failed) passed, \(failed) failed")
    if failed > 0 { throw ExitCode.failure }
  }

  private func path(of trial: Trial) -> String { "\(out)/plans/\(trial.name).json" }

  /// All at once: nodes that wait for each other's beats need little of the machine.
  private func perform(_ trials: [Trial]) throws -> [String: Outcome] {
    let process = Process()
    process.executableURL = URL(filePath: meshsim)
    process.arguments =
      ["run"] + trials.map(path)
      + ["--seed", "\(seed)", "--out", "\(out)/runs", "--jobs", "\(trials.count)", "--json"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let decoder = JSONDecoder()
    let lines = data.split(separator: UInt8(ascii: "\n"))
    let outcomes = try lines.map { try decoder.decode(Outcome.self, from: $0) }
    return Dictionary(outcomes.map { ($0.scenario, $0) }) { _, last in last }
  }
}
