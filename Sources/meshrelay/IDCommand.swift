import ArgumentParser
import Meshwork
import MeshworkControl

struct IDCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "id", abstract: "Print the PeerID; create the identity if there is none.")

  @Option(help: .init("Keep the identity here.", valueName: "dir"))
  var data: String?

  func run() throws {
    let directories = try Directories(data: data, environment: ProcessEnvironment.variables, of: .meshrelay)
    let identity = try Identity.loadOrCreate(in: directories.data)
    var stderr = StandardError()
    for warning in identity.warnings { print("meshrelay: \(warning)", to: &stderr) }
    print(identity.peerID)
  }
}
