import Foundation
import Logging
import Meshwork

/// A node for the interop suite: JSON commands on standard input, JSON answers on standard output.
///
/// `Tests/Interop/README.md` describes the commands and the two protocols it serves. It is built on the
/// public library alone, so the suite also proves that the library is enough. Reading order: `Command`,
/// `Commands`, `EchoProtocol`, `TransferProtocol`.
@main
struct InteropPeer {
  static func main() async throws {
    let arguments = try Arguments(CommandLine.arguments.dropFirst())
    var configuration = Configuration(identity: .ephemeral())
    configuration.listen = arguments.listen
    configuration.keyLog = arguments.keyLog
    configuration.mdns = false
    configuration.relays = arguments.relays
    if arguments.servesAsRelay { configuration.relaying = Relaying() }

    let logger = Logger(label: "interop-peer") { StreamLogHandler.standardError(label: $0) }
    let node = MeshNode(configuration, logger: logger)
    await node.handle(EchoProtocol.name) { await EchoProtocol.serve($0) }
    await node.handle(TransferProtocol.name) { await TransferProtocol.serve($0) }
    try await node.start()
    Output.print(await Ready(node.info()))
    await Commands(node: node).run()
    await node.shutdown()
  }
}

/// The first line of output: where the peer can be dialed.
private struct Ready: Encodable {
  let event = "ready"
  let peerId: String
  let addrs: [String]

  init(_ info: NodeInfo) {
    peerId = info.peerID.description
    addrs = info.listenAddresses.map { "\($0.withoutPeer)/p2p/\(info.peerID)" }
  }
}
