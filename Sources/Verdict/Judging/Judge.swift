import SansIO
import Scenario

extension Verdict {
  /// Judges every expectation of the trace's plan.
  package init(of trace: Trace) {
    let judge = Judge(trace)
    let steps = trace.plan.allSteps
    let failures = trace.deeds.compactMap { deed -> Judgement? in
      guard let failure = deed.failure, let step = steps.first(where: { $0.id == deed.step }) else {
        return nil
      }
      let evidence = Evidence("lab", .step, step.id, at: deed.ended ?? deed.began, step.action.words)
      return Judgement(
        name: "step: \(step.action.words)", passed: false, detail: failure, evidence: [evidence],
        line: step.line)
    }
    let judgements = failures + trace.plan.expectations.map(judge.judge)
    let complaints = trace.health.complaints(with: trace.plan.tolerance)
    let outcome: Outcome =
      !complaints.isEmpty ? .void : judgements.allSatisfy(\.passed) ? .passed : .failed
    self.init(
      scenario: trace.plan.name, world: trace.world, seed: trace.plan.seed, outcome: outcome,
      durationMs: (trace.ended - trace.began).milliseconds, judgements: judgements, health: trace.health,
      complaints: complaints)
  }
}

/// What a claim came to; name and line are the expectation's.
struct Finding {
  var passed: Bool
  var detail: String
  var evidence: [Evidence] = []
  var figureMs: Double?

  static func failed(_ detail: String, _ evidence: [Evidence] = []) -> Finding {
    Finding(passed: false, detail: detail, evidence: evidence)
  }

  static func passed(_ detail: String, _ evidence: [Evidence] = []) -> Finding {
    Finding(passed: true, detail: detail, evidence: evidence)
  }
}

/// Asks the witnesses.
struct Judge {
  let trace: Trace
  let course: Course
  /// When each step began and ended.
  let deeds: [Int: Deed]

  /// A report that lists more is not read.
  static let evidenceMax = 12

  init(_ trace: Trace) {
    self.trace = trace
    course = Course(trace)
    deeds = Dictionary(trace.deeds.map { ($0.step, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func judge(_ expectation: Plan.Expectation) -> Judgement {
    let finding =
      switch stretch(of: expectation.window) {
      case .success(let stretch): judge(expectation.claim, in: stretch, expectation.window)
      case .failure(let reason): Finding.failed(reason.words)
      }
    return Judgement(
      name: expectation.name, passed: finding.passed, detail: finding.detail,
      evidence: Array(finding.evidence.prefix(Self.evidenceMax)), figureMs: finding.figureMs,
      line: expectation.line)
  }

  private func judge(_ claim: Plan.Claim, in stretch: Stretch, _ window: Plan.Window) -> Finding {
    switch claim {
    case .happens(let what):
      happens(what, in: opened(stretch, by: window, for: what), isExact: window.from.offsetMs > 0)
    case .never(let what): never(what, in: stretch)
    case .counted(let what, let least, let most):
      counted(what, least, most, in: opened(stretch, by: window, for: what))
    case .stays(let fact): stays(fact, in: stretch)
    case .delivered(let step, let hosts): delivered(step, hosts, in: stretch)
    case .streamed(let stream, let hosts): streamed(stream, hosts, in: stretch)
    case .resumes(let stream, let hosts): resumes(stream, hosts, in: stretch)
    case .follows(let what, let cause, let limit):
      follows(what, after: cause, within: .microseconds(limit * 1000), in: stretch)
    case .together(let hosts): together(hosts, in: stretch)
    case .path(let from, let to, let path): judge(path, from, to, in: stretch)
    case .rule(let rule, let hosts): judge(rule, of: hosts, in: stretch)
    }
  }

  private func judge(_ rule: Plan.Rule, of hosts: [String], in stretch: Stretch) -> Finding {
    let nodes = trace.plan.hosts.filter { $0.node != nil }
    let asked = nodes.filter { hosts.isEmpty || hosts.contains($0.name) }
    // A host without a capture is no witness of packets; asked for by name it is a mistake of the plan.
    let heard = asked.filter { $0.captures || !rule.isJudgedByPackets }
    return switch rule {
    case .presenceAfterReady: each(heard) { presenceAfterReady($0) }
    case .presenceOnce: each(heard) { presenceOnce($0) }
    case .welcomeOnlyAfterPresence: each(heard) { welcomeOnlyAfterPresence($0) }
    case .presenceIsWelcomed: each(heard) { presenceIsWelcomed($0) }
    case .refreshRhythm: each(heard) { refreshRhythm($0) }
    case .silenceBeforeReaping: each(heard) { silenceBeforeReaping($0) }
    case .silentAreReaped: each(heard) { silentAreReaped($0) }
    case .nobodyAliveReaped: each(heard) { nobodyAliveReaped($0) }
    case .noPresenceFlap: each(heard) { noPresenceFlap($0) }
    case .everyMessageOnce: everyMessageOnce(heard)
    }
  }

  /// The windows of claims on the run's clock.
  private func stretch(of window: Plan.Window) -> Result<Stretch, NeverOpened> {
    guard let from = instant(of: window.from) else { return .failure(NeverOpened(mark: window.from)) }
    guard let end = window.until else { return .success(Stretch(from: from, until: trace.ended)) }
    guard let until = instant(of: end) else { return .failure(NeverOpened(mark: end)) }
    return .success(Stretch(from: from, until: until))
  }

  /// What a step does may show in packets before the step is done: a message can be there before its sender
  /// is told that it was sent. So for packets, after a step is from its beginning on; but not for steps that
  /// wait, or that end something before they begin anew. (What nodes say may hold when the window opens.)
  private func opened(_ stretch: Stretch, by window: Plan.Window, for what: Plan.Observation) -> Stretch {
    if case .fact = what { return stretch }
    guard case .ended(let number) = window.from.moment, window.from.offsetMs == 0, let deed = deeds[number],
      let step = trace.plan.allSteps.first(where: { $0.id == number }), step.action.isOneDeed
    else { return stretch }
    return Stretch(from: min(stretch.from, deed.began), until: stretch.until)
  }

  private struct NeverOpened: Error {
    let mark: Plan.Mark

    var words: String {
      "its window never opened: step \(mark.moment.step ?? 0) was not done"
    }
  }

  private func instant(of mark: Plan.Mark) -> Instant? {
    let offset = Duration.microseconds(mark.offsetMs * 1000)
    return switch mark.moment {
    case .beginning: trace.began + offset
    case .began(let step): deeds[step].map { $0.began + offset }
    case .ended(let step): deeds[step]?.ended.map { $0 + offset }
    }
  }

  /// Nodes judged one by one: the offences of all, or how much was judged.
  private func each(_ hosts: [Plan.Host], _ judge: (Plan.Host) -> Ruling) -> Finding {
    var whole = Ruling()
    for host in hosts {
      let ruling = judge(host)
      whole.judged += ruling.judged
      whole.offences += ruling.offences
    }
    guard let first = whole.offences.first else { return .passed("\(whole.judged) judged") }
    let more = whole.offences.count > 1 ? "; and \(whole.offences.count - 1) more" : ""
    return .failed(first.words + more, whole.offences.flatMap(\.evidence))
  }

  func time(_ instant: Instant) -> String {
    "at " + ((instant - trace.began).milliseconds.rounded()).asTime
  }
}

/// What a rule found at one node.
struct Ruling {
  struct Offence {
    let words: String
    let evidence: [Evidence]
  }

  /// How often the rule could have been broken.
  var judged = 0
  var offences: [Offence] = []

  mutating func offend(_ words: String, _ evidence: [Evidence?]) {
    offences.append(Offence(words: words, evidence: evidence.compactMap { $0 }))
  }
}

extension Plan.Action {
  fileprivate var isOneDeed: Bool {
    switch self {
    case .wait, .waitUntil, .parallel, .note, .restart: false
    case .start, .stop, .crash, .pause, .resume, .loseSignal, .regainSignal, .unplug, .plug, .move,
      .changeLink, .changeUplink, .partition, .heal, .reboot, .renumber, .send, .stream, .endStream, .connect,
      .tell, .run:
      true
    }
  }
}
