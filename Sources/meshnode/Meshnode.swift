import ArgumentParser
import MeshworkControl

/// A libp2p messenger node, and small tools to try one.
///
/// Exit codes: 0 success, 1 the thing asked for failed, 2 usage or configuration, 3 this machine lacks
/// something.
@main
struct Meshnode: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meshnode",
    abstract: "A peer-to-peer messenger node that speaks libp2p.",
    subcommands: [
      IDCommand.self, RunCommand.self, PingCommand.self, PerfCommand.self, PeersCommand.self,
      StatusCommand.self, ChatCommand.self, SendCommand.self, HistoryCommand.self, ConfigCommand.self,
    ])

  static let agent = "meshnode/0.1"

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      end(error)
    }
  }

  private static func end(_ error: any Error) -> Never {
    var stderr = StandardError()
    let code = exitCode(for: error)
    switch error {
    case let error as Failure:
      print("meshnode: \(error.text)", to: &stderr)
      exit(withError: ExitCode(error.code))
    case let problems as ConfigurationProblems:
      print(problems, to: &stderr)
      exit(withError: ExitCode(Failure.usage))
    case is ExitCode:
      exit(withError: error)
    case _ where code.isSuccess:
      // Help and the like, which was asked for.
      exit(withError: error)
    case _ where code == .validationFailure:
      print(fullMessage(for: error), to: &stderr)
      exit(withError: ExitCode(Failure.usage))
    default:
      print("meshnode: \(error)", to: &stderr)
      exit(withError: ExitCode(Failure.failed))
    }
  }
}

/// A command's end that is not success: what was wrong, where, what to do, and the process's exit code.
struct Failure: Error {
  static let failed: Int32 = 1
  static let usage: Int32 = 2

  let text: String
  let code: Int32

  static func usage(_ text: String) -> Failure { Failure(text: text, code: usage) }
}
