/// A program to be run in a host.
package struct ProcessDescription: Sendable {
  /// What its standard output is.
  package enum Output: Sendable, Hashable {
    /// Part of its log.
    case log
    /// Lines that somebody waits for: part of its log, and events.
    case lines
    /// JSON-RPC 2.0, one object a line, as `meshnode run --api stdio` speaks it. Its standard input takes
    /// requests.
    case api
  }

  /// Unique among the processes of its host that run.
  package var name: String
  /// A path, or a name to be looked for in the `PATH` of this process.
  package var executable: String
  package var arguments: [String]
  /// Added to a `PATH` and a `LANG`, which is all that is handed down.
  package var environment: [String: String] = [:]
  package var directory: String?
  package var output = Output.log
  /// Written to its standard input, which then ends. Not with `.api`.
  package var input: [UInt8] = []
  /// Its standard input stays open for ``HostProcess/tell(_:)``.
  package var takesLines = false
  /// Where its standard error goes, and its standard output with `.log` and `.lines`; nil: nowhere.
  package var logPath: String?
  /// A program that floods its log shall not fill the disk.
  package var logBytesMax = 16 << 20
  /// Behind the fabric, and behind whoever looks on.
  package var nice = 5
  package var openFiles = 4096

  package init(_ name: String, _ executable: String, _ arguments: [String] = []) {
    self.name = name
    self.executable = executable
    self.arguments = arguments
  }
}
