import SansIO
import Scenario

/// A stretch of time, the end included.
struct Stretch: Equatable {
  var from: Instant
  var until: Instant

  init(from: Instant, until: Instant) {
    self.from = from
    self.until = until
  }

  init(_ duration: Duration, before end: Instant) {
    self.init(from: end + (.zero - duration), until: end)
  }

  func overlaps(_ other: Stretch) -> Bool {
    from <= other.until && other.from <= until
  }

  func contains(_ instant: Instant) -> Bool {
    from <= instant && instant <= until
  }

  func contains(_ other: Stretch) -> Bool {
    from <= other.from && other.until <= until
  }
}

/// What the lab did to each host: when its program ran, and when it could not speak or hear.
struct Course {
  private(set) var runs: [String: [Stretch]] = [:]
  private(set) var troubles: [String: [Stretch]] = [:]
  /// When the program did not get the processor.
  private(set) var pauses: [String: [Stretch]] = [:]

  init(_ trace: Trace) {
    let actions = Dictionary(
      trace.plan.allSteps.map { ($0.id, $0.action) }, uniquingKeysWith: { first, _ in first })
    var begun: [String: Instant] = [:]
    var hampered: [String: Instant] = [:]
    var paused: [String: Instant] = [:]
    var partitions: [String: [String]] = [:]
    for deed in trace.deeds {
      guard let action = actions[deed.step] else { continue }
      let done = deed.ended ?? trace.ended
      switch action {
      case .start(let hosts):
        for host in hosts where deed.failure == nil { begun[host] = deed.began }
      case .stop(let host), .crash(let host): end(&begun, &runs, host, deed.began)
      case .restart(let host):
        end(&begun, &runs, host, deed.began)
        begun[host] = deed.began
        troubles[host, default: []].append(Stretch(from: deed.began, until: done))
      case .pause(let host):
        paused[host] = deed.began
        hampered[host] = deed.began
      case .resume(let host):
        end(&paused, &pauses, host, done)
        end(&hampered, &troubles, host, done)
      case .loseSignal(let host), .unplug(let host): hampered[host] = deed.began
      case .regainSignal(let host), .plug(let host): end(&hampered, &troubles, host, done)
      case .partition(let name, let groups):
        partitions[name] = Array(groups.joined())
        for host in groups.joined() { hampered[host] = deed.began }
      case .heal(let name):
        for host in partitions[name] ?? [] { end(&hampered, &troubles, host, done) }
      case .move(let host, _, _), .changeLink(let host, _):
        troubles[host, default: []].append(Stretch(from: deed.began, until: done))
      case .changeUplink(let lan, _), .reboot(let lan), .renumber(let lan):
        for host in trace.plan.hosts(behind: lan) {
          troubles[host, default: []].append(Stretch(from: deed.began, until: done))
        }
      case .send, .stream, .endStream, .connect, .tell, .run, .waitUntil, .wait, .parallel, .note: break
      }
    }
    for host in trace.plan.hosts.map(\.name) {
      end(&begun, &runs, host, trace.ended)
      end(&hampered, &troubles, host, trace.ended)
      end(&paused, &pauses, host, trace.ended)
    }
  }

  func runs(of host: String) -> [Stretch] { runs[host] ?? [] }

  /// Whether its program ran from the beginning to the end of that.
  func ran(_ host: String, throughout stretch: Stretch) -> Bool {
    runs(of: host).contains { $0.contains(stretch) }
  }

  /// Whether anything kept it from speaking or hearing then.
  func wasTroubled(_ host: String, during stretch: Stretch) -> Bool {
    troubles[host]?.contains { $0.overlaps(stretch) } ?? false
  }

  /// The same, or what waited in TCP meanwhile may still be on its way: the time between retransmissions
  /// doubles (RFC 6298, 5.5), so the next comes no later than the trouble's length after its end.
  func wasRecovering(_ host: String, during stretch: Stretch) -> Bool {
    troubles[host]?.contains { trouble in
      Stretch(from: trouble.from, until: trouble.until + (trouble.until - trouble.from)).overlaps(stretch)
    } ?? false
  }

  func wasPaused(_ host: String, during stretch: Stretch) -> Bool {
    pauses[host]?.contains { $0.overlaps(stretch) } ?? false
  }
}

/// Ends what began for that host.
private func end(
  _ begun: inout [String: Instant], _ stretches: inout [String: [Stretch]], _ host: String, _ at: Instant
) {
  guard let from = begun.removeValue(forKey: host) else { return }
  stretches[host, default: []].append(Stretch(from: from, until: at))
}

extension Plan {
  /// Those in that LAN or in one below it.
  fileprivate func hosts(behind lan: String) -> [String] {
    var inside: Set<String> = [lan]
    for _ in lans {
      for lan in lans where lan.router?.upstream.map(inside.contains) == true { inside.insert(lan.name) }
    }
    return hosts.filter { $0.lan.map(inside.contains) == true }.map(\.name)
  }
}
