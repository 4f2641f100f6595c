import ArgumentParser
import Foundation
import Identity
import Logging
import Meshwork
import NIOCore
import NIOPosix
import Wire

/// Nodes in a process of their own, on one event loop, made to connect: either many, or one that gets many
/// connections.
///
/// Its first lines are the nodes' addresses, as far as they listen, then `ready`. Then it takes addresses,
/// one a line, and at `dial` every node dials one of them (or the one node dials all). At `held` it says how
/// many are reachable through a relay. It ends with its input.
struct Ends: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "ends", shouldDisplay: false)

  /// Connections being set up at once.
  private static let dialsMax = 32

  @Argument var count: Int
  @Flag var listen = false
  /// They are present to each other.
  @Flag var messengers = false
  /// Each reserves there.
  @Option var relay: String?

  func run() async throws {
    raiseDescriptorLimit()
    let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
    let nodes = (0..<count).map { _ in MeshNode(configuration, logger: Self.silent, eventLoop: loop) }
    for node in nodes {
      try await node.start()
      for address in await node.info().listenAddresses { Child.say("\(try address.appending(node.peerID))") }
    }
    Child.say("ready")
    var addresses: [Multiaddr] = []
    while let line = readLine() {
      if line == "held" {
        Child.say("\(await held(by: nodes))")
      } else if line == "dial" {
        Child.say("\(try await dial(from: nodes, to: addresses))")
      } else {
        addresses.append(try Multiaddr(line))
      }
    }
    Foundation.exit(0)
  }

  /// Seconds until every connection was there.
  private func dial(from nodes: [MeshNode], to addresses: [Multiaddr]) async throws -> Double {
    let start = Clock.wall
    let total = max(nodes.count, addresses.count)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<total {
        if index >= Self.dialsMax { try await group.next() }
        let (node, address) = (nodes[index % nodes.count], addresses[index % addresses.count])
        group.addTask { _ = try await node.connect(to: address) }
      }
      try await group.waitForAll()
    }
    return Clock.wall - start
  }

  private func held(by nodes: [MeshNode]) async -> Int {
    var count = 0
    for node in nodes where await node.info().relays.contains(where: { $0.state == .accepted }) { count += 1 }
    return count
  }

  private var configuration: Meshwork.Configuration {
    var configuration = Meshwork.Configuration(identity: .ephemeral())
    configuration.listen = listen ? [.tcp(.v4(.loopback), port: 0)] : []
    configuration.mdns = false
    if messengers { configuration.messenger = .init() }
    configuration.relays = [relay].compactMap { $0 }.compactMap { try? Multiaddr($0) }
    configuration.limits.connectionsMax = 20_000
    configuration.limits.connectionsHighWater = 20_000
    configuration.limits.connectionsLowWater = 20_000
    return configuration
  }

  private func raiseDescriptorLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  private static let silent = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
}
