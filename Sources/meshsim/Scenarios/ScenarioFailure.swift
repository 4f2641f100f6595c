/// Why a scenario cannot be had, for a person; `status` is the exit status it means.
struct ScenarioFailure: Error, Equatable, CustomStringConvertible {
  enum Status: Int32 {
    case failed = 1
    /// The scenario or the command line is wrong.
    case usage = 2
    /// This machine lacks something.
    case machine = 3
  }

  let status: Status
  let description: String

  init(_ status: Status, _ description: String) {
    self.status = status
    self.description = description
  }
}
