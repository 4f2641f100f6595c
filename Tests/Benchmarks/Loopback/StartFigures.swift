import Foundation

/// `meshnode run` as it is installed: how soon it listens, and what it takes while nothing happens.
enum StartFigures {
  private static let settleSeconds = 3.0

  static func figures(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    let data = TemporaryFolder()
    var times = Samples()
    // The first start makes the identity.
    for round in 0...effort.count(20) {
      let start = Clock.wall
      let node = try RunningNode(tools.meshnode, data: data.path)
      if round > 0 { times.append((Clock.wall - start) * 1000) }
      node.child.stop()
    }
    let node = try RunningNode(tools.meshnode, data: data.path)
    defer { node.child.stop() }
    usleep(UInt32(settleSeconds * 1e6))
    let resident = try ProcessStatistics.memory(of: node.child.pid).resident / 1_048_576
    let go = try GoPair(python: tools.python, daemon: tools.goDaemon).idleResidentBytes / 1_048_576
    return [
      Figure(name: "meshnode run, until it listens", measured: times.median, unit: "ms", goal: .atMost(60)),
      Figure(
        name: "meshnode run, idle", measured: resident, unit: "MiB",
        bound: .init("Go daemon", go, ratio: resident / go), goal: .atMost(32), counted: "idle-node-mib"),
    ]
  }
}
