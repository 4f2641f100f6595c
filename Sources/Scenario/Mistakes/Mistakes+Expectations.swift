// Expectations that no run could meet or miss.

extension Mistakes {
  mutating func lookAtExpectations() {
    var names: [String: Int] = [:]
    for expectation in plan.expectations {
      if let first = names[expectation.name] {
        add(expectation.line, "“\(expectation.name)” is expected by line \(first) already: name them apart")
      } else {
        names[expectation.name] = expectation.line
      }
      look(at: expectation.window, expectation.line)
      look(at: expectation.claim, expectation.line)
    }
  }

  private mutating func look(at window: Plan.Window, _ line: Int) {
    let ids = Set(plan.allSteps.map(\.id))
    for mark in [window.from, window.until].compactMap({ $0 }) {
      if let step = mark.moment.step, !ids.contains(step) { add(line, "there is no step \(step)") }
      if !(mark.offsetMs >= 0 && mark.offsetMs.isFinite) { add(line, "a window begins before its moment") }
    }
    guard let until = window.until else { return }
    if window.from.moment == until.moment, until.offsetMs <= window.from.offsetMs {
      add(
        line,
        "the window ends (\(until.offsetMs.asTime)) before it begins (\(window.from.offsetMs.asTime))")
    } else if until.moment.order < window.from.moment.order {
      add(line, "the window ends with a step that comes before the one it begins with")
    }
  }

  private mutating func look(at claim: Plan.Claim, _ line: Int) {
    switch claim {
    case .happens(let what), .never(let what): look(at: what, line)
    case .counted(let what, let least, let most):
      if least < 0 || most.map({ $0 < least }) == true { add(line, "\(least) to \(most ?? 0) times") }
      look(at: what, line)
    case .stays(let fact): look(at: fact, line)
    case .delivered(let step, let hosts):
      guard let sent = plan.allSteps.first(where: { $0.id == step }),
        case .send(let from, let destination, _) = sent.action
      else { return add(line, "step \(step) sends nothing") }
      for host in hosts { look(atReceiver: host, of: from, destination, line) }
    case .streamed(let stream, let hosts), .resumes(let stream, let hosts):
      look(atStream: stream, reaching: hosts, line)
    case .follows(let what, let cause, let limit):
      if !(limit > 0 && limit.isFinite) { add(line, "nothing follows within \(limit.asTime)") }
      look(at: what, line)
      look(at: cause, line)
    case .together(let hosts):
      if hosts.count < 2 { add(line, "\(hosts.inWords) among nobody else") }
      for host in hosts { needsStarted(host, line) }
    case .path(let from, let to, _):
      needsCapture(from, line)
      knows(to, line)
    case .rule(let rule, let hosts):
      for host in hosts {
        needsStarted(host, line)
        if rule.isJudgedByPackets { needsCapture(host, line) }
      }
    }
  }

  private mutating func look(atStream stream: Int, reaching hosts: [String], _ line: Int) {
    let action = plan.allSteps.first { $0.id == stream }?.action
    guard case .stream(let from, let destination, _, _) = action else {
      return add(line, "step \(stream) is no stream")
    }
    for host in hosts { look(atReceiver: host, of: from, destination, line) }
  }

  private mutating func look(
    atReceiver host: String, of sender: String, _ destination: Plan.Destination, _ line: Int
  ) {
    needsStarted(host, line)
    if host == sender { add(line, "\(sender) does not receive what it sends") }
    if case .peer(let peer) = destination, peer != host {
      add(line, "the message is for \(peer) alone, not for \(host)")
    }
  }

  private mutating func look(at what: Plan.Observation, _ line: Int) {
    switch what {
    case .fact(let fact): look(at: fact, line)
    case .sighting(let sighting):
      needsCapture(sighting.at, line)
      for host in sighting.what.subjects { knows(host, line) }
    case .drop(let pattern):
      if plan.host(named: pattern.box) == nil, plan.lan(named: pattern.box)?.router == nil {
        add(line, "there is no box “\(pattern.box)” where a packet could die")
      }
    }
  }

  private mutating func look(at fact: Fact, _ line: Int) {
    for host in fact.witnesses { needsStarted(host, line) }
    lookAtNames(in: fact, line)
  }

  private mutating func needsStarted(_ host: String, _ line: Int) {
    guard knows(host, line), !everStarted.contains(host) else { return }
    add(line, "something is expected of \(host), which is never started")
  }

  private mutating func needsCapture(_ host: String, _ line: Int) {
    guard knows(host, line), plan.host(named: host)?.captures == false else { return }
    add(line, "packets are expected of \(host), which captures nothing")
  }
}

extension Plan.Moment {
  package var step: Int? {
    switch self {
    case .beginning: nil
    case .began(let step), .ended(let step): step
    }
  }

  /// Later in the file is larger.
  fileprivate var order: Int { step ?? -1 }
}

extension Plan.Rule {
  /// Whether captures are among its witnesses.
  package var isJudgedByPackets: Bool {
    switch self {
    case .everyMessageOnce, .nobodyAliveReaped, .noPresenceFlap: false
    case .presenceAfterReady, .presenceOnce, .welcomeOnlyAfterPresence, .presenceIsWelcomed, .refreshRhythm,
      .silenceBeforeReaping, .silentAreReaped:
      true
    }
  }
}

extension Sighting.What {
  /// Whom it speaks of besides the host whose capture it is.
  package var subjects: [String] {
    switch self {
    case .packet(let pattern): pattern.peer.map { [$0] } ?? []
    case .simultaneousOpen(let peer), .agreed(_, let peer): peer.map { [$0] } ?? []
    case .secured(let peer, _, let relay): [peer] + (relay.map { [$0] } ?? [])
    case .reserved(let relay, _): relay.map { [$0] } ?? []
    case .circuit(let peer, let relay): [peer, relay].compactMap { $0 }
    case .punched(let peer, _): [peer]
    case .message(let author, _, _): author.map { [$0] } ?? []
    }
  }
}
