package import SansIO

/// Something a process said or did, with the time at which the laboratory learnt of it.
package struct LabEvent: Sendable {
  package enum Kind: Sendable, Hashable {
    case started(pid: Int32)
    /// An event of its JSON-RPC interface; `line` is the whole object.
    case api(type: String, line: String)
    /// A line of its standard output.
    case line(String)
    case ended(ProcessEnd)
    /// Something that the laboratory has to say about it: a line that is no JSON, a log that is cut.
    case note(String)
  }

  package let at: Instant
  package let host: String
  package let process: String
  package let kind: Kind

  /// Of the program's own words.
  var bytes: Int {
    switch kind {
    case .api(_, let text), .line(let text), .note(let text): text.utf8.count
    case .started, .ended: 0
    }
  }
}

/// How a process ended.
package enum ProcessEnd: Sendable, Hashable, CustomStringConvertible {
  case exited(Int32)
  case killed(signal: Int32)

  package var description: String {
    switch self {
    case .exited(let status): "exited with status \(status)"
    case .killed(let signal): "was ended by signal \(signal)"
    }
  }
}
