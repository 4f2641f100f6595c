import ArgumentParser
import Meshwork
import MeshworkControl

struct PingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ping", abstract: "Dial a peer, ask who it is, and measure round trips.")

  @OptionGroup var flags: DialFlags

  @Option(help: .init("How many round trips.", valueName: "n"))
  var count = 3

  func validate() throws {
    guard (1...1000).contains(count) else {
      throw ValidationError("--count must be from 1 to 1000, not \(count)")
    }
  }

  func run() async throws {
    try await flags.withConnection { node, connection in
      let peer = try await node.identify(connection.peerID)
      if flags.json {
        let roundTrips = try await node.ping(connection.peerID, count: count)
        print(object(connection, peer, roundTrips))
        return
      }
      print("\(connection.peerID) at \(connection.address), connected in \(connection.elapsed.shown)")
      print("agent: \(peer.agent ?? "not said")")
      print("protocols: \(peer.protocols.joined(separator: " "))")
      var roundTrips: [Duration] = []
      for number in 1...count {
        let roundTrip = try await node.ping(connection.peerID, count: 1)
        roundTrips += roundTrip
        for duration in roundTrip { print("rtt \(number): \(duration.shown)") }
      }
      summarize(roundTrips)
    }
  }

  private func summarize(_ roundTrips: [Duration]) {
    guard let least = roundTrips.min(), let most = roundTrips.max() else { return }
    let mean = roundTrips.reduce(.zero, +) / roundTrips.count
    print("least \(least.shown), mean \(mean.shown), most \(most.shown)")
  }

  private func object(_ connection: ConnectionInfo, _ peer: PeerInfo, _ roundTrips: [Duration]) -> JSONValue {
    [
      "peerId": .string(connection.peerID.description),
      "addr": .string(connection.address.description),
      "path": .string(connection.path.rawValue),
      "connectMs": .number(connection.elapsed.milliseconds),
      "agent": peer.agent.map { .string($0) } ?? .null,
      "protocolVersion": peer.protocolVersion.map { .string($0) } ?? .null,
      "protocols": .array(peer.protocols.map { .string($0) }),
      "addrs": .array(peer.addresses.map { .string($0.description) }),
      "observedAddr": peer.observedAddress.map { .string($0.description) } ?? .null,
      "signedRecord": .bool(peer.hasSignedRecord),
      "rttMs": .array(roundTrips.map { .number($0.milliseconds) }),
    ]
  }
}
