import ArgumentParser
import Commands
import Logging
import Meshwork
import MeshworkControl

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a relay until it is interrupted or told to leave.",
    discussion: """
      Prints its addresses, ready to be given to nodes: meshnode run --relay MULTIADDR. An interrupt lets \
      clients go one by one, so that they move to other relays; a second one ends it at once.
      """)

  @OptionGroup var flags: RelayFlags

  func run() async throws {
    OpenFiles.raiseLimit()
    let settings = try flags.settings()
    let directories = try Directories(
      data: flags.data, environment: ProcessEnvironment.variables, of: .meshrelay)
    let logger = Logger.standardError("meshrelay", level: settings.logLevel)

    let shutdowns = ShutdownRequests()
    let signals = TerminationSignals(shutdowns)
    let identity = try Identity.loadOrCreate(in: directories.data)
    var configuration = settings.configuration(identity: identity, agent: Meshrelay.agent)
    configuration.messenger = nil
    configuration.relaying = flags.relaying
    configuration.limits = .forRelays(flags.relaying)
    let node = MeshNode(configuration, logger: logger)
    let server = ControlServer(node, shutdowns: shutdowns, logger: logger)
    let metrics = try flags.metrics.map { try MetricsServer(node, at: $0) }
    do {
      for endpoint in settings.api { try await server.serve(endpoint, in: directories) }
      try await node.start()
      try await metrics?.start()
      await greet(node, isAPI: settings.api.contains(.standardStreams))
      let reason = await shutdowns.first()
      logger.info("leaving", metadata: ["reason": "\(reason)"])
      await node.drain(over: .seconds(flags.drainSeconds))
    } catch {
      await metrics?.stop()
      await server.leave(node)
      throw error
    }
    await metrics?.stop()
    await server.leave(node)
    withExtendedLifetime(signals) {}
  }

  /// What to give to nodes. On standard error where standard output is the API's.
  private func greet(_ node: MeshNode, isAPI: Bool) async {
    let info = await node.info()
    let addresses = info.announceAddresses + info.listenAddresses
    let lines = ["PeerID \(node.peerID)"] + addresses.map { "\($0)/p2p/\(node.peerID)" }
    var (stdout, stderr) = (StandardOutput(), StandardError())
    for line in lines { if isAPI { print(line, to: &stderr) } else { print(line, to: &stdout) } }
  }
}

extension Limits {
  /// Of a relay: its connections are few streams each, most of them quiet, and many may share an address.
  static func forRelays(_ relaying: Relaying) -> Limits {
    var limits = Limits()
    let clients = min(relaying.reservationsMax ?? 65_536, 65_536)
    limits.connectionsMax = clients * 2 + 1024
    limits.connectionsHighWater = limits.connectionsMax - 512
    limits.connectionsLowWater = limits.connectionsHighWater - 256
    limits.connectionsPerAddressMax = 128
    limits.streamsMax = limits.connectionsMax * 8
    limits.bufferedBytesMax = 512 << 20
    return limits
  }
}
