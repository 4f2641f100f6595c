import Meshwork
import MeshworkControl

// What every command that runs a node does with the server of its interface.
extension ControlServer {
  func serve(_ endpoint: APIEndpoint, in directories: Directories) async throws {
    switch endpoint {
    case .standardStreams:
      try await serveStandardStreams()
    case .socket(let path?):
      try await serve(socket: path)
    case .socket(nil):
      try directories.createForSocket()
      try await serve(socket: directories.socket)
    }
  }

  /// The node's clean end, and then the server's: clients hear of the first.
  func leave(_ node: MeshNode) async {
    await node.shutdown()
    await stop()
  }
}
