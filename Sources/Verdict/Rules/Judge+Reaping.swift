import SansIO
import Scenario

// When the silent are gone. The witness of silence is the observer's capture, that of the reap its event.

extension Judge {
  /// Nobody is reaped before the silence limit.
  func silenceBeforeReaping(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling()
    let limit = silenceLimit(of: host)
    for reap in reaps(at: host.name) {
      guard let peer = reap["peerId"] else { continue }
      ruling.judged += 1
      guard let life = lives(of: peer, at: host.name).last(where: { $0.at <= reap.at }) else {
        ruling.offend("\(host.name) reaped \(peer), of whom its capture shows no life", [reap.evidence])
        continue
      }
      let silence = reap.at - life.at
      if silence + Grace.clock < limit {
        ruling.offend(
          "\(host.name) reaped \(peer) \(time(reap.at)) after "
            + "\(silence.milliseconds.rounded().asTime) of silence, of \(limit.milliseconds.asTime)",
          [life.evidence, reap.evidence])
      }
    }
    return ruling
  }

  /// Whoever is shown online and silent for the limit and a scan is taken offline by then.
  func silentAreReaped(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling()
    let scan = Duration.milliseconds(Int64((host.node?.presence.scanSeconds ?? 15) * 1000))
    let bound = silenceLimit(of: host) + scan + Grace.reaping
    for peer in peersShown(by: host.name) {
      let lives = lives(of: peer, at: host.name)
      for (index, life) in lives.enumerated() {
        let window = Stretch(from: life.at, until: life.at + bound)
        let next = index + 1 < lives.count ? lives[index + 1].at : nil
        if let next, next <= window.until { continue }
        guard course.ran(host.name, throughout: window), !course.wasPaused(host.name, during: window),
          isShownOnline(peer, at: host.name, soonAfter: life.at)
        else { continue }
        ruling.judged += 1
        let isGone = trace.events.contains {
          $0.host == host.name && $0.type == "peer.offline" && $0["peerId"] == peer && window.contains($0.at)
        }
        if !isGone {
          ruling.offend(
            "\(host.name) still shows \(peer), silent since \(time(life.at).dropFirst(3)), "
              + "after \(bound.milliseconds.asTime)", [life.evidence])
        }
      }
    }
    return ruling
  }

  /// Nobody is reaped whose program ran, and who could speak to the observer, since the silence began.
  func nobodyAliveReaped(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling()
    let bootstraps = trace.plan.hosts.compactMap(\.node).flatMap { $0.bootstrap + $0.relays }.uniqued
    for reap in reaps(at: host.name) {
      guard let peer = reap["peerId"], trace.plan.host(named: peer) != nil else { continue }
      ruling.judged += 1
      let window = Stretch(silenceLimit(of: host), before: reap.at)
      // A peer that no rule of ours binds is alive to others only by what it says.
      let words = said(by: peer).filter { $0.at <= reap.at }
      if trace.plan.host(named: peer)?.isOurs == false, !words.contains(where: { window.contains($0.at) }) {
        continue
      }
      // Who leans on a hub is not heard when the hub is gone.
      let involved = [peer, host.name] + bootstraps
      let wasWell = involved.allSatisfy {
        course.ran($0, throughout: window) && !course.wasTroubled($0, during: window)
      }
      if !wasWell { continue }
      ruling.offend(
        "\(host.name) reaped \(peer), which was alive, \(time(reap.at))",
        [words.last?.evidence, reap.evidence])
    }
    return ruling
  }

  private func silenceLimit(of host: Plan.Host) -> Duration {
    .milliseconds(Int64((host.node?.presence.silenceSeconds ?? 45) * 1000))
  }

  private func reaps(at host: String) -> [NodeEvent] {
    trace.events.filter { $0.host == host && $0.type == "peer.offline" && $0["reason"] == "reaped" }
  }

  func peersShown(by host: String) -> [String] {
    trace.events.filter { $0.host == host && $0.type == "peer.online" }.compactMap { $0["peerId"] }.uniqued
  }

  /// What the node shows just after that life has reached it.
  private func isShownOnline(_ peer: String, at host: String, soonAfter instant: Instant) -> Bool {
    let last = trace.events.last {
      $0.host == host && $0["peerId"] == peer && $0.at <= instant + Grace.answer
        && ($0.type == "peer.online" || $0.type == "peer.offline")
    }
    return last?.type == "peer.online"
  }
}
