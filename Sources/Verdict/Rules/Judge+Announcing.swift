import SansIO
import Scenario

// When announcements are due. The witness is the capture of who says them.

extension Judge {
  /// PRESENCE no sooner than the ready delay after ready: the first subscription or reservation that came in.
  func presenceAfterReady(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling()
    let delay = Duration.microseconds((host.node?.presence.readyDelayMs ?? 500) * 1000)
    let announcements = said(by: host.name).filter { $0.announcement == .presence }
    for run in course.runs(of: host.name) {
      guard let presence = announcements.first(where: { run.contains($0.at) }) else { continue }
      ruling.judged += 1
      let ready = trace.sightings.first {
        $0.host == host.name && $0.direction == .inbound && run.contains($0.at) && $0.what.isReadiness
      }
      guard let ready, ready.at <= presence.at else {
        ruling.offend(
          "\(host.name) said PRESENCE \(time(presence.at)) before it was ready", [presence.evidence])
        continue
      }
      if presence.at + Grace.clock < ready.at + delay {
        let early = (presence.at - ready.at).milliseconds.rounded().asTime
        ruling.offend(
          "\(host.name) said PRESENCE \(early) after ready \(time(presence.at)), "
            + "of \(delay.milliseconds.asTime)",
          [ready.evidence, presence.evidence])
      }
    }
    return ruling
  }

  /// Once a start; again only after isolation, and never twice within 30 s.
  func presenceOnce(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling()
    let announcements = said(by: host.name).filter { $0.announcement == .presence }
    let due = Duration.microseconds((host.node?.presence.readyDelayMs ?? 500) * 1000) + Grace.recovery
    for run in course.runs(of: host.name) {
      let mine = announcements.filter { run.contains($0.at) }
      ruling.judged += 1
      for (previous, next) in zip(mine, mine.dropFirst()) {
        let gap = next.at - previous.at
        if gap < .seconds(30) {
          ruling.offend(
            "\(host.name) said PRESENCE twice within \(gap.milliseconds.rounded().asTime)",
            [previous.evidence, next.evidence])
        } else if !wasIsolated(host.name, between: previous.at, and: next.at) {
          ruling.offend(
            "\(host.name) said PRESENCE again \(time(next.at)) without having been alone",
            [previous.evidence, next.evidence])
        }
      }
      if mine.isEmpty, let company = firstCompany(of: host.name, in: run), company + due < run.until,
        !course.wasTroubled(host.name, during: Stretch(from: company, until: company + due))
      {
        ruling.offend("\(host.name) never said PRESENCE", [])
      }
    }
    return ruling
  }

  private func firstCompany(of host: String, in run: Stretch) -> Instant? {
    trace.sightings.first {
      $0.host == host && $0.direction == .inbound && run.contains($0.at) && $0.what.isReadiness
    }?.at
  }

  /// A silence of nearly the isolation limit in the host's capture.
  private func wasIsolated(_ host: String, between start: Instant, and end: Instant) -> Bool {
    var last = start
    for sighted in trace.sightings
    where sighted.host == host && sighted.direction == .inbound && sighted.at > start && sighted.at <= end
      && sighted.what.isCompany
    {
      if sighted.at - last >= .seconds(30) { return true }
      last = sighted.at
    }
    return end - last >= .seconds(30)
  }

  /// A WELCOME needs a PRESENCE that its sender received within W before it; so nobody answers a REFRESH.
  func welcomeOnlyAfterPresence(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling()
    let heard = heard(by: host.name)
    for welcome in said(by: host.name) where welcome.announcement == .welcome {
      ruling.judged += 1
      let window = welcomeWindow(known: authors(in: heard, until: welcome.at)) + Grace.answer
      let stretch = Stretch(window, before: welcome.at)
      let isAnswer = heard.contains { $0.announcement == .presence && stretch.contains($0.at) }
      if isAnswer || course.wasPaused(host.name, during: stretch) { continue }
      let before = heard.last { $0.at <= welcome.at }
      ruling.offend(
        "\(host.name) said WELCOME \(time(welcome.at)) with no PRESENCE "
          + "in the \(window.milliseconds.asTime) before",
        [before?.evidence, welcome.evidence])
    }
    return ruling
  }

  /// Each PRESENCE is answered within W by who receives it.
  func presenceIsWelcomed(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling()
    let heard = heard(by: host.name)
    let welcomes = said(by: host.name).filter { $0.announcement == .welcome }
    var highest: [String: UInt64] = [:]
    for message in heard {
      let isNew = highest[message.author].map { message.sequence > $0 } ?? true
      highest[message.author] = max(highest[message.author] ?? 0, message.sequence)
      guard isNew, message.announcement == .presence else { continue }
      let known = authors(in: heard, until: message.at)
      let window = Stretch(from: message.at, until: message.at + welcomeWindow(known: known) + Grace.answer)
      guard known <= 20, course.ran(host.name, throughout: window),
        !course.wasTroubled(host.name, during: window)
      else { continue }
      ruling.judged += 1
      if !welcomes.contains(where: { window.contains($0.at) }) {
        ruling.offend(
          "\(host.name) did not welcome \(message.author), whose PRESENCE came \(time(message.at))",
          [message.evidence])
      }
    }
    return ruling
  }

  /// W = 20 ms a known chat peer, at least 200 ms and at most 5 s.
  private func welcomeWindow(known: Int) -> Duration {
    min(max(.milliseconds(20 * known), .milliseconds(200)), .seconds(5))
  }

  private func authors(in messages: [Said], until end: Instant) -> Int {
    Set(messages.prefix { $0.at <= end }.map(\.author)).count
  }

  /// One interval ± 1 s after the beat before; PRESENCE and REFRESH are beats.
  func refreshRhythm(_ host: Plan.Host) -> Ruling {
    var ruling = Ruling()
    let interval = Duration.milliseconds(Int64((host.node?.presence.refreshSeconds ?? 15) * 1000))
    let (shortest, longest) = (interval - .seconds(1) - Grace.beat, interval + .seconds(1) + Grace.beat)
    let beats = said(by: host.name).filter {
      $0.announcement == .presence || $0.announcement == .refresh
    }
    for run in course.runs(of: host.name) {
      let mine = beats.filter { run.contains($0.at) }
      for (previous, next) in zip(mine, mine.dropFirst()) where next.announcement == .refresh {
        let gap = next.at - previous.at
        let stretch = Stretch(from: previous.at, until: next.at + Grace.recovery)
        if gap >= shortest, gap <= longest {
          ruling.judged += 1
        } else if !isExcused(host.name, stretch, longest) {
          ruling.judged += 1
          ruling.offend(
            "\(host.name) said REFRESH \(gap.milliseconds.rounded().asTime) after the beat before, "
              + "\(time(next.at)); it is \(interval.milliseconds.asTime) ± 1 s",
            [previous.evidence, next.evidence])
        }
      }
      guard let last = mine.last, last.at + longest < run.until else { continue }
      let rest = Stretch(from: last.at, until: last.at + longest)
      if !isExcused(host.name, rest, longest), hadCompany(host.name, during: rest) {
        ruling.judged += 1
        ruling.offend("\(host.name) said no REFRESH after \(time(last.at).dropFirst(3))", [last.evidence])
      }
    }
    return ruling
  }

  /// Cut off, held up, or alone for a while.
  private func isExcused(_ host: String, _ stretch: Stretch, _ longest: Duration) -> Bool {
    if course.wasRecovering(host, during: stretch) { return true }
    let late = Stretch(from: stretch.from, until: stretch.from + longest)
    return !hadCompany(host, during: late)
  }
}
