public import ArgumentParser
import MeshworkControl

/// A command's end that is not success: what was wrong, where, what to do, and the process's exit code.
///
/// Exit codes: 0 success, 1 the thing asked for failed, 2 usage or configuration, 3 this machine lacks
/// something.
public struct Failure: Error {
  /// The thing asked for failed.
  public static let failed: Int32 = 1
  /// The command line or a configuration is wrong.
  public static let usage: Int32 = 2

  /// For a person, without the program's name.
  public let text: String
  /// The process's exit code.
  public let code: Int32

  /// A failure that ends the process with this code.
  public init(text: String, code: Int32) {
    self.text = text
    self.code = code
  }

  /// Something on the command line makes no sense.
  public static func usage(_ text: String) -> Failure { Failure(text: text, code: usage) }
}

extension ParsableCommand {
  /// Parses the command line, runs the command, and ends the process with the right code and words.
  public static func runAsProgram() async {
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
    let program = _commandName
    let code = exitCode(for: error)
    switch error {
    case let error as Failure:
      print("\(program): \(error.text)", to: &stderr)
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
      print("\(program): \(error)", to: &stderr)
      exit(withError: ExitCode(Failure.failed))
    }
  }
}
