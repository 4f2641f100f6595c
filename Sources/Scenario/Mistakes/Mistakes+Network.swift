// Values out of range, and networks that cannot be built.

extension Mistakes {
  mutating func lookAtNetwork() {
    for lan in plan.lans { look(at: lan) }
    for host in plan.hosts { look(at: host) }
    lookAtRegions()
    let tolerance = plan.tolerance
    if !(tolerance.latenessP99Ms > 0) || tolerance.lostPackets < 0 {
      add(1, "tolerates: a lateness is more than zero, and a count of packets not less")
    }
  }

  private mutating func look(at lan: Plan.LAN) {
    guard let router = lan.router else { return }
    look(at: router.link, of: lan.name, lan.line)
    look(at: router.nat, of: lan.name, lan.line)
    for port in router.firewall.rules.flatMap(\.ports) where !(1...65535).contains(port) {
      add(lan.line, "\(lan.name): there is no port \(port)")
    }
    guard let upstream = router.upstream else { return }
    guard let above = plan.lan(named: upstream) else {
      return add(lan.line, "\(lan.name): there is no LAN “\(upstream)”")
    }
    // Chains are short, and a circle is found when a chain is longer than there are LANs.
    var next: Plan.LAN? = above
    for _ in plan.lans {
      next = next?.router?.upstream.flatMap { plan.lan(named: $0) }
    }
    if next != nil { add(lan.line, "\(lan.name): its routers lead in a circle") }
  }

  private mutating func look(at host: Plan.Host) {
    look(at: host.link, of: host.name, host.line)
    if let lan = host.lan, plan.lan(named: lan) == nil {
      add(host.line, "\(host.name): there is no LAN “\(lan)”")
    }
    switch host.role {
    case .node(let options):
      look(atPort: options.port, of: host)
      look(at: options.presence, of: host)
      for flag in options.flags { lookAtReferences(in: flag, host.line) }
      for other in options.bootstrap + options.relays {
        if other == host.name {
          add(host.line, "\(host.name) is told to dial itself")
        } else if plan.host(named: other) == nil {
          add(host.line, "\(host.name): there is no host “\(other)”")
        }
      }
    case .relay(let options):
      look(atPort: options.port, of: host)
      for (name, value) in options.limits.all where value < 0 {
        add(host.line, "\(host.name): \(name) of \(value): a limit is 0, which is none, or more")
      }
    case .foreign(let command):
      if command.isEmpty { add(host.line, "\(host.name): there is no command to run") }
      lookAtReferences(in: command, host.line)
    case .computer: break
    }
  }

  private mutating func look(atPort port: Int, of host: Plan.Host) {
    if !(0...65535).contains(port) { add(host.line, "\(host.name): there is no port \(port)") }
  }

  private mutating func look(at presence: PresenceTimings, of host: Plan.Host) {
    let all = [
      presence.readyDelayMs, presence.refreshSeconds, presence.scanSeconds, presence.silenceSeconds,
    ]
    if !all.allSatisfy({ $0 > 0 && $0.isFinite }) {
      add(host.line, "\(host.name): timings of presence are more than zero")
    } else if presence.silenceSeconds <= presence.refreshSeconds {
      add(
        host.line,
        "\(host.name): the silence limit (\(presence.silenceSeconds.short) s) must be longer than the "
          + "refresh interval (\(presence.refreshSeconds.short) s), or the living are reaped")
    }
  }

  /// `${name.ip}` and its like, in command lines.
  mutating func lookAtReferences(in command: String, _ line: Int) {
    for part in command.split(separator: "${", omittingEmptySubsequences: false).dropFirst() {
      guard let end = part.firstIndex(of: "}") else { continue }
      let words = part[..<end].split(separator: ".")
      guard words.count == 2, let host = words.first, let key = words.last else { continue }
      if plan.host(named: String(host)) == nil { add(line, "${\(part[..<end])}: there is no host “\(host)”") }
      if !Self.referenceKeys.contains(String(key)) {
        add(line, "${\(part[..<end])}: a host has \(Self.referenceKeys.inWords)")
      }
    }
  }

  private static let referenceKeys = ["ip", "ip6", "peerId", "multiaddr", "keyFile"]

  mutating func look(at link: Link, of owner: String, _ line: Int) {
    for (direction, conditions) in [("up", link.up), ("down", link.down)] {
      for problem in conditions.problems { add(line, "\(owner), \(direction): \(problem)") }
      if link.up == link.down { return }
    }
  }

  private mutating func look(at nat: NAT, of owner: String, _ line: Int) {
    let lifetimes =
      [nat.udpIdleMs, nat.tcpEstablishedMs, nat.tcpTransitoryMs, nat.icmpIdleMs]
      + [nat.udpUnrepliedMs, nat.absoluteLifetimeMs].compactMap { $0 }
    if !lifetimes.allSatisfy({ $0 > 0 && $0.isFinite }) {
      add(line, "\(owner): a lifetime of a mapping is more than zero")
    }
    if !(1...64).contains(nat.addresses) {
      add(line, "\(owner): a NAT has 1 to 64 addresses, not \(nat.addresses)")
    }
    if let ports = nat.portBlock, !(1...64512).contains(ports) {
      add(line, "\(owner): a block is 1 to 64512 ports, not \(ports)")
    }
    if nat.kind == .linux, let knob = nat.knobWithoutKernel {
      add(line, "\(owner): a NAT of kind .linux cannot have \(knob); the model can")
    }
  }

  private mutating func lookAtRegions() {
    let used = (plan.hosts.map { ($0.region, $0.line) } + plan.lans.map { ($0.router?.region, $0.line) })
    var seen: [String] = []
    for case (let region?, let line) in used where !seen.contains(region) {
      for other in seen where !isKnown(region, other) {
        add(
          line,
          "no latency between \(other) and \(region): say net.latency(between:and:_:)")
      }
      seen.append(region)
    }
    for latency in plan.latencies where !(latency.delayMs >= 0 && latency.delayMs.isFinite) {
      add(1, "the latency between \(latency.between) and \(latency.and) is less than zero")
    }
  }

  private func isKnown(_ one: String, _ other: String) -> Bool {
    plan.latencies.contains {
      ($0.between == one && $0.and == other) || ($0.between == other && $0.and == one)
    }
  }
}

extension NAT {
  /// The first knob that nftables has no equal of.
  fileprivate var knobWithoutKernel: String? {
    if order == .sequential { return "sequential ports" }
    if keepsParity || keepsContiguity { return "parity or contiguity" }
    if absoluteLifetimeMs != nil { return "absolute lifetimes" }
    if refresh != .both { return "a refresh direction" }
    if portBlock != nil { return "a block of ports a host" }
    return nil
  }
}

extension Link.Conditions {
  fileprivate var problems: [String] {
    var problems: [String] = []
    var percentages = [
      ("reorder", reorderPercent), ("duplicate", duplicatePercent), ("corrupt", corruptPercent),
    ]
    switch loss {
    case .none: break
    case .independent(let percent): percentages.append(("loss", percent))
    case .bursts(let toBad, let toGood, let bad, let good):
      percentages += [("toBad", toBad), ("toGood", toGood), ("loss when bad", bad), ("loss when good", good)]
    }
    for (name, percent) in percentages where !(0...100).contains(percent) {
      problems.append("\(name) of \(percent.short) %: percentages are 0 to 100")
    }
    if !(delayMs >= 0 && delayMs.isFinite) { problems.append("a delay of \(delayMs.short) ms") }
    if !(jitterMs >= 0 && jitterMs.isFinite) { problems.append("a jitter of \(jitterMs.short) ms") }
    if let bitsPerSecond, !(bitsPerSecond >= 1000) {
      problems.append("\(bitsPerSecond.short) bits a second: the least is 1000")
    }
    if let mtu, !(576...65535).contains(mtu) { problems.append("an MTU of \(mtu): it is 576 to 65535") }
    if hidesMTU, mtu == nil { problems.append("hides an MTU that it does not have") }
    if !(1500...(1 << 28)).contains(queueBytes) {
      problems.append("a queue of \(queueBytes) bytes: it is 1500 to \(1 << 28)")
    }
    return problems
  }
}
