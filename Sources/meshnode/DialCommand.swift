import ArgumentParser
import Commands
import Logging
import Meshwork
import MeshworkControl

/// What `ping` and `perf` share: a node that listens nowhere and dials one peer.
struct DialFlags: ParsableArguments {
  @Argument(help: "The peer's address, like /ip4/192.0.2.1/tcp/4001/p2p/PEERID.")
  var multiaddr: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @Option(help: .init("Dial with the identity kept here instead of one made for this.", valueName: "dir"))
  var data: String?

  @Option(
    help: .init("Append session keys to this file; who has it can decrypt captures.", valueName: "file"))
  var keylog: String?

  @Option(help: .init("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
  var logLevel: String?

  /// Connects, runs the body, leaves.
  func withConnection(_ body: (MeshNode, ConnectionInfo) async throws -> Void) async throws {
    let address = try address()
    let identity = try data.map { try Identity.loadOrCreate(in: $0) } ?? .ephemeral()
    var configuration = Configuration(identity: identity)
    configuration.agent = Meshnode.agent
    configuration.listen = []
    configuration.mdns = false
    configuration.keyLog = keylog
    let node = MeshNode(configuration, logger: .standardError("meshnode", level: try level()))
    do {
      try await node.start()
      try await body(node, try await node.connect(to: address))
    } catch {
      await node.shutdown()
      throw error
    }
    await node.shutdown()
  }

  private func address() throws -> Multiaddr {
    do {
      return try Multiaddr(multiaddr)
    } catch {
      throw Failure.usage(AddressText.complaint(multiaddr, error))
    }
  }

  private func level() throws -> Logger.Level {
    guard let logLevel else { return .warning }
    guard let level = Logger.Level(rawValue: logLevel.lowercased()) else {
      let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      throw Failure.usage("--log-level: \"\(logLevel)\" is not a level; write one of \(levels)")
    }
    return level
  }
}

extension Duration {
  /// `12.345 ms`
  var shown: String { "\(milliseconds) ms" }
}
