import ArgumentParser
import FoundationEssentials
import Glibc
import Lab
import NetworkModel
import SansIO
import Scenario
import Stage

/// One run, in a sandbox of its own: what `meshsim run` starts for each.
struct StageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stage", abstract: "Perform the plan in a run directory.", shouldDisplay: false)

  @Argument var directory: String
  @Option var here = "."
  @Option var prefix: String?
  @Flag var quiet = false

  func run() throws {
    let (directory, plan, signals) = try Self.enter(directory)
    let progress = Progress(prefix: prefix, isQuiet: quiet)
    let performance = try Performance(
      plan, in: directory, here: Self.absolute(here), programs: Self.ownFolder
    ) { progress.say($0) }
    try signals.forEach { _ in performance.interrupt() }
    if try !performance.run() { throw ExitCode(1) }
  }

  /// Enters the sandbox, and reads the plan there.
  static func enter(_ directory: String) throws -> (RunDirectory, Plan, EndingSignals) {
    var configuration = Sandbox.Configuration()
    configuration.nameServers = NameService.addresses
    let signals = try Sandbox.enter(configuration)
    let directory = RunDirectory(absolute(directory))
    do {
      let data = try Data(contentsOf: URL(filePath: directory.scenario))
      return (directory, try JSONDecoder().decode(Plan.self, from: data), signals)
    } catch {
      throw StageError("\(directory.scenario) cannot be read", because: error)
    }
  }

  /// `meshnode` and `meshrelay` are beside this executable.
  static var ownFolder: String {
    let path = ScenarioCatalog.ownExecutable
    return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }

  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
  }
}

/// Lines on standard error while a run goes on, each with its time.
private final class Progress: Sendable {
  private let prefix: String
  private let isQuiet: Bool
  private let began = MonotonicClock.now

  init(prefix: String?, isQuiet: Bool) {
    self.prefix = prefix.map { "\($0)  " } ?? ""
    self.isQuiet = isQuiet
  }

  /// Of a line; a step may have a long message in it.
  private static let charactersMax = 240

  func say(_ text: String) {
    if isQuiet { return }
    let isLong = text.count > Self.charactersMax
    let text = isLong ? text.prefix(Self.charactersMax) + "…" : text[...]
    let tenths = (MonotonicClock.now - began).milliseconds / 100
    let whole = Int64(tenths)
    let time = "\(whole / 10).\(whole % 10) s"
    StandardError.say("\(prefix)\(String(repeating: " ", count: max(0, 8 - time.count)))\(time)  \(text)")
  }
}
