import ArgumentParser
import MeshworkControl

/// The flags of a node that runs.
struct NodeFlags: ParsableArguments {
  @OptionGroup var data: DataFlag

  @Option(
    help: .init("Read settings from this TOML file, or the original app's config.json.", valueName: "file"))
  var config: String?

  @Option(help: "What the node calls itself.")
  var name: String?

  @Option(help: .init("Listen here. May be repeated.", valueName: "multiaddr"))
  var listen: [String] = []

  @Option(help: .init("Tell peers this address too. May be repeated.", valueName: "multiaddr"))
  var announce: [String] = []

  @Option(help: .init("Be reachable through this relay. May be repeated.", valueName: "multiaddr"))
  var relay: [String] = []

  @Option(help: .init("Connect to this peer and stay connected. May be repeated.", valueName: "multiaddr"))
  var bootstrap: [String] = []

  @Flag(help: "Do not look for peers on the local network.")
  var noMdns = false

  @Option(help: .init("Serve JSON-RPC on stdio, unix or unix:PATH. May be repeated.", valueName: "endpoint"))
  var api: [String] = []

  @Option(
    help: .init("Append session keys to this file; who has it can decrypt captures.", valueName: "file"))
  var keylog: String?

  @Option(help: .init("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
  var logLevel: String?

  @Flag(help: "Serve the measuring protocols: anyone can make this node send and receive at full speed.")
  var serveBench = false

  /// Those that were given.
  var settings: [SettingKey: RawSetting] {
    var settings: [SettingKey: RawSetting] = [:]
    settings[.data] = data.data.map { .string($0) }
    settings[.name] = name.map { .string($0) }
    settings[.keylog] = keylog.map { .string($0) }
    settings[.logLevel] = logLevel.map { .string($0) }
    let lists: [(SettingKey, [String])] = [
      (.listen, listen), (.announce, announce), (.relays, relay), (.bootstrap, bootstrap), (.api, api),
    ]
    for (key, values) in lists where !values.isEmpty { settings[key] = .array(values.map { .string($0) }) }
    if noMdns { settings[.mdns] = .boolean(false) }
    if serveBench { settings[.serveBench] = .boolean(true) }
    return settings
  }
}

struct DataFlag: ParsableArguments {
  @Option(help: .init("Keep identity and history here.", valueName: "dir"))
  var data: String?

  /// Where things are, by this flag, the environment and the usual places.
  func directories() throws -> Directories {
    let environment = ProcessEnvironment.variables
    return try Directories(data: data ?? environment[SettingKey.data.variable], environment: environment)
  }
}
