import ArgumentParser
import Commands
import Logging
import Meshwork
import MeshworkControl

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a node until it is interrupted or told to leave.")

  @OptionGroup var flags: NodeFlags

  func run() async throws {
    let environment = ProcessEnvironment.variables
    let settings = try Settings.resolve(flags: flags.settings, environment: environment, file: flags.config)
    let directories = try Directories(data: settings.data, environment: environment)
    let logger = Logger.standardError("meshnode", level: settings.logLevel)
    for warning in settings.warnings { logger.warning("\(warning)") }

    let shutdowns = ShutdownRequests()
    let signals = TerminationSignals(shutdowns)
    let identity = try Identity.loadOrCreate(in: directories.data)
    var configuration = settings.configuration(identity: identity, agent: Meshnode.agent)
    configuration.messenger?.history = directories.history
    let node = MeshNode(configuration, logger: logger)
    let server = ControlServer(node, shutdowns: shutdowns, logger: logger)
    do {
      for endpoint in settings.api { try await server.serve(endpoint, in: directories) }
      try await node.start()
      await greet(node)
      let reason = await shutdowns.first()
      logger.info("leaving", metadata: ["reason": "\(reason)"])
    } catch {
      await server.leave(node)
      throw error
    }
    await server.leave(node)
    withExtendedLifetime(signals) {}
  }

  /// On standard error: standard output may be the API's.
  private func greet(_ node: MeshNode) async {
    var stderr = StandardError()
    print("PeerID \(node.peerID)", to: &stderr)
    for address in await node.info().listenAddresses {
      print("listening on \(address)/p2p/\(node.peerID)", to: &stderr)
    }
  }
}
