import ArgumentParser
import Glibc
import Lab
import Stage

/// The laboratory: real nodes in network namespaces behind simulated NATs, judged from their packets.
///
/// Exit codes: 0 success, 1 an expectation failed, 2 usage or a wrong scenario, 3 this machine lacks
/// something, 4 a run was void.
@main
struct Meshsim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meshsim",
    abstract: "A network laboratory: real nodes behind simulated NATs, judged from their packets.",
    subcommands: [
      RunCommand.self, ListCommand.self, ShellCommand.self, CertifyCommand.self, MatrixCommand.self,
      InspectCommand.self, ReportCommand.self, DoctorCommand.self, StageCommand.self, VisitCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as ScenarioFailure {
      end(error.description, error.status.rawValue)
    } catch let error as StageError {
      end(error.description, error.exitCode)
    } catch let error as LabError {
      end(error.description, error.exitCode)
    } catch {
      let code = exitCode(for: error)
      if code == .validationFailure {
        StandardError.say(fullMessage(for: error))
        Glibc.exit(2)
      }
      exit(withError: error)
    }
  }

  private static func end(_ message: String, _ status: Int32) -> Never {
    StandardError.say("meshsim: \(message)")
    Glibc.exit(status)
  }
}
