import ArgumentParser
import Commands

/// A relay for Meshwork, and for anyone who speaks libp2p's Circuit Relay v2.
@main
struct Meshrelay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meshrelay",
    abstract: "A relay for people who cannot be dialled, and the place where their gossip meets.",
    subcommands: [RunCommand.self, IDCommand.self])

  static let agent = "meshrelay/0.1"

  static func main() async { await runAsProgram() }
}
