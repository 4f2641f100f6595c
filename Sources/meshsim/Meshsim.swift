import ArgumentParser

/// The laboratory: real nodes in network namespaces behind simulated NATs, judged from their packets.
///
/// Exit codes: 0 success, 1 an expectation failed, 2 usage or a wrong scenario, 3 this machine lacks something,
/// 4 a run was void.
@main
struct Meshsim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meshsim",
    abstract: "A network laboratory: real nodes behind simulated NATs, judged from their packets.",
    subcommands: [ListCommand.self, DoctorCommand.self, InspectCommand.self])
}
