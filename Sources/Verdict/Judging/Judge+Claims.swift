import SansIO
import Scenario

/// When something became so, and by which witness.
struct Becoming {
  let at: Instant
  let evidence: Evidence
}

// Claims about single things: what nodes said, what packets show, what died.

extension Judge {
  /// - Parameter isExact: Whether it must become so inside, rather than be so already.
  func happens(_ what: Plan.Observation, in stretch: Stretch, isExact: Bool) -> Finding {
    let all = becomings(of: what)
    if let first = all.first(where: { stretch.contains($0.at) }) {
      return .passed("\(time(first.at))", [first.evidence])
    }
    if !isExact, case .fact(let fact) = what, states(of: fact, at: stretch.from).holds(fact) {
      return .passed("it was so already", all.last { $0.at <= stretch.from }.map { [$0.evidence] } ?? [])
    }
    if let early = all.last(where: { $0.at < stretch.from }) {
      let by = (stretch.from - early.at).milliseconds.rounded().asTime
      return .failed("too early, by \(by): \(time(early.at))", [early.evidence])
    }
    if let late = all.first(where: { $0.at > stretch.until }) {
      let by = (late.at - stretch.until).milliseconds.rounded().asTime
      return .failed("too late, by \(by): \(time(late.at))", [late.evidence])
    }
    if case .fact(let fact) = what {
      let missing = states(of: fact, at: stretch.until).missing(for: fact)
      return .failed("it never happened; missing: \(missing.joined(separator: ", "))")
    }
    return .failed("it never happened")
  }

  func never(_ what: Plan.Observation, in stretch: Stretch) -> Finding {
    let hits = becomings(of: what).filter { stretch.contains($0.at) }
    guard let first = hits.first else { return .passed("it did not happen") }
    return .failed("it happened, \(time(first.at))", hits.map(\.evidence))
  }

  func counted(_ what: Plan.Observation, _ least: Int, _ most: Int?, in stretch: Stretch) -> Finding {
    let hits = becomings(of: what).filter { stretch.contains($0.at) }
    let isRight = hits.count >= least && hits.count <= most ?? .max
    return Finding(passed: isRight, detail: "\(hits.count) times", evidence: hits.map(\.evidence))
  }

  func stays(_ fact: Fact, in stretch: Stretch) -> Finding {
    if !states(of: fact, at: stretch.from).holds(fact) {
      return .failed("it was not so at the beginning of the window")
    }
    let ends = becomings(of: .fact(fact: .not(fact: fact))).first {
      stretch.contains($0.at) && $0.at > stretch.from
    }
    guard let ends else { return .passed("throughout") }
    return .failed("it ended \(time(ends.at))", [ends.evidence])
  }

  func delivered(_ step: Int, _ hosts: [String], in stretch: Stretch) -> Finding {
    let action = trace.plan.allSteps.first { $0.id == step }?.action
    guard case .send(let sender, _, let text) = action else { return .failed("step \(step) sends nothing") }
    // A message can be there before its sender is told that it was sent, which ends the step.
    let sent = min(stretch.from, deeds[step]?.began ?? stretch.from)
    var evidence: [Evidence] = []
    var problems: [String] = []
    for host in hosts {
      let fact = Fact.received(at: host, from: sender, text: text)
      let arrivals = trace.events.filter { fact.isSaid(by: $0) && $0.at >= sent }
      evidence += arrivals.map(\.evidence)
      if arrivals.isEmpty {
        problems.append("\(host) never received it")
      } else if arrivals.count > 1 {
        problems.append("\(host) received it \(arrivals.count) times")
      } else if arrivals[0].at > stretch.until {
        problems.append("\(host) received it late, \(time(arrivals[0].at))")
      }
    }
    return problems.isEmpty
      ? .passed("once at \(hosts.inWords)", evidence)
      : .failed(problems.joined(separator: "; "), evidence)
  }

  /// Nobody among them is shown offline by another of them, for whatever reason.
  func together(_ hosts: [String], in stretch: Stretch) -> Finding {
    let members = Set(hosts)
    let losses = trace.events.filter {
      $0.type == "peer.offline" && members.contains($0.host) && stretch.contains($0.at)
        && $0["peerId"].map(members.contains) == true
    }
    guard let first = losses.first else { return .passed("\(hosts.count) of them") }
    let more = losses.count > 1 ? "; and \(losses.count - 1) more" : ""
    return .failed(
      "\(first.host) showed \(first["peerId"] ?? "") offline, \(first["reason"] ?? "") \(time(first.at))"
        + more, losses.map(\.evidence))
  }

  /// Channels with the peer that were secured or used in the window, by the packets.
  func judge(_ path: Path, _ from: String, _ to: String, in stretch: Stretch) -> Finding {
    let used = trace.sightings.filter {
      $0.host == from && $0.peer == to && $0.path != nil && stretch.contains($0.at)
    }
    guard !used.isEmpty else { return .failed("no channel between \(from) and \(to) in the packets") }
    if let other = used.first(where: { $0.path != path }) {
      return .failed("it was \(other.path?.rawValue ?? "") \(time(other.at))", [other.evidence])
    }
    return .passed("\(used.count) sightings", Array(used.prefix(1).map(\.evidence)))
  }

  // Observations over time.

  func becomings(of what: Plan.Observation) -> [Becoming] {
    switch what {
    case .fact(let fact): becomings(of: fact)
    case .sighting(let sighting):
      trace.sightings.filter { sighting.isShown(by: $0) }.map { Becoming(at: $0.at, evidence: $0.evidence) }
    case .drop(let pattern):
      trace.drops.filter { pattern.fits($0) }.map { Becoming(at: $0.at, evidence: $0.evidence) }
    }
  }

  /// Each event after which the fact holds and before which it did not, or that says it again.
  private func becomings(of fact: Fact) -> [Becoming] {
    var found: [Becoming] = []
    var held = false
    replay(of: fact.witnesses, until: trace.ended) { states, event in
      let holds = states.holds(fact)
      if holds, !held || fact.isSaid(by: event) {
        found.append(Becoming(at: event.at, evidence: event.evidence))
      }
      held = holds
    }
    return found
  }

  private func states(of fact: Fact, at instant: Instant) -> NodeStates {
    replay(of: fact.witnesses, until: instant) { _, _ in }
  }

  /// What others say does not matter.
  @discardableResult
  private func replay(
    of witnesses: [String], until end: Instant, _ look: (NodeStates, NodeEvent) -> Void
  ) -> NodeStates {
    var states = NodeStates()
    var starts = witnesses.flatMap { host in course.runs(of: host).map { (at: $0.from, host: host) } }
      .sorted { ($0.at, $0.host) > ($1.at, $1.host) }
    let said = Set(witnesses)
    for event in trace.events where event.at <= end && said.contains(event.host) {
      while let start = starts.last, start.at <= event.at {
        states.started(start.host)
        starts.removeLast()
      }
      states.receive(event)
      look(states, event)
    }
    return states
  }
}

extension Sighting {
  func isShown(by sighted: Sighted) -> Bool {
    guard sighted.host == at else { return false }
    switch (what, sighted.what) {
    case (.packet(let pattern), .packet(let transport, let port, let tcp)):
      return (pattern.transport ?? transport) == transport
        && (pattern.direction ?? sighted.direction) == sighted.direction
        && (pattern.peer == nil || pattern.peer == sighted.peer)
        && (pattern.port == nil || pattern.port == port) && (pattern.tcp == nil || pattern.tcp == tcp)
    case (.simultaneousOpen(let peer), .simultaneousOpen): return peer == nil || peer == sighted.peer
    case (.secured(let peer, let path, let relay), .secured):
      return peer == sighted.peer && (path == nil || path == sighted.path)
        && (relay == nil || relay == sighted.relay)
    case (.reserved(let relay, let most), .reserved(let roundTrips, _)):
      return sighted.direction == .inbound && (relay == nil || relay == sighted.peer)
        && roundTrips <= most ?? .max
    case (.circuit(let peer, let relay), .circuitOpened(let from, let to)):
      return (peer == nil || peer == (from == at ? to : from)) && (relay == nil || relay == sighted.peer)
        && (from == at || to == at)
    case (.punched(let peer, let wanted), .punched(let opening)):
      return peer == sighted.peer && wanted ?? opening == opening
    case (.message(let author, let text, let direction), .gossip(let writer, _, _, let said)):
      return (author ?? writer) == writer && said.hasPrefix(text)
        && (direction ?? sighted.direction) == sighted.direction
    case (.agreed(let name, let peer), .agreed(let agreed)):
      return name == agreed && (peer == nil || peer == sighted.peer)
    default: return false
    }
  }
}

extension DropPattern {
  func fits(_ drop: Drop) -> Bool {
    drop.box == box && (from == nil || from == drop.from) && (rule.map { drop.rule.contains($0) } ?? true)
  }
}
