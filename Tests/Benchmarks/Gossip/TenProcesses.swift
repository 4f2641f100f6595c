import Foundation

/// 1 KiB told among ten processes in a sparse graph, ours beside ten Go daemons, driven by
/// `Peers/ten_gossip.py`.
enum TenProcesses {
  static func figures(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    let networks = try Networks(tools)
    defer { networks.driver.stop() }
    var (ours, theirs) = (Deliveries(), Deliveries())
    for _ in 0..<effort.count(10) {
      ours.add(try networks.talk("meshnode", messages: 100))
      theirs.add(try networks.talk("go", messages: 100))
    }
    guard ours.lost == 0, ours.twice == 0 else {
      throw BenchError("of our messages \(ours.lost) were lost and \(ours.twice) came twice")
    }
    let count = "\(ours.count) deliveries"
    return [
      figure("1 KiB among ten processes, median", ours.milliseconds(0.5), "ms", theirs.milliseconds(0.5)),
      figure("the same, 99 of 100 within", ours.milliseconds(0.99), "ms", theirs.milliseconds(0.99)),
      figure("the same, processor time of all (\(count))", ours.cpu, "ms each", theirs.cpu),
    ]
  }

  private static func figure(_ name: String, _ ours: Double, _ unit: String, _ theirs: Double) -> Figure {
    Figure(
      name: name, measured: ours, unit: unit, bound: .init("ten Go daemons", theirs, ratio: ours / theirs),
      goal: .ratioAtMost(1))
  }
}

/// Both networks, which take turns.
private struct Networks {
  let driver: Child

  init(_ tools: Tools) throws {
    driver = try Child(
      tools.python, ["Tests/Benchmarks/Peers/ten_gossip.py", tools.goDaemon, tools.meshnode],
      environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    let ready = try driver.readLine(within: 180)
    guard ready == "ready" else { throw BenchError("the driver of both networks says \(ready)") }
  }

  func talk(_ network: String, messages: Int) throws -> Round {
    try driver.writeLine("\(network) \(messages)")
    let line = try driver.readLine()
    guard let round = try? JSONDecoder().decode(Round.self, from: Data(line.utf8)) else {
      throw BenchError("the driver of both networks says \(line)")
    }
    return round
  }
}

private struct Round: Decodable {
  let ms: [Double]
  let lost, twice: Int
  /// Processor time for each delivery.
  let cpuMs: Double
}

private struct Deliveries {
  private var times: [Double] = []
  private var cpuTimes = Samples()
  private(set) var lost = 0
  private(set) var twice = 0

  var count: Int { times.count }
  var cpu: Double { cpuTimes.median }

  mutating func add(_ round: Round) {
    times += round.ms
    cpuTimes.append(round.cpuMs)
    lost += round.lost
    twice += round.twice
  }

  /// How soon that share of the deliveries was done.
  func milliseconds(_ share: Double) -> Double {
    times.isEmpty ? .nan : times.sorted()[min(times.count - 1, Int(Double(times.count) * share))]
  }
}
