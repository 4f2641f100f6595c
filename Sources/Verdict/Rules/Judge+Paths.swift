import SansIO
import Scenario

// What relays and paths must not do to presence. The witness is the observer's event; who ran and could be
// heard is known from what the laboratory did.

extension Judge {
  /// Nobody is shown offline while its program runs. A relay that dies is no excuse: there are others, and
  /// what is direct needs none. That one of the two was itself cut off is one, and that the other one left,
  /// as all do when the laboratory ends, unless it went on.
  func noPresenceFlap(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling(judged: peersShown(by: host.name).count)
    let limit = Duration.milliseconds(Int64((host.node?.presence.silenceSeconds ?? 45) * 1000))
    for event in trace.events where event.host == host.name && event.type == "peer.offline" {
      guard let peer = event["peerId"], trace.plan.host(named: peer) != nil else { continue }
      let moment = Stretch(from: event.at, until: event.at)
      let before = Stretch(limit + Grace.reaping, before: event.at)
      guard course.ran(peer, throughout: moment), course.ran(host.name, throughout: moment),
        !course.wasRecovering(peer, during: before), !course.wasRecovering(host.name, during: before)
      else { continue }
      if event["reason"] == "left", !goesOn(peer, after: event.at + Grace.reaping) { continue }
      let word = said(by: peer).last { $0.at <= event.at }
      ruling.offend(
        "\(host.name) showed \(peer), which ran, offline \(time(event.at))", [word?.evidence, event.evidence])
    }
    return ruling
  }

  private func goesOn(_ host: String, after instant: Instant) -> Bool {
    trace.events.contains { $0.host == host && $0.at > instant }
      || said(by: host).contains { $0.at > instant }
  }
}
