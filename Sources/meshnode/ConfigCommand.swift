import ArgumentParser
import MeshworkControl

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Look at a configuration file.", subcommands: [Check.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a configuration file; exit 0 if nothing is wrong with it, 2 otherwise.")

    @Argument(help: "A TOML file, or the original app's config.json.")
    var file: String

    @Flag(help: "Print what a node would run with, and which layer each value comes from.")
    var show = false

    func run() throws {
      // Without --show the file is judged alone, whatever this shell's environment says.
      let environment = show ? ProcessEnvironment.variables : [:]
      let settings = try Settings.resolve(environment: environment, file: file)
      if show { for line in settings.listing { print(line) } }
    }
  }
}
