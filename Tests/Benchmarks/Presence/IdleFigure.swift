import Foundation

/// What an installed node takes of a core while it knows a hundred others and nobody says anything.
enum IdleFigure {
  private static let knownPeers = 100
  private static let settleSeconds = 20.0

  static func figures(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    let hub = try Crowd(of: 1, listens: true, areMessengers: true)
    defer { hub.child.stop() }
    let others = try Crowd(of: knownPeers - 1, listens: false, areMessengers: true)
    defer { others.child.stop() }
    guard let address = hub.addresses.first else { throw BenchError("the hub does not listen") }
    try others.child.writeLine(address)
    try others.child.writeLine("dial")
    _ = try others.child.readLine(within: 300)

    let data = TemporaryFolder()
    let node = try RunningNode(tools.meshnode, data: data.path, ["--bootstrap", address])
    defer { node.child.stop() }
    let deadline = Clock.wall + 60
    while case let known = try peersOnline(at: node), known < knownPeers {
      guard Clock.wall < deadline else { throw BenchError("after a minute \(known) peers are online") }
      usleep(500_000)
    }
    usleep(UInt32(settleSeconds * 1e6))

    // Whole rounds of beats.
    let seconds = effort.isQuick ? 15.0 : 60.0
    let (start, before) = (Clock.wall, try ProcessStatistics.cpuSeconds(of: node.child.pid))
    usleep(UInt32(seconds * 1e6))
    let spent = try ProcessStatistics.cpuSeconds(of: node.child.pid) - before
    let resident = try ProcessStatistics.memory(of: node.child.pid).resident / 1_048_576
    return [
      Figure(
        name: "meshnode run with \(knownPeers) known peers, idle",
        measured: spent / (Clock.wall - start) * 100,
        unit: "% of a core", goal: .atMost(0.5)),
      Figure(name: "the same, resident", measured: resident, unit: "MiB"),
    ]
  }

  private static func peersOnline(at node: RunningNode) throws -> Int {
    try node.child.writeLine(#"{"jsonrpc":"2.0","id":1,"method":"peers.list"}"#)
    while true {
      let line = Data(try node.child.readLine().utf8)
      guard let answer = try? JSONDecoder().decode(Answer.self, from: line) else { continue }
      return answer.result.count { $0.presence == "online" }
    }
  }

  private struct Answer: Decodable {
    let result: [Peer]
    struct Peer: Decodable { let presence: String }
  }
}
