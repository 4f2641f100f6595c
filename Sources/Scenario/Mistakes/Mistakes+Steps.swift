// Steps that cannot happen: what is done to a program that does not run, undone that was not done, and so on.
// Parallel branches are read one after the other.

extension Mistakes {
  mutating func lookAtSteps() {
    var course = Course()
    for step in plan.allSteps { look(at: step, &course) }
    everStarted = course.everStarted
    if course.everStarted.isEmpty, !plan.hosts.isEmpty {
      add(plan.hosts[0].line, "nothing is ever started: net.start(\(plan.hosts[0].name))")
    }
  }

  /// What is so at a point of the file.
  private struct Course {
    var running: Set<String> = []
    var everStarted: Set<String> = []
    var paused: Set<String> = []
    var silent: Set<String> = []
    var unplugged: Set<String> = []
    var partitions: Set<String> = []
    /// Streams that are not ended, by their steps.
    var streams: Set<Int> = []
  }

  private mutating func look(at step: Plan.Step, _ course: inout Course) {
    switch step.action {
    case .start(let hosts): start(hosts, step.line, &course)
    case .stop(let host), .crash(let host):
      needsRunning(host, step, course)
      course.running.remove(host)
      course.paused.remove(host)
    case .restart(let host): needsRunning(host, step, course)
    case .pause(let host):
      needsRunning(host, step, course)
      if !course.paused.insert(host).inserted { add(step.line, "\(host) is paused already") }
    case .resume(let host):
      if course.paused.remove(host) == nil { add(step.line, "\(host) is not paused") }
    case .loseSignal(let host):
      knows(host, step.line)
      if !course.silent.insert(host).inserted { add(step.line, "\(host) has lost its signal already") }
    case .regainSignal(let host):
      if course.silent.remove(host) == nil { add(step.line, "\(host) has not lost its signal") }
    case .unplug(let host):
      knows(host, step.line)
      if !course.unplugged.insert(host).inserted { add(step.line, "\(host) is unplugged already") }
    case .plug(let host):
      if course.unplugged.remove(host) == nil { add(step.line, "\(host) is not unplugged") }
    case .move(let host, let lan, let link):
      knows(host, step.line)
      if let lan, plan.lan(named: lan) == nil { add(step.line, "there is no LAN “\(lan)”") }
      if let link { look(at: link, of: host, step.line) }
    case .changeLink(let host, let link):
      knows(host, step.line)
      look(at: link, of: host, step.line)
    case .changeUplink(let lan, let link):
      needsRouter(lan, step.line)
      look(at: link, of: lan, step.line)
    case .partition(let name, let groups):
      course.partitions.insert(name)
      look(at: groups, step.line)
    case .heal(let name):
      if course.partitions.remove(name) == nil { add(step.line, "this partition is healed already") }
    case .reboot(let lan), .renumber(let lan): needsRouter(lan, step.line)
    case .send(let from, let destination, _): look(at: destination, of: from, step, course)
    case .connect(let from, let to, let relay):
      look(at: .peer(host: to), of: from, step, course)
      if let relay { knows(relay, step.line) }
    case .stream(let from, let destination, _, let interval):
      look(at: destination, of: from, step, course)
      if !(interval >= 1 && interval.isFinite) {
        add(step.line, "an interval of \(interval.asTime): the least is 1 ms")
      }
      course.streams.insert(step.id)
    case .endStream(let stream):
      if course.streams.remove(stream) == nil { add(step.line, "this stream is ended already") }
    case .tell(let host, _): needsRunning(host, step, course)
    case .run(let host, let command, _):
      knows(host, step.line)
      lookAtReferences(in: command, step.line)
    case .waitUntil(let fact, let limit):
      if !(limit > 0 && limit.isFinite) { add(step.line, "a limit of \(limit.asTime) is no time to wait") }
      for host in fact.witnesses where !course.running.contains(host) {
        add(step.line, "waits for \(host), which does not run here")
      }
      lookAtNames(in: fact, step.line)
    case .wait(let ms):
      if !(ms >= 0 && ms.isFinite) { add(step.line, "waits for \(ms.asTime)") }
    case .parallel(let branches):
      if branches.isEmpty { add(step.line, "nothing to do at once") }
    case .note: break
    }
  }

  private mutating func look(
    at destination: Plan.Destination, of sender: String, _ step: Plan.Step, _ course: Course
  ) {
    needsRunning(sender, step, course)
    guard case .peer(let peer) = destination else { return }
    knows(peer, step.line)
    if peer == sender { add(step.line, "\(sender) has nothing to do with itself") }
  }

  private mutating func start(_ hosts: [String], _ line: Int, _ course: inout Course) {
    if hosts.isEmpty { add(line, "starts nobody") }
    for host in hosts {
      guard let known = plan.host(named: host) else {
        add(line, "there is no host “\(host)”")
        continue
      }
      if case .computer = known.role {
        add(line, "\(host) is a computer without a program: there is nothing to start")
      }
      if !course.running.insert(host).inserted { add(line, "\(host) runs already") }
      course.everStarted.insert(host)
    }
  }

  private mutating func needsRunning(_ host: String, _ step: Plan.Step, _ course: Course) {
    guard knows(host, step.line), !course.running.contains(host) else { return }
    let never = course.everStarted.contains(host) ? "does not run here" : "was never started"
    add(step.line, "\(step.action.words): \(host) \(never)")
  }

  @discardableResult
  mutating func knows(_ host: String, _ line: Int) -> Bool {
    if plan.host(named: host) != nil { return true }
    add(line, "there is no host “\(host)”")
    return false
  }

  private mutating func needsRouter(_ name: String, _ line: Int) {
    guard let lan = plan.lan(named: name) else { return add(line, "there is no LAN “\(name)”") }
    if lan.router == nil { add(line, "\(name) has no router") }
  }

  private mutating func look(at groups: [[String]], _ line: Int) {
    if groups.count < 2 { add(line, "a partition needs at least two groups") }
    if groups.contains(where: \.isEmpty) { add(line, "a group of a partition is empty") }
    var seen: Set<String> = []
    for host in groups.joined() {
      knows(host, line)
      if !seen.insert(host).inserted { add(line, "\(host) is in the partition twice") }
    }
  }

  mutating func lookAtNames(in fact: Fact, _ line: Int) {
    for host in fact.witnesses + fact.subjects { knows(host, line) }
    for host in fact.witnesses where fact.subjects == [host] {
      add(line, "\(fact.words): a node is not its own peer")
    }
  }
}
