import GossipSub
import Node
import NodeKit
import SansIO

/// Presence among whole nodes in virtual time: what it costs a node to know the others, and how soon a
/// newcomer does. Links have no stalls; every node is connected with one hub only.
enum PresenceFigures {
  static func figures(_ effort: Effort) throws -> [Figure] {
    let crowd = Star(of: effort.isQuick ? 20 : 100)
    let perSecond = crowd.presenceMessagesPerSecond(overMinutes: 1)
    return [
      Figure(
        name: "presence messages received by one of \(crowd.count), busiest leaf", measured: perSecond.leaf,
        unit: "/s", goal: .atMost(10)),
      Figure(name: "the same at their hub", measured: perSecond.hub, unit: "/s", goal: .atMost(10)),
      try newcomer(among: 19, goal: 1),
      try newcomer(among: effort.isQuick ? 49 : 99, goal: 16),
    ]
  }

  private static func newcomer(among others: Int, goal seconds: Double) throws -> Figure {
    let star = Star(of: others)
    guard let wait = star.secondsUntilANewcomerKnowsAll() else {
      throw BenchError("a newcomer among \(others) does not know all of them in a minute")
    }
    return Figure(
      name: "newcomer knows \(others) others, from its PRESENCE", measured: wait, unit: "s",
      goal: .atMost(seconds))
  }
}

/// Messengers around one of them.
private struct Star {
  private let network = NodeNetwork()
  private let hub: NodeNetwork.Host
  private let leaves: [NodeNetwork.Host]

  /// They know each other when this returns.
  init(of count: Int) {
    let network = network
    hub = network.add { $0.beMessenger() }
    leaves = (1..<count).map { _ in network.add { $0.beMessenger() } }
    for leaf in leaves {
      connect(leaf)
      network.run(for: .milliseconds(100))
    }
    network.run(for: .seconds(60))
  }

  var count: Int { leaves.count + 1 }

  private func connect(_ leaf: NodeNetwork.Host) {
    let hub = hub
    _ = network.on(leaf) { node, now in node.connect(to: hub.fullAddress, at: now) }
  }

  /// Every copy that comes counts. Nobody chats, so all there is on the topic is presence.
  func presenceMessagesPerSecond(overMinutes minutes: Int) -> (hub: Double, leaf: Double) {
    let hosts = [hub] + leaves
    let before = hosts.map(received)
    network.run(for: .seconds(60 * minutes))
    let rates = zip(hosts, before).map { Double(received($0) - $1) / Double(60 * minutes) }
    return (rates[0], rates.dropFirst().max() ?? 0)
  }

  private func received(_ host: NodeNetwork.Host) -> UInt64 {
    guard let counters = host.node.gossipCounters else { return 0 }
    return counters.accepted + counters.duplicates + counters.ignored + counters.rejected
  }

  func secondsUntilANewcomerKnowsAll() -> Double? {
    let newcomer = network.add { $0.beMessenger() }
    connect(newcomer)
    guard network.run(within: .seconds(5), until: { !newcomer.announcements.isEmpty }) else { return nil }
    let announced = network.now
    guard network.run(within: .seconds(60), until: { newcomer.online.count == count }) else { return nil }
    return (network.now - announced).milliseconds / 1000
  }
}
