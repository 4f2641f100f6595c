import Glibc
package import NetworkModel

/// The namespaces a laboratory lives in.
///
/// A program calls ``enter(_:)`` first of all. Outside, that runs the same program again as the child of an
/// init of its own, in fresh user, mount, pid, network, IPC and UTS namespaces, waits, and ends as it ended.
/// Inside, it makes the sandbox a home and returns.
///
///     meshsim ──clone──► init (pid 1) ──fork, exec──► meshsim (pid 2) ──threads──► hosts ──► processes
///
/// When the outer process dies, the kernel kills the init; when the init dies, the kernel kills all that is
/// inside, and with the last of it the namespaces go.
///
/// Inside, `/run` is empty: what a run reads and writes must not lie there.
///
/// Nothing inside has a name outside: no `/run/netns`, no pinned mount. The init reaps orphans and hands on
/// signals that were sent to the outer process; those from a terminal reach the whole process group anyway.
package enum Sandbox {
  package struct Configuration: Sendable {
    /// Who answers names inside, in the order to be asked. None: names are not resolved at all.
    package var nameServers: [Address] = []
    package init() {}
  }

  /// Returns inside the sandbox only; see above. Call it on the main thread before any other thread runs.
  package static func enter(_ configuration: Configuration = Configuration()) throws(LabError)
    -> EndingSignals
  {
    if isInside {
      unsetenv(marker)
      // Before there is a thread that would not inherit that they are blocked.
      let signals = try EndingSignals()
      RealTimeThreads.open()
      try settle(configuration)
      return signals
    }
    let signals = try EndingSignals()
    let run = try SandboxedRun(arguments: CommandLine.arguments)
    exit(run.wait(forwarding: signals))
  }

  /// The variable by which the outer process tells the inner one that it is inside: the network namespace
  /// that was left. The inner one removes it, so that what it starts can enter a sandbox of its own.
  static let marker = "MESHWORK_SANDBOX"

  static var networkNamespace: String {
    var text = [CChar](repeating: 0, count: 64)
    let count = readlink("/proc/self/ns/net", &text, text.count - 1)
    return String(decoding: text.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// That the marker stands in the environment is not enough: somebody may have put it there.
  private static var isInside: Bool {
    guard let value = getenv(marker) else { return false }
    return getppid() == 1 && getpid() == 2 && String(cString: value) != networkNamespace
  }
}
