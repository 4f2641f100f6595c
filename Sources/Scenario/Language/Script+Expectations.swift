// What must hold. Each expectation stands in the verdict under its name, or in words of its own.
//
// A window begins after a moment, which is the step before in the file unless another is named. Expectations
// do not wait: the next step begins at once, and after the last one the run goes on until every window has
// closed.

extension Script {
  /// Each of these happens within the time.
  public func expect(
    that name: String? = nil, _ what: any Observable..., within limit: Duration, after moment: Moment? = nil,
    line: Int = #line
  ) {
    for each in what {
      let window = window(.zero, limit, after: moment)
      add(.happens(what: each.observation.data), called: numbered(name, each, what), window, line: line)
    }
  }

  /// Each of these happens no sooner and no later: `in: .seconds(30) ... .seconds(60), after: crash`.
  public func expect(
    that name: String? = nil, _ what: any Observable..., in range: ClosedRange<Duration>,
    after moment: Moment? = nil, line: Int = #line
  ) {
    for each in what {
      let name = numbered(name, each, what)
      let data = each.observation.data
      let window = window(range.lowerBound, range.upperBound, after: moment)
      add(.happens(what: data), called: name, window, line: line)
    }
  }

  /// That happens so often in the window.
  public func expect(
    that name: String? = nil, _ what: any Observable, times: ClosedRange<Int>, within limit: Duration,
    after moment: Moment? = nil, line: Int = #line
  ) {
    let claim = Plan.Claim.counted(
      what: what.observation.data, least: times.lowerBound, most: times.upperBound)
    add(claim, called: name, window(.zero, limit, after: moment), line: line)
  }

  /// None of these happens, from the moment on, or only within a time.
  public func expect(
    that name: String? = nil, never what: any Observable..., within limit: Duration? = nil,
    after moment: Moment? = nil, line: Int = #line
  ) {
    for each in what {
      let window = window(.zero, limit, after: moment)
      add(.never(what: each.observation.data), called: numbered(name, each, what), window, line: line)
    }
  }

  /// None of these happens between two moments.
  public func expect(
    that name: String? = nil, never what: any Observable..., from start: Moment, until end: Moment,
    line: Int = #line
  ) {
    let window = Plan.Window(from: .init(moment: start.moment), until: .init(moment: end.moment))
    for each in what {
      add(.never(what: each.observation.data), called: numbered(name, each, what), window, line: line)
    }
  }

  /// That holds at every moment from then on, or for a time.
  public func expect(
    that name: String? = nil, always condition: Condition, for time: Duration? = nil,
    after moment: Moment? = nil,
    line: Int = #line
  ) {
    add(.stays(fact: condition.fact), called: name, window(.zero, time, after: moment), line: line)
  }

  /// The message arrives once at each of them, within the time after it was sent.
  public func expect(
    that name: String? = nil, _ message: Message, reachesOnce nodes: Node..., within limit: Duration,
    line: Int = #line
  ) {
    expect(that: name, message, reachesOnce: nodes, within: limit, line: line)
  }

  /// The message arrives once at each of them, within the time after it was sent.
  public func expect(
    that name: String? = nil, _ message: Message, reachesOnce nodes: [Node], within limit: Duration,
    line: Int = #line
  ) {
    let claim = Plan.Claim.delivered(step: message.step, hosts: nodes.map(\.name))
    add(claim, called: name, window(.zero, limit, after: message.sent), line: line)
  }

  /// Every message of the stream arrives exactly once at each of them, the last within the time after the
  /// step before.
  public func expect(
    that name: String? = nil, _ stream: Stream, reachesOnce nodes: [Node], within limit: Duration,
    line: Int = #line
  ) {
    var window = window(.zero, limit, after: now)
    window.from = .init(moment: stream.began.moment)
    add(.streamed(stream: stream.step, hosts: nodes.map(\.name)), called: name, window, line: line)
  }

  /// What the stream says after the moment arrives again, at each of them, within the time. How long it took
  /// is a figure of the run.
  public func expect(
    that name: String? = nil, _ stream: Stream, resumesAt nodes: Node..., within limit: Duration,
    after moment: Moment, line: Int = #line
  ) {
    let claim = Plan.Claim.resumes(stream: stream.step, hosts: nodes.map(\.name))
    add(claim, called: name, window(.zero, limit, after: moment), line: line)
  }

  /// Once `cause` is so, the other becomes so within the time. How long it took is a figure of the run.
  public func expect(
    that name: String? = nil, _ what: any Observable, follows cause: any Observable, within limit: Duration,
    after moment: Moment? = nil, line: Int = #line
  ) {
    let claim = Plan.Claim.follows(
      what: what.observation.data, cause: cause.observation.data, withinMs: limit.inMs)
    add(claim, called: name, window(.zero, nil, after: moment), line: line)
  }

  /// None of them ever shows another of them offline, from the moment on: presence does not flap.
  public func expect(
    that name: String? = nil, noneOfflineAmong nodes: [Node], after moment: Moment = .beginning,
    line: Int = #line
  ) {
    let claim = Plan.Claim.together(hosts: nodes.map(\.name))
    add(claim, called: name, window(.zero, nil, after: moment), line: line)
  }

  /// The packets between the two go that way, from the moment on, or within a time.
  public func expect(
    that name: String? = nil, _ path: Path, between one: Node, and other: Host, within limit: Duration? = nil,
    after moment: Moment? = nil, line: Int = #line
  ) {
    let claim = Plan.Claim.path(from: one.name, to: other.name, path: path)
    add(claim, called: name, window(.zero, limit, after: moment), line: line)
  }

  /// These rules hold in the whole run, for these nodes, or for all.
  public func expect(_ rules: Rules..., of nodes: [Node] = [], line: Int = #line) {
    for rule in rules.flatMap(\.rules) {
      let claim = Plan.Claim.rule(rule: rule, hosts: nodes.map(\.name))
      add(claim, called: nil, window(.zero, nil, after: .beginning), line: line)
    }
  }

  private func window(_ start: Duration, _ end: Duration?, after moment: Moment?) -> Plan.Window {
    let moment = (moment ?? cause).moment
    return Plan.Window(
      from: .init(moment: moment, offsetMs: start.inMs),
      until: end.map { .init(moment: moment, offsetMs: $0.inMs) })
  }

  /// A name for several things needs to say which.
  private func numbered(_ name: String?, _ each: any Observable, _ all: [any Observable]) -> String? {
    name.map { all.count > 1 ? "\($0): \(each.observation.data.words)" : $0 }
  }
}

/// Rules that come with the laboratory; each becomes an expectation of its own.
public struct Rules: Sendable {
  package let rules: [Plan.Rule]

  /// The rules of presence: when PRESENCE, WELCOME and REFRESH are said, and when the silent are reaped.
  public static let presence = Rules(rules: [
    .presenceAfterReady, .presenceOnce, .welcomeOnlyAfterPresence, .presenceIsWelcomed, .refreshRhythm,
    .silenceBeforeReaping, .silentAreReaped,
  ])
  /// Nobody is reaped who ran and could be heard.
  public static let nobodyAliveReaped = Rules(rules: [.nobodyAliveReaped])
  /// Nobody is shown offline who runs, whatever becomes of relays and paths.
  public static let noPresenceFlap = Rules(rules: [.noPresenceFlap])
  /// Every message sent arrives exactly once at everyone it is for.
  public static let everyMessageOnce = Rules(rules: [.everyMessageOnce])
}

extension Plan.Claim {
  package var words: String {
    switch self {
    case .happens(let what): what.words
    case .never(let what): "never: " + what.words
    case .stays(let fact): "always: " + fact.words
    case .counted(let what, let least, let most):
      what.words + ", " + (most.map { $0 == least ? "\(least)" : "\(least) to \($0)" } ?? "at least \(least)")
        + " times"
    case .delivered(let step, let hosts): "message of step \(step) arrives once at \(hosts.inWords)"
    case .streamed(let stream, let hosts):
      "every message of the stream of step \(stream) arrives once at \(hosts.inWords)"
    case .resumes(let stream, let hosts): "the stream of step \(stream) goes on at \(hosts.inWords)"
    case .follows(let what, let cause, let ms):
      "\(what.words), within \(ms.asTime) of: \(cause.words)"
    case .together(let hosts): "nobody is shown offline among \(hosts.inWords)"
    case .path(let from, let to, let path): "\(from) and \(to) are \(path)"
    case .rule(let rule, let hosts): rule.words + (hosts.isEmpty ? "" : ", of \(hosts.inWords)")
    }
  }
}

extension Plan.Window {
  /// ` within 10 s of crash of ben`; nothing for the whole run.
  func words(_ nameOfStep: (Int) -> String?) -> String {
    let start: String
    switch from.moment {
    case .beginning: start = ""
    case .began(let step), .ended(let step): start = " of " + (nameOfStep(step) ?? "step \(step)")
    }
    guard let until else { return start.isEmpty ? "" : " after\(start.dropFirst(3))" }
    guard until.moment == from.moment else { return "" }
    if from.offsetMs == 0 { return " within \(until.offsetMs.asTime)\(start)" }
    return " \(from.offsetMs.asTime) to \(until.offsetMs.asTime) after\(start.dropFirst(3))"
  }
}
