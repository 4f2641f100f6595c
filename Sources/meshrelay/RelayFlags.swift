import ArgumentParser
import Commands
import Meshwork
import MeshworkControl

/// The flags of a relay that runs. Of limits, zero is none.
struct RelayFlags: ParsableArguments {
  @Option(help: .init("Keep the identity here.", valueName: "dir"))
  var data: String?

  @Option(help: .init("Listen here. May be repeated.", valueName: "multiaddr"))
  var listen = ["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001"]

  @Option(
    help: .init("Where others find this relay: its public address. May be repeated.", valueName: "multiaddr"))
  var announce: [String] = []

  @Option(help: .init("Peers that may be reached through this relay at once.", valueName: "n"))
  var maxReservations = Relaying().reservationsMax ?? 0

  @Option(help: .init("Circuits at once.", valueName: "n"))
  var maxCircuits = Relaying().circuitsMax ?? 0

  @Option(help: .init("Circuits at once that begin or end at one peer.", valueName: "n"))
  var maxCircuitsPerPeer = Relaying().circuitsPerPeerMax ?? 0

  @Option(help: .init("How long a circuit may last.", valueName: "n"))
  var circuitSeconds = 0

  @Option(help: .init("What a circuit may carry in each direction.", valueName: "n"))
  var circuitBytes: UInt64 = 0

  @Option(help: .init("How long a reservation lasts before it must be refreshed.", valueName: "n"))
  var reservationSeconds = Int(Relaying().reservationLifetime.components.seconds)

  @Option(help: .init("How long leaving may take: clients are sent away one by one.", valueName: "n"))
  var drainSeconds = 5

  @Option(help: .init("Serve metrics for Prometheus here.", valueName: "host:port"))
  var metrics: String?

  @Option(help: .init("Serve JSON-RPC on stdio, unix or unix:PATH. May be repeated.", valueName: "endpoint"))
  var api: [String] = []

  @Option(
    help: .init("Append session keys to this file; who has it can decrypt captures.", valueName: "file"))
  var keylog: String?

  @Option(help: .init("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
  var logLevel = "info"

  /// A second is the shortest time that the protocol can say.
  func validate() throws {
    let counts = [
      ("--max-reservations", maxReservations), ("--max-circuits", maxCircuits),
      ("--max-circuits-per-peer", maxCircuitsPerPeer), ("--circuit-seconds", circuitSeconds),
      ("--drain-seconds", drainSeconds),
    ]
    for (flag, value) in counts where !(0...1_000_000_000).contains(value) {
      throw ValidationError("\(flag) \(value) makes no sense; write 0 to 1000000000, where 0 is no limit")
    }
    guard (120...86_400).contains(reservationSeconds) else {
      throw ValidationError(
        "--reservation-seconds \(reservationSeconds) makes no sense; write 120 to 86400: clients do not "
          + "refresh more often, and forget a relay that is gone no sooner")
    }
  }

  /// Those that every node has, checked as every node's are.
  func settings() throws -> Settings {
    var raw: [SettingKey: RawSetting] = [
      .listen: .array(listen.map { .string($0) }), .announce: .array(announce.map { .string($0) }),
      .api: .array(api.map { .string($0) }), .logLevel: .string(logLevel), .mdns: .boolean(false),
    ]
    raw[.data] = data.map { .string($0) }
    raw[.keylog] = keylog.map { .string($0) }
    return try Settings.resolve(flags: raw)
  }

  var relaying: Relaying {
    var relaying = Relaying()
    relaying.reservationsMax = maxReservations == 0 ? nil : maxReservations
    relaying.circuitsMax = maxCircuits == 0 ? nil : maxCircuits
    relaying.circuitsPerPeerMax = maxCircuitsPerPeer == 0 ? nil : maxCircuitsPerPeer
    relaying.circuitDuration = circuitSeconds == 0 ? nil : .seconds(circuitSeconds)
    relaying.circuitBytes = circuitBytes == 0 ? nil : circuitBytes
    relaying.reservationLifetime = .seconds(reservationSeconds)
    return relaying
  }
}
