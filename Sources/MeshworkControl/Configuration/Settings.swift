public import Logging
public import Meshwork

/// What a node runs with: flag before environment before file before default, and which of them it was.
public struct Settings: Sendable {
  /// Where a value came from.
  public enum Origin: Hashable, Sendable, CustomStringConvertible {
    case standard
    case file(path: String, line: Int)
    case environment(variable: String)
    case flag(String)

    /// `default`, `file:line`, or the name of a variable or flag.
    public var description: String {
      switch self {
      case .standard: "default"
      case .file(let path, let line): "\(path):\(line)"
      case .environment(let variable): variable
      case .flag(let flag): flag
      }
    }
  }

  private struct Entry {
    var value: SettingValue
    var origin: Origin
  }

  private var entries: [SettingKey: Entry] = [:]
  /// Variables that look like ours and are not; they have no effect.
  public private(set) var warnings: [String] = []

  /// The variable that names the configuration file.
  public static let fileVariable = "MESHNODE_CONFIG"

  /// Merges the layers, lists as a whole.
  ///
  /// - Parameter flags: only those that were given.
  /// - Parameter path: of the configuration file; `MESHNODE_CONFIG` names it otherwise.
  public static func resolve(
    flags: [SettingKey: RawSetting] = [:], environment: [String: String] = [:], file path: String? = nil
  ) throws(ConfigurationProblems) -> Settings {
    var settings = Settings()
    var problems: [ConfigurationProblem] = []
    for (key, raw) in SettingKey.defaults {
      var complaints: [SettingKind.Complaint] = []
      guard let value = key.kind.read(raw, &complaints) else {
        preconditionFailure("the default of \(key.rawValue) is wrong: \(complaints)")
      }
      settings.entries[key] = Entry(value: value, origin: .standard)
    }
    if let path = path ?? environment[fileVariable] {
      let file = ConfigurationFile(path: path)
      problems += file.problems
      for (key, value) in file.values {
        settings.entries[key] = Entry(value: value.value, origin: .file(path: path, line: value.line))
      }
    }
    settings.take(environment, &problems)
    for key in SettingKey.allCases {
      guard let raw = flags[key] else { continue }
      let flag = key.flag ?? key.rawValue
      settings.take(raw, as: key, .flag(flag), place: flag, &problems)
    }
    if problems.isEmpty { settings.check(&problems) }
    guard problems.isEmpty else { throw ConfigurationProblems(problems: problems) }
    return settings
  }

  /// One line a setting: key, value and where it came from.
  public var listing: [String] {
    SettingKey.allCases.map { key in
      guard let entry = entries[key] else { return "\(key.rawValue) is not set" }
      return "\(key.rawValue) = \(entry.value.literal)  # \(entry.origin)"
    }
  }

  /// Which layer gave the value; `nil` when none did.
  public func origin(of key: SettingKey) -> Origin? { entries[key]?.origin }

  /// The value, as its kind has it; `nil` when no layer gave one.
  public subscript(key: SettingKey) -> SettingValue? { entries[key]?.value }

  // MARK: Layers

  private mutating func take(_ environment: [String: String], _ problems: inout [ConfigurationProblem]) {
    for key in SettingKey.allCases {
      // Set and empty is how a shell says that it is not set.
      guard let text = environment[key.variable], !text.isEmpty else { continue }
      take(
        key.kind.raw(text), as: key, .environment(variable: key.variable), place: key.variable, &problems)
    }
    let known = SettingKey.allCases.map(\.variable) + [Self.fileVariable]
    for name in environment.keys.sorted() where name.hasPrefix("MESHNODE_") && !known.contains(name) {
      warnings.append(
        "\(name) has no effect: there is no such setting"
          + (Nearest.suggestion(for: name, among: known) ?? ""))
    }
  }

  private mutating func take(
    _ raw: RawSetting, as key: SettingKey, _ origin: Origin, place: String,
    _ problems: inout [ConfigurationProblem]
  ) {
    var complaints: [SettingKind.Complaint] = []
    if let value = key.kind.read(raw, &complaints) { entries[key] = Entry(value: value, origin: origin) }
    problems += complaints.map { ConfigurationProblem(place: place, line: nil, key: nil, text: $0.text) }
  }

  /// What no value shows alone.
  private func check(_ problems: inout [ConfigurationProblem]) {
    if presenceSilence <= presenceRefresh {
      problems.append(
        problem(
          .presenceSilence, .presenceRefresh,
          "\(presenceSilence.milliseconds / 1000) seconds of silence are not more than the "
            + "\(presenceRefresh.milliseconds / 1000) of presence.refresh-seconds: live peers would be taken "
            + "for gone; write three times as much"))
    }
    let limits = limits
    if limits.connectionsLowWater > limits.connectionsHighWater {
      problems.append(
        problem(
          .connectionsLowWater, .connectionsHighWater,
          "\(limits.connectionsLowWater) is more than the \(limits.connectionsHighWater) of "
            + "limits.connections-high-water; connections are closed from the high mark down to the low one"))
    }
  }

  /// Blames the key, where it was set, else the other one it does not go with.
  private func problem(_ key: SettingKey, _ other: SettingKey, _ text: String) -> ConfigurationProblem {
    let isSet = entries[key].map { $0.origin != .standard } ?? false
    switch entries[isSet ? key : other]?.origin {
    case .file(let path, let line)?: return .init(place: path, line: line, key: key.rawValue, text: text)
    case let origin?: return .init(place: origin.description, line: nil, key: key.rawValue, text: text)
    case nil: preconditionFailure("defaults do not go together: \(text)")
    }
  }
}

// MARK: - The settings by name

extension Settings {
  /// What the node calls itself.
  public var name: String? { text(.name) }
  /// Where to listen.
  public var listen: [Multiaddr] { addresses(.listen) }
  /// What to tell others instead of what was found out.
  public var announce: [Multiaddr] { addresses(.announce) }
  /// Relays to reserve a place at.
  public var relays: [Multiaddr] { addresses(.relays) }
  /// Peers to begin with.
  public var bootstrap: [Multiaddr] { addresses(.bootstrap) }
  /// Whether to look for peers on the local network.
  public var mdns: Bool { flag(.mdns) }
  /// Where to serve the JSON-RPC interface.
  public var api: [APIEndpoint] {
    guard case .interfaces(let endpoints)? = self[.api] else { return [] }
    return endpoints
  }
  /// The key log to append to.
  public var keylog: String? { text(.keylog) }
  /// From which level on to log.
  public var logLevel: Logger.Level {
    guard case .level(let level)? = self[.logLevel] else { return .info }
    return level
  }
  /// The data directory, if it is not the usual one.
  public var data: String? { text(.data) }
  /// Whether to serve the measuring protocols.
  public var serveBench: Bool { flag(.serveBench) }
  /// From ready to the first announcement.
  public var presenceReadyDelay: Duration { .milliseconds(integer(.presenceReadyDelay) ?? 500) }
  /// Between two announcements.
  public var presenceRefresh: Duration { seconds(.presenceRefresh) }
  /// Between two looks at who is silent.
  public var presenceScan: Duration { seconds(.presenceScan) }
  /// After so much silence a peer is gone.
  public var presenceSilence: Duration { seconds(.presenceSilence) }

  /// How much the node takes on: what was configured, the node's own defaults otherwise. 0 was no limit.
  public var limits: Limits {
    var limits = Limits()
    func set(_ key: SettingKey, _ limit: inout Int, times unit: Int = 1) {
      guard let number = integer(key) else { return }
      limit = number == 0 ? .max : number * unit
    }
    set(.connectionsMax, &limits.connectionsMax)
    // Marks above the limit would never be reached: those that nobody set follow it.
    limits.connectionsHighWater = min(limits.connectionsHighWater, limits.connectionsMax)
    set(.connectionsHighWater, &limits.connectionsHighWater)
    limits.connectionsLowWater = min(limits.connectionsLowWater, limits.connectionsHighWater)
    set(.connectionsLowWater, &limits.connectionsLowWater)
    set(.connectionsPerPeerMax, &limits.connectionsPerPeerMax)
    set(.connectionsPerAddressMax, &limits.connectionsPerAddressMax)
    set(.streamsMax, &limits.streamsMax)
    set(.streamsPerConnectionMax, &limits.streamsPerConnectionMax)
    set(.bufferedMax, &limits.bufferedBytesMax, times: 1 << 20)
    return limits
  }

  /// The rhythm of presence.
  var messenger: Messenger {
    var messenger = Messenger()
    messenger.readyDelay = presenceReadyDelay
    messenger.refreshInterval = presenceRefresh
    messenger.scanInterval = presenceScan
    messenger.silenceLimit = presenceSilence
    return messenger
  }

  /// What to make a node with.
  public func configuration(identity: Identity, agent: String) -> Configuration {
    var configuration = Configuration(identity: identity)
    configuration.agent = agent
    configuration.name = name
    configuration.listen = listen
    configuration.announce = announce
    configuration.relays = relays
    configuration.bootstrap = bootstrap
    configuration.mdns = mdns
    configuration.keyLog = keylog
    configuration.serveBench = serveBench
    configuration.limits = limits
    configuration.messenger = messenger
    return configuration
  }

  private func text(_ key: SettingKey) -> String? {
    guard case .text(let text)? = self[key] else { return nil }
    return text
  }

  private func addresses(_ key: SettingKey) -> [Multiaddr] {
    guard case .addresses(let addresses)? = self[key] else { return [] }
    return addresses
  }

  private func flag(_ key: SettingKey) -> Bool { self[key] == .flag(true) }

  private func integer(_ key: SettingKey) -> Int? {
    guard case .integer(let number)? = self[key] else { return nil }
    return number
  }

  private func seconds(_ key: SettingKey) -> Duration {
    guard case .seconds(let seconds)? = self[key] else { return .zero }
    return .milliseconds(Int64(seconds * 1000))
  }
}

extension SettingValue {
  /// As a TOML file would have it.
  var literal: String {
    switch self {
    case .text(let text): "\(JSONValue.string(text))"
    case .addresses(let addresses): "\(JSONValue.strings(addresses.map(\.description)))"
    case .interfaces(let endpoints): "\(JSONValue.strings(endpoints.map(\.description)))"
    case .flag(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .seconds(let seconds): "\(JSONValue.number(seconds))"
    case .level(let level): "\"\(level.rawValue)\""
    }
  }
}
