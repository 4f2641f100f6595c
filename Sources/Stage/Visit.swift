import FoundationEssentials
import Glibc
package import Lab
import NetworkModel
package import Scenario

/// A plan's network for a person to look around in, inside the sandbox: every host is there, nothing runs in
/// it, no step is done and nothing recorded.
package final class Visit: Sendable {
  private let plan: Plan
  private let directory: RunDirectory
  private let cast: Cast
  private let laboratory: Laboratory
  private let seats: [String: AddressPlan.Seat]

  /// - Parameters:
  ///   - here: the folder of the scenario's file.
  ///   - programs: the folder of `meshnode` and `meshrelay`.
  package init(to plan: Plan, in directory: RunDirectory, here: String, programs: String) throws {
    self.plan = plan
    self.directory = directory
    cast = Cast(
      plan, in: directory, here: here,
      .init(meshnode: "\(programs)/meshnode", meshrelay: "\(programs)/meshrelay"))
    var layout = Layout(plan)
    try cast.prepareData(in: directory)
    let descriptions = layout.descriptions
    seats = layout.seats
    let changing = layout.changing
    laboratory = try Laboratory.start(network: layout.takeNetwork(), hosts: descriptions)
    try changing.applyKernelRouters(in: laboratory)
    try writeCommand()
  }

  /// Each host with its addresses and what a run would start there, as a shell in any of them takes it.
  package var programs: [(host: String, addresses: String, commandLine: String?)] {
    plan.hosts.map { host in
      let addresses = (seats[host.name]?.all ?? []).filter { !$0.isLinkLocal }.map { "\($0)" }
      let program = cast.program(of: host, start: 1, seats: seats, endpoint: "unix")
      return (host.name, addresses.joined(separator: " "), program.map { line(for: $0, in: host.name) })
    }
  }

  private func line(for program: ProcessDescription, in host: String) -> String {
    let environment = program.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let words = ["on", host, "env"] + environment + [program.executable] + program.arguments
    return words.map(\.quotedForShell).joined(separator: " ")
  }

  /// Runs a command in a host, or a shell if there is none, on this process's terminal.
  package func enter(_ host: String, _ command: [String]) throws(LabError) -> AttachedProcess {
    let arguments = command.isEmpty ? Self.shell : command
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "\(commands):\(environment["PATH"] ?? "/usr/bin:/bin")"
    environment["PS1"] = Self.prompt(in: host)
    return try laboratory.attach(
      arguments[0], Array(arguments.dropFirst()), environment: environment, in: host)
  }

  package func end() { laboratory.stop() }

  // MARK: Inside

  /// Without files of the user's that would set another prompt.
  private static let shell =
    access("/bin/bash", X_OK) == 0 ? ["/bin/bash", "--norc", "--noprofile", "-i"] : ["/bin/sh", "-i"]

  private static func prompt(in host: String) -> String {
    shell[0].hasSuffix("bash") ? "\(host):\\w\\$ " : "\(host) $ "
  }

  private var commands: String { "\(directory.path)/bin" }

  /// The command `on`, which enters any host.
  private func writeCommand() throws {
    let names = plan.hosts.map(\.name).joined(separator: " ")
    var script = """
      #!/bin/sh
      # on HOST [COMMAND…]: runs a command, or a shell, in a host of this laboratory.
      case "${1-}" in

      """
    for host in plan.hosts {
      script += "\(host.name)) there='\(try laboratory.host(host.name).namespaces())' "
      script += "prompt='\(Self.prompt(in: host.name))' ;;\n"
    }
    script += """
      *) echo "on: no host '${1-}'; there are: \(names)" >&2; exit 2 ;;
      esac
      shift
      [ $# -gt 0 ] || { PS1="$prompt"; export PS1; set -- \(Self.shell.joined(separator: " ")); }
      exec nsenter --net="$there/net" --uts="$there/uts" -- "$@"

      """
    do {
      try FileManager.default.createDirectory(atPath: commands, withIntermediateDirectories: true)
      try script.write(toFile: "\(commands)/on", atomically: false, encoding: .utf8)
    } catch {
      throw StageError("\(commands)/on cannot be written: \(error)")
    }
    chmod("\(commands)/on", 0o755)
  }
}

extension String {
  /// As one word of a shell's line.
  fileprivate var quotedForShell: String {
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%")
    if !isEmpty, allSatisfy(plain.contains) { return self }
    return "'" + replacing("'", with: #"'\''"#) + "'"
  }
}
