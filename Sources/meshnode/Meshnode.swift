import ArgumentParser
import Commands

/// A libp2p messenger node, and small tools to try one.
///
/// Exit codes: 0 success, 1 the thing asked for failed, 2 usage or configuration, 3 this machine lacks
/// something.
@main
struct Meshnode: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meshnode",
    abstract: "A peer-to-peer messenger node that speaks libp2p.",
    subcommands: [
      IDCommand.self, RunCommand.self, PingCommand.self, PerfCommand.self, PeersCommand.self,
      StatusCommand.self, DoctorCommand.self, ChatCommand.self, SendCommand.self, HistoryCommand.self,
      ConfigCommand.self,
    ])

  static let agent = "meshnode/0.1"

  static func main() async { await runAsProgram() }
}
