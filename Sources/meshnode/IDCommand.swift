import ArgumentParser
import Meshwork
import MeshworkControl

struct IDCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "id", abstract: "Print the PeerID; create the identity if there is none.")

  @OptionGroup var data: DataFlag

  func run() throws {
    let identity = try Identity.loadOrCreate(in: data.directories().data)
    var stderr = StandardError()
    for warning in identity.warnings { print("meshnode: \(warning)", to: &stderr) }
    print(identity.peerID)
  }
}
