/// Why a run could not be performed or judged, for a person.
package struct StageError: Error, Sendable, CustomStringConvertible {
  package let description: String
  /// 1 when something failed, 2 when the plan asks for what there is not, 3 when this machine lacks
  /// something.
  package let exitCode: Int32

  package init(_ description: String, exitCode: Int32 = 1) {
    self.description = description
    self.exitCode = exitCode
  }
}
