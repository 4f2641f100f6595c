public import Logging
public import Meshwork
public import MeshworkControl

// What every program that runs a node does with the server of its interface.
extension ControlServer {
  /// Serves the interface where it was asked for.
  public func serve(_ endpoint: APIEndpoint, in directories: Directories) async throws {
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
  public func leave(_ node: MeshNode) async {
    await node.shutdown()
    await stop()
  }
}

extension Logger {
  /// Lines on standard error with time, level and what belongs to the message as key=value.
  public static func standardError(_ label: String, level: Logger.Level) -> Logger {
    var logger = Logger(label: label, factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = level
    return logger
  }
}
