import ArgumentParser

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show the scenarios there are, each with its purpose.")

  @Argument(help: .init("Those of this folder, instead of the ones that come along.", valueName: "dir"))
  var folder: String?

  func run() throws {
    for line in try ScenarioCatalog.list(try ScenarioCatalog().all(in: folder)) { print(line) }
  }
}
