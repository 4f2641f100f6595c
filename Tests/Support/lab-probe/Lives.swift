import Glibc
import Lab
import SansIO

/// Runs until somebody ends it: three hosts, each with a process that would stay for ever.
let idle: @Sendable (Bench) throws -> Int32 = { bench in
  let laboratory = try Topology.internet(hosts: 3).start()
  for host in laboratory.hosts {
    // One that ignores polite requests, and a child of it in a session of its own.
    var description = ProcessDescription(
      "stubborn", "sh", ["-c", "trap '' TERM; setsid sleep 1000 & sleep 1000 & echo up; wait"])
    description.output = .lines
    let process = try laboratory.spawn(description, in: host.name)
    var position = 0
    _ = process.next(from: &position, until: MonotonicClock.now + .seconds(10)) { $0 == .line("up") }
  }
  try bench.signals?.forEach { signal in
    laboratory.stop(grace: .milliseconds(200))
    report("ended", signal.number)
    exit(7)
  }
  report("running", laboratory.processes.count)
  while true { sleep(1000) }
}

/// A laboratory that cannot be: what is left of it must be nothing.
let failing: @Sendable (Bench) throws -> Int32 = { _ in
  var topology = Topology.internet(hosts: 2)
  topology.hosts[1].sysctls = [("net/ipv4/no_such_setting", "1")]
  _ = try topology.start()
  return 0
}

/// Programs that misbehave, each in its own way.
let processes: @Sendable (Bench) throws -> Int32 = { bench in
  let directory = bench.arguments.first ?? "."
  let laboratory = try Topology.internet(hosts: 1).start()
  func start(_ name: String, _ script: String, output: ProcessDescription.Output = .api) throws -> HostProcess
  {
    var description = ProcessDescription(name, "sh", ["-c", script])
    description.output = output
    description.logPath = "\(directory)/\(name).log"
    description.logBytesMax = 100_000
    return try laboratory.spawn(description, in: "h0")
  }

  func complaint(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)".split(separator: "\n").joined(separator: " | ") }
    return "none"
  }

  report("missing", complaint { _ = try laboratory.spawn(ProcessDescription("x", "/no/such"), in: "h0") })
  report("nowhere", complaint { _ = try laboratory.spawn(ProcessDescription("x", "true"), in: "h9") })
  let dying = try start("dying", "echo first >&2; echo port taken >&2; exit 3")
  report("dying", complaint { _ = try dying.awaitReady(within: .seconds(5)) })
  let silent = try start("silent", "sleep 100")
  report("silent", complaint { _ = try silent.awaitReady(within: .milliseconds(200)) })
  report("unanswered", complaint { try silent.request("node.info", timeout: .milliseconds(200)) })
  report("silent-stop", silent.stop().map { "\($0)" } ?? "none")
  let stubborn = try start("stubborn", "trap '' TERM; echo hi >&2; while :; do sleep 1; done")
  usleep(200_000)
  report("stubborn-stop", stubborn.stop(grace: .milliseconds(200)).map { "\($0)" } ?? "none")
  let flooding = try start("flooding", "yes | head -c 5000000 >&2")
  report("flooding", flooding.awaitEnd(until: MonotonicClock.now + .seconds(10)).map { "\($0)" } ?? "none")
  let garbled = try start(
    "garbled", "echo not json; head -c 3000000 /dev/zero; echo; echo '\(Line.ready)'; read x; echo $x >&2")
  report("garbled", try garbled.awaitReady(within: .seconds(5)).kind == .api(type: "ready", line: Line.ready))
  report("gone", complaint { try garbled.request("node.info", timeout: .seconds(5)) })
  let paused = try start("paused", "while :; do echo tick; sleep 0.02; done", output: .lines)
  usleep(200_000)
  paused.pause()
  usleep(50_000)
  let before = laboratory.events.end
  usleep(200_000)
  report("paused-events", laboratory.events.end - before)
  paused.resume()
  usleep(200_000)
  report("resumed", laboratory.events.end - before > 3)
  report("crash", paused.crash().map { "\($0)" } ?? "none")
  for event in laboratory.events.events() {
    if case .note(let text) = event.kind { report("note-\(event.process)", text) }
  }
  laboratory.stop()
  report("zombies", try zombies())
  return 0
}

/// Processes in here that nobody has reaped.
private func zombies() throws -> Int {
  usleep(100_000)
  var count = 0
  for pid in 1..<3000 {
    guard let text = try? SmallFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
      continue
    }
    if text[end...].dropFirst(2).first == "Z" { count += 1 }
  }
  return count
}

private enum Line {
  static let ready = #"{"jsonrpc":"2.0","method":"event","params":{"seq":1,"timeMs":1,"type":"ready"}}"#
}
