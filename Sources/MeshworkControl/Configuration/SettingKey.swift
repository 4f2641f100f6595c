/// Everything that can be configured, by its name in the configuration file.
///
/// The variable of a key is its name in capitals with underscores, after `MESHNODE_`.
public enum SettingKey: String, CaseIterable, Sendable {
  case name
  case listen
  case announce
  case relays
  case bootstrap
  case mdns
  case api
  case keylog
  case logLevel = "log-level"
  case data
  case serveBench = "serve-bench"
  case presenceReadyDelay = "presence.ready-delay-ms"
  case presenceRefresh = "presence.refresh-seconds"
  case presenceScan = "presence.scan-seconds"
  case presenceSilence = "presence.silence-seconds"
  case connectionsMax = "limits.connections"
  case connectionsHighWater = "limits.connections-high-water"
  case connectionsLowWater = "limits.connections-low-water"
  case connectionsPerPeerMax = "limits.connections-per-peer"
  case connectionsPerAddressMax = "limits.connections-per-address"
  case streamsMax = "limits.streams"
  case streamsPerConnectionMax = "limits.streams-per-connection"
  case bufferedMax = "limits.buffered-mib"

  /// The environment variable that sets it.
  public var variable: String {
    "MESHNODE_"
      + String(rawValue.uppercased().map { $0 == "-" || $0 == "." ? "_" : $0 })
  }

  /// The command line flag that sets it, if there is one.
  public var flag: String? {
    switch self {
    case .name: "--name"
    case .listen: "--listen"
    case .announce: "--announce"
    case .relays: "--relay"
    case .bootstrap: "--bootstrap"
    case .mdns: "--no-mdns"
    case .api: "--api"
    case .keylog: "--keylog"
    case .logLevel: "--log-level"
    case .data: "--data"
    case .serveBench: "--serve-bench"
    case .presenceReadyDelay, .presenceRefresh, .presenceScan, .presenceSilence: nil
    case .connectionsMax, .connectionsHighWater, .connectionsLowWater: nil
    case .connectionsPerPeerMax, .connectionsPerAddressMax: nil
    case .streamsMax, .streamsPerConnectionMax, .bufferedMax: nil
    }
  }

  var kind: SettingKind {
    switch self {
    case .name: .text(bytesMax: 64)
    case .listen: .addresses(.listen)
    case .announce: .addresses(.any)
    case .relays, .bootstrap: .addresses(.withPeer)
    case .mdns, .serveBench: .flag
    case .api: .interfaces
    case .keylog, .data: .path
    case .logLevel: .level
    case .presenceReadyDelay: .integer(0...60_000, unit: "milliseconds")
    case .presenceRefresh, .presenceScan: .seconds(0.1...3600)
    case .presenceSilence: .seconds(0.1...86_400)
    // Zero is no limit, here as in the relay.
    case .connectionsMax, .connectionsHighWater, .connectionsLowWater, .connectionsPerPeerMax,
      .connectionsPerAddressMax, .streamsMax, .streamsPerConnectionMax:
      .integer(0...1_000_000, unit: nil)
    case .bufferedMax: .integer(0...1_048_576, unit: "MiB")
    }
  }

  /// The values of a node nobody configured. What is missing here is left to the node.
  static let defaults: [SettingKey: RawSetting] = [
    .listen: .array([.string("/ip4/0.0.0.0/tcp/0"), .string("/ip6/::/tcp/0")]),
    .announce: .array([]),
    .relays: .array([]),
    .bootstrap: .array([]),
    .mdns: .boolean(true),
    .api: .array([.string("unix")]),
    .logLevel: .string("info"),
    .serveBench: .boolean(false),
    .presenceReadyDelay: .integer(500),
    .presenceRefresh: .integer(15),
    .presenceScan: .integer(15),
    .presenceSilence: .integer(45),
  ]
}
