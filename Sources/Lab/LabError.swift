/// Why the laboratory, or a part of it, could not do what was asked.
package enum LabError: Error, Hashable, Sendable, CustomStringConvertible {
  /// This machine lacks something; the remedy is a line a person can act on. Exit code 3.
  case lacking(String, remedy: String)
  /// The kernel refused a step.
  case system(String, SystemError)
  /// A host's description, or what was asked of a host, makes no sense.
  case description(String)
  /// A program could not be started, or ended before it should.
  case program(String)
  /// What was asked for belongs to something that has ended already.
  case ended(String)

  package var description: String {
    switch self {
    case .lacking(let what, let remedy): "\(what)\n  remedy: \(remedy)"
    case .system(let what, let error): "\(what): \(error)"
    case .description(let what): what
    case .program(let what): what
    case .ended(let what): "\(what) has ended"
    }
  }

  /// As INTERFACES has it: 3 when the machine lacks something, otherwise 1.
  package var exitCode: Int32 {
    if case .lacking = self { return 3 }
    return 1
  }
}

/// Runs `body` and says what it was for when the kernel refuses.
@discardableResult
func attempting<Result: ~Copyable>(
  _ what: @autoclosure () -> String, _ body: () throws(SystemError) -> Result
) throws(LabError) -> Result {
  do throws(SystemError) {
    return try body()
  } catch {
    throw .system(what(), error)
  }
}
