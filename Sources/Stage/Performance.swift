import Glibc
import Lab
import NetworkModel
import SansIO
package import Scenario
import Verdict

/// One run of a plan, inside the sandbox: builds the laboratory, does the steps, waits for the last window to
/// close, and ends everything. What happened is in the run directory then.
package final class Performance: Sendable {
  private static let readyLimit: Duration = .seconds(20)
  private static let endLimit: Duration = .seconds(10)
  private static let commandLimit: Duration = .seconds(120)

  let plan: Plan
  private let directory: RunDirectory
  private let cast: Cast
  let laboratory: Laboratory
  let recorder: Recorder
  let stage: Monitor<State>
  private let audience: Audience
  let isInterrupted = Monitor(false)
  private let progress: @Sendable (String) -> Void
  private let began: Instant
  private let facts: Monitor<RunFacts>

  struct State {
    var layout: Layout.Changing
    var processes: [String: HostProcess] = [:]
    var starts: [String: Int] = [:]
    var partitions: [(name: String, groups: [[String]])] = []
    /// When steps began and ended.
    var began: [Int: Instant] = [:]
    var ended: [Int: Instant] = [:]
    var commands = 0
    /// By their steps; ended ones are gone.
    var streams: [Int: Thread] = [:]
    var endedStreams: Set<Int> = []
  }

  /// Builds everything, and starts nothing yet.
  ///
  /// - Parameters:
  ///   - here: the folder of the scenario's file.
  ///   - programs: the folder of `meshnode` and `meshrelay`.
  package init(
    _ plan: Plan, in directory: RunDirectory, here: String, programs: String,
    progress: @escaping @Sendable (String) -> Void
  ) throws {
    if plan.hosts.contains(where: { if case .relay = $0.role { true } else { false } }),
      access("\(programs)/meshrelay", X_OK) != 0
    {
      throw StageError("this plan has relays, and there is no meshrelay in \(programs)", exitCode: 3)
    }
    self.plan = plan
    self.directory = directory
    self.progress = progress
    let cast = Cast(
      plan, in: directory, here: here,
      .init(meshnode: "\(programs)/meshnode", meshrelay: "\(programs)/meshrelay"))
    self.cast = cast
    var layout = Layout(plan)
    try cast.prepareData(in: directory)

    let everyone = plan.hosts.compactMap { host in layout.interfaces[host.name].map { ($0, host.name) } }
    let captured = everyone.filter { plan.host(named: $0.1)?.captures == true }
    let recorder = try Recorder(directory, captured: captured, hosts: everyone)
    self.recorder = recorder
    let origin = WallClockOrigin()
    let descriptions = layout.descriptions
    stage = Monitor(State(layout: layout.changing))
    laboratory = try Laboratory.start(network: layout.takeNetwork(), hosts: descriptions) {
      recorder.record($0, origin)
    }
    audience = Audience(laboratory.events, cast)
    began = MonotonicClock.now
    facts = Monitor(
      RunFacts(
        beganNs: UInt64(max(0, laboratory.origin.wallNanoseconds(began))), peers: cast.peers,
        addresses: stage.peek { $0.layout.hostsByAddress }))
  }

  /// Ends the run as soon as it can be; what was recorded stays.
  package func interrupt() { isInterrupted.withLock { $0 = true } }

  /// Does all steps. Whether they all were done; the run directory has why not.
  package func run() throws -> Bool {
    try facts.withLock { try $0.write(to: directory) }
    let thread = try recorder.follow(laboratory)
    var failure: StageError?
    do {
      try stage.peek { $0.layout }.applyKernelRouters(in: laboratory)
      progress("\(plan.hosts.count) hosts, seed \(plan.seed)")
      try perform(plan.steps)
      try awaitClosing()
    } catch let error as StageError {
      failure = error
    } catch {
      failure = StageError("\(error)")
    }
    endStreams()
    let ended = MonotonicClock.now
    let health = laboratory.stop(grace: Self.endLimit)
    let faults = recorder.end(laboratory, thread)
    try facts.withLock { facts in
      facts.endedNs = UInt64(max(0, laboratory.origin.wallNanoseconds(ended)))
      facts.addresses = stage.peek { $0.layout.hostsByAddress }
      facts.health = .init(health, eventsLost: laboratory.events.lost, faults: faults)
      facts.failure = failure?.description
      facts.wasInterrupted = isInterrupted.peek { $0 }
      try facts.write(to: directory)
    }
    if let failure { progress("stopped: \(failure)") }
    return failure == nil
  }

  /// Goes on until every window that ends has ended.
  private func awaitClosing() throws(StageError) {
    var last = MonotonicClock.now
    for mark in plan.closingMarks {
      let moment: Instant? = stage.peek { state in
        switch mark.moment {
        case .beginning: began
        case .began(let step): state.began[step]
        case .ended(let step): state.ended[step]
        }
      }
      if let moment { last = max(last, moment + .milliseconds(of: mark.offsetMs)) }
    }
    try pause(until: last)
  }

  // MARK: Steps

  private func perform(_ steps: [Plan.Step]) throws(StageError) {
    for step in steps { try perform(step) }
  }

  private func perform(_ step: Plan.Step) throws(StageError) {
    let start = MonotonicClock.now
    stage.withLock { $0.began[step.id] = start }
    say(step, "began", at: start)
    if case .note = step.action {} else { progress(step.action.words) }
    var failure: StageError?
    do {
      try act(step)
    } catch let error as StageError {
      failure = error
    } catch {
      failure = StageError("\(error)")
    }
    // Whatever an interrupted step came to.
    if failure != nil, isInterrupted.peek({ $0 }) { failure = StageError("interrupted") }
    let end = MonotonicClock.now
    stage.withLock { $0.ended[step.id] = end }
    say(step, failure == nil ? "ended" : "failed", at: end, failure?.description)
    if let failure {
      throw StageError("line \(step.line), \(step.action.words): \(failure)")
    }
  }

  private func say(_ step: Plan.Step, _ phase: String, at instant: Instant, _ failure: String? = nil) {
    recorder.note(
      at: instant, laboratory.origin,
      [
        .init("step", .integer(Int64(step.id))), .init("phase", .string(phase)),
        .init("words", .string(step.action.words)),
      ] + (failure.map { [.init("failure", .string($0))] } ?? []))
  }

  private func act(_ step: Plan.Step) throws {
    switch step.action {
    case .start(let hosts): try start(hosts)
    case .stop(let host): try process(of: host).stop(grace: Self.endLimit)
    case .crash(let host): try process(of: host).crash()
    case .restart(let host):
      try process(of: host).stop(grace: Self.endLimit)
      try start([host])
    case .pause(let host): try process(of: host).pause()
    case .resume(let host): try process(of: host).resume()
    case .send(let from, let destination, let text): try send(text, from: from, to: destination)
    case .stream(let from, let destination, let text, let ms):
      try startStream(step.id, text, from: from, to: destination, every: .milliseconds(of: ms))
    case .endStream(let stream): endStream(stream)
    case .connect(let from, let to, let relay): try connect(from, to: to, through: relay)
    case .tell(let host, let text): try process(of: host).tell(text)
    case .run(let host, let command, let status): try run(command, on: host, expecting: status)
    case .waitUntil(let fact, let ms): try wait(until: fact, within: .milliseconds(of: ms))
    case .wait(let ms): try pause(until: MonotonicClock.now + .milliseconds(of: ms))
    case .parallel(let branches): try together(branches)
    case .note(let text): progress(text)
    case .loseSignal, .regainSignal, .unplug, .plug, .move, .changeLink, .changeUplink, .partition, .heal,
      .reboot, .renumber:
      try change(step.action)
    }
  }

  private func start(_ names: [String]) throws {
    var ours: [HostProcess] = []
    for name in names {
      guard let host = plan.host(named: name) else { throw StageError("there is no host \(name)") }
      let (start, seats) = stage.withLock { state in
        state.starts[name, default: 0] += 1
        return (state.starts[name] ?? 1, state.layout.seats)
      }
      guard let program = cast.program(of: host, start: start, seats: seats) else {
        throw StageError("\(name) is a computer without a program: let it run a command instead")
      }
      let process = try laboratory.spawn(program, in: name)
      stage.withLock { $0.processes[name] = process }
      if host.isOurs { ours.append(process) }
    }
    for process in ours {
      _ = try process.awaitReady(within: Self.readyLimit) { isInterrupted.peek { $0 } }
    }
  }

  func process(of host: String) throws(StageError) -> HostProcess {
    guard let process = stage.peek({ $0.processes[host] }) else {
      throw StageError("\(host) was not started")
    }
    if let end = process.end { throw StageError("\(host) runs no more: it \(end)\(process.lastWords)") }
    return process
  }

  private struct Letter: Encodable {
    let text: String
    var room: String?
    var to: String?
  }

  func send(_ text: String, from: String, to destination: Plan.Destination) throws {
    var letter = Letter(text: text)
    switch destination {
    case .room(let name): letter.room = name
    case .peer(let host): letter.to = cast.peerID(of: host)
    }
    try process(of: from).request("chat.send", letter)
  }

  private struct Target: Encodable {
    let addr: String
  }

  private func connect(_ host: String, to peer: String, through relay: String?) throws {
    let seats = stage.peek { $0.layout.seats }
    let place = relay ?? peer
    guard var address = cast.multiaddresses(of: place, at: seats[place]).first else {
      throw StageError("\(place) has no address")
    }
    if relay != nil { address += "/p2p-circuit/p2p/\(cast.peerID(of: peer))" }
    try process(of: host).request("peers.connect", Target(addr: address))
  }

  private func run(_ command: String, on host: String, expecting status: Int) throws {
    let (number, seats) = stage.withLock { state in
      state.commands += 1
      return (state.commands, state.layout.seats)
    }
    var description = ProcessDescription(
      "command-\(number)", "/bin/sh", ["-c", cast.substituting(command, seats: seats)])
    description.directory = directory.data(of: host)
    description.logPath = "\(directory.path)/\(host)-command-\(number).log"
    let process = try laboratory.spawn(description, in: host)
    let end = process.awaitEnd(within: Self.commandLimit) { isInterrupted.peek { $0 } }
    guard let end else {
      process.crash()
      throw StageError("did not end within \(Self.commandLimit)")
    }
    guard end == .exited(Int32(status)) else { throw StageError("it \(end)\(process.lastWords)") }
  }

  private func together(_ branches: [[Plan.Step]]) throws {
    let failures = Monitor<[StageError]>([])
    var threads: [Thread] = []
    for branch in branches {
      threads.append(
        try Thread("stage-branch") { [self] in
          do throws(StageError) {
            try perform(branch)
          } catch {
            failures.withLock { $0.append(error) }
          }
        })
    }
    for thread in threads { thread.join() }
    if let first = failures.peek({ $0.first }) { throw first }
  }

  // MARK: Waiting

  private func pause(until deadline: Instant) throws(StageError) {
    if isInterrupted.wait(until: deadline, { $0 ? true : nil }) == true { throw StageError("interrupted") }
  }

  private func wait(until fact: Fact, within limit: Duration) throws(StageError) {
    let deadline = MonotonicClock.now + limit
    while true {
      if audience.hears(fact) { return }
      if isInterrupted.peek({ $0 }) { throw StageError("interrupted") }
      guard MonotonicClock.now < deadline else {
        throw StageError("still missing: \(audience.missing(for: fact).joined(separator: ", "))")
      }
      audience.awaitMore(until: min(deadline, MonotonicClock.now + .milliseconds(500)))
    }
  }
}
