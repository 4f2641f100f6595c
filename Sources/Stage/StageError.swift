import FoundationEssentials
import Glibc

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

extension StageError {
  /// What could not be done with a file, and why in the system's words.
  package init(_ what: String, because error: any Error, exitCode: Int32 = 1) {
    let code = (error as? CocoaError)?.underlying as? POSIXError ?? error as? POSIXError
    let reason = code.map { String(cString: strerror($0.code.rawValue)) } ?? "\(error)"
    self.init("\(what): \(reason)", exitCode: exitCode)
  }
}
