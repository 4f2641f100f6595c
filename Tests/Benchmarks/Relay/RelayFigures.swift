import Foundation

/// One circuit through a relay, each direction, beside the Go relay between the same two ends; and what many
/// who only hold a reservation cost.
enum RelayFigures {
  private static let reservations = 5000
  private static let holdSeconds = 20.0

  static func figures(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    try throughput(effort, tools) + reservations(effort, tools)
  }

  // MARK: Throughput

  private static func throughput(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    let ours = try RelayedPair(
      executable: tools.meshnode, relay: MeasuredRelay(executable: tools.meshrelay))
    let go = try RelayedPair(
      executable: tools.meshnode, relay: MeasuredRelay(python: tools.python, goDaemon: tools.goDaemon))
    let direct = try MeshnodePair(executable: tools.meshnode)
    return try Direction.allCases.flatMap { try throughput($0, effort, ours, go, direct) }
  }

  private static func throughput(
    _ direction: Direction, _ effort: Effort, _ ours: RelayedPair, _ go: RelayedPair, _ direct: MeshnodePair
  ) throws -> [Figure] {
    var cpu = (ours: Samples(), go: Samples(), direct: Samples())
    func rate(_ pair: some TransferPair, _ bytes: Int, _ cpu: inout Samples) throws -> Double {
      let transfer = try pair.transfer(effort.bytes(bytes), direction)
      cpu.append(transfer.cpuSecondsPerGB)
      return transfer.bytesPerSecond / 1e6
    }
    let samples = try interleaved(
      rounds: effort.rounds,
      [
        { try rate(ours, 600_000_000, &cpu.ours) },
        { try rate(go, 400_000_000, &cpu.go) },
        { try rate(direct, 600_000_000, &cpu.direct) },
      ])
    let name = "one circuit through meshrelay, \(direction.rawValue)"
    return [
      Figure(name, samples[0], "MB/s", boundBy: "Go relay", samples[1], goal: .ratioAtLeast(1.5)),
      Figure(name, samples[0], "MB/s", boundBy: "no relay", samples[2]),
      Figure(
        "\(name), processor time of the relay", cpu.ours, "s/GB", boundBy: "Go relay", cpu.go,
        goal: .ratioAtMost(0.5)),
    ]
  }

  // MARK: Reservations

  private static func reservations(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    let relay = try MeasuredRelay(executable: tools.meshrelay)
    // Or it may end, and its process with it, before the last figure is taken.
    return try withExtendedLifetime(relay) { try reservations(at: relay, effort, tools) }
  }

  private static func reservations(
    at relay: MeasuredRelay, _ effort: Effort, _ tools: Tools
  ) throws -> [Figure] {
    let empty = try ProcessStatistics.memory(of: relay.pid).resident
    let count = effort.count(reservations)
    let crowd = try Crowd(of: count, listens: false, relay: relay.address)
    defer { crowd.child.stop() }
    let start = Clock.wall
    while case let held = try crowd.held(), held < count {
      guard Clock.wall < start + 300 else { throw BenchError("\(held) of \(count) reservations are held") }
      usleep(200_000)
    }
    let seconds = Clock.wall - start
    let hold = tools.hold ?? holdSeconds
    usleep(UInt32(hold * 1e6))
    let lost = count - (try crowd.held())
    let full = try ProcessStatistics.memory(of: relay.pid).resident
    return [
      Figure(
        name: "\(count) idle reservations at meshrelay, resident, each",
        measured: (full - empty) / 1024 / Double(count), unit: "KiB", goal: .atMost(32)),
      Figure(
        name: "the same, lost in \(Table.number(hold)) s", measured: Double(lost), unit: "reservations",
        goal: .atMost(0)),
      Figure(name: "the same, until all were held", measured: seconds, unit: "s"),
    ]
  }
}
