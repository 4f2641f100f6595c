import ArgumentParser
import FoundationEssentials
import Glibc
import Lab
import Scenario
import Stage

/// A scenario's network for a person: a shell, or a command, in one of its hosts.
struct ShellCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shell", abstract: "Bring a scenario's network up and open a shell in one of its hosts.",
    discussion: """
      No step is done and no program started; what a run starts in each host is printed on standard \
      error. Inside, the command “on HOST COMMAND…” reaches the other hosts. Exits as the command or shell \
      does, and leaves nothing behind.
      """)

  @Argument(help: .init("A file, or a name that meshsim list shows.", valueName: "scenario"))
  var scenario: String

  @Option(help: .init("Where to be; the scenario's first host, unless given.", valueName: "name"))
  var host: String?

  @Option(help: .init("Of all chance.", valueName: "n"))
  var seed: UInt64 = 1

  @Argument(parsing: .postTerminator, help: .init("Run instead of a shell.", valueName: "command"))
  var command: [String] = []

  func run() throws {
    if FileStamp.isFolder(scenario) {
      throw ScenarioFailure(.usage, "\(scenario): a shell is for one scenario, and this is a folder")
    }
    guard let file = try ScenarioCatalog().files(named: scenario).first else { return }
    let plan = try file.plan(seed: seed, with: ScenarioCompiler())
    let names = plan.hosts.map(\.name)
    guard let host = host ?? names.first, names.contains(host) else {
      throw ScenarioFailure(
        .usage, "\(plan.name) has no host \(host ?? ""); it has \(names.joined(separator: ", "))")
    }
    let signals = try EndingSignals()
    let directory = try Self.temporaryDirectory()
    let status: CInt
    do {
      defer { try? FileManager.default.removeItem(atPath: directory.path) }
      try PlannedRun(plan: plan, here: file.folder, directory: directory).prepare()
      let visit = ["meshsim", "visit", directory.path, "--here", file.folder, "--host", host]
      let sandbox = try SandboxedRun(arguments: visit + ["--"] + command)
      status = sandbox.wait(forwarding: signals)
    }
    Self.takeTerminalBack()
    if status != 0 { throw ExitCode(status) }
  }

  private static func temporaryDirectory() throws -> RunDirectory {
    var template = Array("\(FileManager.default.temporaryDirectory.path)/meshsim-shell-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw StageError("no temporary folder can be made: \(String(cString: strerror(errno)))", exitCode: 3)
    }
    return RunDirectory(
      String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  /// A shell made its own process group the terminal's, and that is gone now.
  private static func takeTerminalBack() {
    guard isatty(STDIN_FILENO) == 1, tcgetpgrp(STDIN_FILENO) != getpgrp() else { return }
    let before = signal(SIGTTOU, SIG_IGN)
    tcsetpgrp(STDIN_FILENO, getpgrp())
    signal(SIGTTOU, before)
  }
}

/// The inside of it, in a sandbox.
struct VisitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "visit", abstract: "Look around in the plan of a run directory.", shouldDisplay: false)

  @Argument var directory: String
  @Option var here = "."
  @Option var host: String
  @Argument(parsing: .postTerminator) var command: [String] = []

  /// A shell that was asked to end and does not.
  private static let endLimit: UInt32 = 2

  func run() throws {
    let (directory, plan, signals) = try StageCommand.enter(directory)
    let visit = try Visit(
      to: plan, in: directory, here: StageCommand.absolute(here), programs: StageCommand.ownFolder)
    StandardError.say("\(plan.name) is up, seed \(plan.seed). Nothing runs; what a run starts:")
    for program in visit.programs {
      StandardError.say("# \(program.host)  \(program.addresses)")
      if let line = program.commandLine { StandardError.say(line) }
    }
    let process = try visit.enter(host, command)
    try signals.forEach { signal in
      // The terminal's have reached it already.
      if signal.isFromTerminal { return }
      process.signal(signal.number)
      // Shells ignore SIGTERM, not this one.
      process.signal(SIGHUP)
      sleep(Self.endLimit)
      process.signal(SIGKILL)
    }
    let end = process.awaitEnd()
    visit.end()
    switch end {
    case .exited(0): break
    case .exited(let status): throw ExitCode(status)
    case .killed(let signal): throw ExitCode(128 + signal)
    }
  }
}
