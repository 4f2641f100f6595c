import Foundation

/// The network laboratory: what its fabric carries and how punctually, and how soon its networks are up and
/// down.
enum LabFigures {
  private static let nodes = 100

  static func figures(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    try forwarding(effort, tools) + [
      try lateness(effort, tools), try crowd(tools), try start(effort, tools), try certificate(tools),
    ]
  }

  /// As many packets of 1,200 bytes as a process can send, beside a loop that only reads and writes.
  private static func forwarding(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    var (fabric, plain) = (Samples(), Samples())
    for _ in 0..<(effort.isQuick ? 1 : 3) {
      let found = try Experiment(tools.labProbe, ["rate", effort.isQuick ? "1" : "3"])
      fabric.append(try found.number("fabric-pps"))
      plain.append(try found.number("plain-pps"))
    }
    return [
      Figure(
        "fabric, 1,200-byte packets forwarded by one thread", fabric, "/s",
        boundBy: "read and write alone", plain, goal: .atLeast(80_000))
    ]
  }

  private static func lateness(_ effort: Effort, _ tools: Tools) throws -> Figure {
    let seconds = effort.isQuick ? 2 : 10
    let found = try Experiment(tools.labProbe, ["delay", "\(seconds)"])
    let rate = try found.number("delivered") / Double(seconds)
    guard rate > 4_900 else { throw BenchError("only \(Int(rate)) packets a second were delivered") }
    return Figure(
      name: "delay error of a 25 ms link at 5,000 packets/s, 99th percentile",
      measured: try found.number("lateness-p99-us") / 1000, unit: "ms", goal: .atMost(1))
  }

  /// From the command to its end, the scenario's program in the cache.
  private static func crowd(_ tools: Tools) throws -> Figure {
    let folder = TemporaryFolder()
    let scenario = "Tests/Benchmarks/Scenarios/hundred.swift"
    let start = Clock.wall
    let run = try Run(
      tools.meshsim, ["run", scenario, "--seed", "1", "--out", "\(folder.path)/run", "--json"])
    let seconds = Clock.wall - start
    guard run.status == 0 else {
      throw BenchError("\(scenario) ended with status \(run.status): \(run.output)")
    }
    let left = processes(thatName: folder.path)
    guard left.isEmpty else { throw BenchError("\(left.count) processes are left of \(scenario)") }
    return Figure(
      name: "\(nodes) real nodes up, meshed and down again", measured: seconds, unit: "s", goal: .atMost(20))
  }

  /// A file that was never compiled, of two nodes; until they are ready, have left and the run is judged.
  private static func start(_ effort: Effort, _ tools: Tools) throws -> Figure {
    let folder = TemporaryFolder()
    var times = Samples()
    for round in 0...effort.count(10) {
      let file = "\(folder.path)/new\(round).swift"
      try """
      // A network of two.
      import Scenario
      scenario { net in
        let hub = net.node("hub\(round)"), ana = net.node("ana", behind: .homeRouter, knows: hub)
        net.start(hub, ana)
        net.expect(hub.isReady, ana.isReady, within: .milliseconds(1))
      }
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let start = Clock.wall
      let run = try Run(tools.meshsim, ["run", file, "--out", "\(folder.path)/run", "--json"])
      if round > 0 { times.append((Clock.wall - start) * 1000) }
      guard run.status == 0 else { throw BenchError("a network of two: status \(run.status)") }
    }
    return Figure(
      name: "new scenario file compiled, two nodes up, gone and judged", measured: times.median, unit: "ms",
      goal: .atMost(1000))
  }

  private static func certificate(_ tools: Tools) throws -> Figure {
    let start = Clock.wall
    let run = try Run(tools.meshsim, ["certify", "--json"])
    guard run.status == 0 else { throw BenchError("meshsim certify ended with status \(run.status)") }
    return Figure(
      name: "every NAT kind certified, model and kernel", measured: Clock.wall - start, unit: "s",
      goal: .atMost(60))
  }

  /// Those that run and have this text on their command line.
  private static func processes(thatName text: String) -> [String] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.filter { entry in
      Int32(entry).map { $0 != getpid() } ?? false
        && FileManager.default.contents(atPath: "/proc/\(entry)/cmdline")
          .map { String(decoding: $0, as: UTF8.self).contains(text) } ?? false
    }
  }
}

/// A program run to its end.
private struct Run {
  let output: String
  let status: Int32

  init(_ executable: String, _ arguments: [String]) throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw BenchError("\(executable) cannot be run: \(error)")
    }
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    output = String(decoding: data, as: UTF8.self)
    status = process.terminationStatus
  }
}

/// What lab-probe found: a name and a value a line.
private struct Experiment {
  private let name: String
  private let values: [String: String]

  init(_ labProbe: String, _ arguments: [String]) throws {
    let run = try Run(labProbe, arguments)
    name = arguments[0]
    guard run.status == 0 else { throw BenchError("lab-probe \(name) ended with status \(run.status)") }
    let pairs = run.output.split(separator: "\n").compactMap { line -> (String, String)? in
      let words = line.split(separator: " ", maxSplits: 1)
      return words.count == 2 ? (String(words[0]), String(words[1])) : nil
    }
    values = Dictionary(pairs) { $1 }
  }

  func number(_ what: String) throws -> Double {
    guard let value = values[what].flatMap(Double.init) else {
      throw BenchError("lab-probe \(name) does not say \(what)")
    }
    return value
  }
}
