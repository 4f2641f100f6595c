/// Reads the `config.json` of the original app, so that its users keep their relay and their bootstrap peers.
enum OriginalJSON {
  enum Key: String, CaseIterable {
    case relayAddress = "relay_address"
    case bootstrapNodes = "bootstrap_nodes"
    case listenPort = "listen_port"
    case isBootstrapNode = "is_bootstrap_node"
  }

  /// A setting and the key of the file it came from.
  struct Value {
    let key: Key
    let setting: SettingKey
    let raw: RawSetting
  }

  struct Finding {
    let key: String
    let text: String
  }

  static func read(_ value: JSONValue, _ findings: inout [Finding]) -> [Value] {
    guard case .object(let members) = value else {
      findings.append(.init(key: "", text: "must be a JSON object of keys and values, not \(value.kind)"))
      return []
    }
    var values: [Value] = []
    for member in members {
      guard let key = Key(rawValue: member.name) else {
        let names = Key.allCases.map(\.rawValue)
        findings.append(
          .init(
            key: member.name,
            text: "unknown key"
              + (Nearest.suggestion(for: member.name, among: names)
                ?? "; a config.json has \(names.joined(separator: ", ")); everything else needs a TOML file"))
        )
        continue
      }
      switch (key, member.value) {
      case (_, .null), (.relayAddress, ""): break
      case (.relayAddress, .string(let address)):
        // The original names the circuit through its relay; the relay is what stands before it.
        let relay =
          address.hasSuffix("/p2p-circuit") ? String(address.dropLast("/p2p-circuit".count)) : address
        values.append(Value(key: key, setting: .relays, raw: .array([.string(relay)])))
      case (.bootstrapNodes, .array(let nodes)):
        let raws = nodes.map { node -> RawSetting in node.text.map { .string($0) } ?? .other(node.kind) }
        values.append(Value(key: key, setting: .bootstrap, raw: .array(raws)))
      case (.listenPort, .integer(let port)):
        guard (0...65535).contains(port) else {
          findings.append(.init(key: key.rawValue, text: "\(port) is not a port; write 0 to 65535"))
          continue
        }
        let addresses = ["/ip4/0.0.0.0/tcp/\(port)", "/ip6/::/tcp/\(port)"]
        values.append(Value(key: key, setting: .listen, raw: .array(addresses.map { .string($0) })))
      // Says nothing: every node answers those that dial it.
      case (.isBootstrapNode, .bool): break
      case (.relayAddress, _): findings.append(mismatch(key, "a multiaddr, as a string", member.value))
      case (.bootstrapNodes, _): findings.append(mismatch(key, "a list of multiaddrs", member.value))
      case (.listenPort, _): findings.append(mismatch(key, "a port number", member.value))
      case (.isBootstrapNode, _): findings.append(mismatch(key, "true or false", member.value))
      }
    }
    return withRelayAsBootstrap(values)
  }

  /// As in the original: a relay alone is also the peer to begin with.
  private static func withRelayAsBootstrap(_ values: [Value]) -> [Value] {
    guard !values.contains(where: { $0.setting == .bootstrap }),
      let relay = values.first(where: { $0.setting == .relays })
    else { return values }
    return values + [Value(key: relay.key, setting: .bootstrap, raw: relay.raw)]
  }

  private static func mismatch(_ key: Key, _ expected: String, _ value: JSONValue) -> Finding {
    .init(key: key.rawValue, text: "must be \(expected), not \(value.kind)")
  }
}
