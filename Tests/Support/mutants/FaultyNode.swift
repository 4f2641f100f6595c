import ArgumentParser
import Commands
import Logging
import Meshwork
import MeshworkControl
import Node
import Presence
import Runtime

/// `meshnode run` with a fault.
struct FaultyNode {
  /// Between pings: the original's interval.
  private static let pingInterval = Duration.seconds(15)

  private let fault: Fault
  private let settings: Settings

  /// - Parameter words: `--fault NAME`, and the flags of `meshnode run`.
  init(_ words: [String]) throws {
    var fault: Fault?
    var flags: [SettingKey: RawSetting] = [:]
    var rest = words.makeIterator()
    while let word = rest.next() {
      let key = SettingKey.allCases.first { $0.flag == word }
      if key == .mdns || key == .serveBench {
        flags[key ?? .mdns] = .boolean(key == .serveBench)
        continue
      }
      guard let value = rest.next() else { throw ValidationError("\(word) needs a value") }
      if let key {
        flags[key] = Self.adding(value, to: flags[key], of: key)
      } else if word == "--fault" {
        fault = Fault(rawValue: value)
      } else {
        throw ValidationError("there is no \(word)")
      }
    }
    guard let fault else {
      let names = Fault.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--fault is one of \(names)")
    }
    self.fault = fault
    settings = try Settings.resolve(flags: flags, environment: ProcessEnvironment.variables)
  }

  private static func adding(_ value: String, to old: RawSetting?, of key: SettingKey) -> RawSetting {
    let lists: [SettingKey] = [.listen, .announce, .relays, .bootstrap, .api]
    guard lists.contains(key) else { return .string(value) }
    if case .array(let values) = old { return .array(values + [.string(value)]) }
    return .array([.string(value)])
  }

  /// Until it is interrupted or told to leave.
  func run() async throws {
    let logger = Logger.standardError("mutant", level: settings.logLevel)
    let directories = try Directories(data: settings.data, environment: ProcessEnvironment.variables)
    let shutdowns = ShutdownRequests()
    let signals = TerminationSignals(shutdowns)
    let identity = try Identity.loadOrCreate(in: directories.data)
    var configuration = settings.configuration(identity: identity, agent: "mutant/0.1")
    configuration.messenger?.history = directories.history
    var core = configuration.core
    if var messenger = core.messenger {
      fault.spoil(&messenger.presence)
      core.messenger = messenger
    }
    let node = MeshNode(configuration, core: core, logger: logger)
    let server = ControlServer(node, shutdowns: shutdowns, logger: logger)
    do {
      for endpoint in settings.api { try await server.serve(endpoint, in: directories) }
      try await node.start()
      let pings = Task { if fault == .takesPingsForLife { try await takePingsForLife(node) } }
      _ = await shutdowns.first()
      pings.cancel()
    } catch {
      await server.leave(node)
      throw error
    }
    await server.leave(node)
    withExtendedLifetime(signals) {}
  }

  private func takePingsForLife(_ node: MeshNode) async throws {
    while true {
      try await Task.sleep(for: Self.pingInterval)
      for connection in await node.connections() where try await answers(connection.peerID, node) {
        await node.takeForAlive(connection.peerID)
      }
    }
  }

  private func answers(_ peer: PeerID, _ node: MeshNode) async throws -> Bool {
    do {
      return try await !node.ping(peer).isEmpty
    } catch is MeshError {
      return false
    }
  }
}

extension MeshNode {
  /// What a newly opened connection is to presence, by the rules.
  fileprivate func takeForAlive(_ peer: PeerID) {
    shell.turn { $0.presence?.connected(peer, at: $1) }
  }
}
