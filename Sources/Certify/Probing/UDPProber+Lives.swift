import NetworkModel
import SansIO

extension UDPProber {
  /// A mapping with a socket of its own, what is sent through it, and when somebody looks whether it is
  /// still there: the reflector does, so that the look cannot make it anew.
  private struct Life {
    let isReplied: Bool
    var outbound: [Duration] = []
    var inbound: [Duration] = []
    let look: Duration
  }

  /// All lives are led at once.
  mutating func measureLives() throws(Here.Failure) {
    let idle = Lifetime.looks.map { Life(isReplied: true, look: $0) }
    let unreplied = Lifetime.looks.map { Life(isReplied: false, look: $0) }
    let absolute = Lifetime.absoluteLooks.map(kept)
    let nudges = Lifetime.nudgeable.compactMap { Lifetime.nudge(firstDead: $0) }
    let pushed = nudges.map { Life(isReplied: true, outbound: [$0.at], look: $0.look) }
    let pulled = nudges.map { Life(isReplied: true, inbound: [$0.at], look: $0.look) }
    var isAlive = try lead(idle + unreplied + absolute + pushed + pulled)[...]
    func take(_ lives: [Life]) -> [Bool] {
      defer { isAlive = isAlive.dropFirst(lives.count) }
      return Array(isAlive.prefix(lives.count))
    }

    let firstDead = take(idle).firstIndex(of: false)
    profile[.idle] = Lifetime.words(firstDead: firstDead)
    profile[.unreplied] = Lifetime.words(firstDead: take(unreplied).firstIndex(of: false))
    let absoluteEnd = take(absolute).firstIndex(of: false)
    // Mappings that die at once cannot be kept alive by a packet a second.
    if firstDead.map({ $0 >= Lifetime.nudgeable.lowerBound }) ?? true {
      profile[.absolute] = Lifetime.absoluteWords(firstDead: absoluteEnd)
    }
    let (byOutbound, byInbound) = (take(pushed), take(pulled))
    guard let firstDead, Lifetime.nudgeable.contains(firstDead) else { return }
    let index = firstDead - Lifetime.nudgeable.lowerBound
    let refresh: NAT.Refresh? =
      byOutbound[index] ? byInbound[index] ? .both : .outbound : byInbound[index] ? .inbound : nil
    profile[.refresh] = refresh?.words ?? "nothing"
  }

  /// Both sides send every second until shortly before the look before this one: a packet from inside after
  /// the end would make the mapping anew, perhaps with the same port.
  private func kept(until look: Duration) -> Life {
    let times = stride(from: 1.1, through: look / .seconds(1) - 1.4, by: 1).map { Duration.seconds($0) }
    return Life(isReplied: true, outbound: times, inbound: times, look: look)
  }

  /// Returns for each whether it was alive at its look.
  private mutating func lead(_ lives: [Life]) throws(Here.Failure) -> [Bool] {
    var started: [(id: UInt32, look: UInt8)] = []
    var errands: [(at: Instant, local: Endpoint, spot: Spot)] = []
    var end = here.now
    for (life, spot) in zip(lives, Spot.all) {
      let local = try socket(ofHost: 7 + started.count % 4)
      let born = here.now
      let wishes = (life.isReplied ? [.zero] : []) + life.inbound + [life.look]
      let id = ask(local, spot, wishes.map { .init(spot, after: $0) })
      started.append((id, UInt8(wishes.count - 1)))
      errands += life.outbound.map { (born + $0, local, spot) }
      end = max(end, born + life.look)
    }
    // Every quarter of a second somebody asks and must be answered: that the machine is in time.
    let (clock, spot) = (try socket(ofHost: 0), Spot(1, 6))
    var beats: [UInt32] = []
    let first = here.now
    let times = (0..<Int((end - first) / .milliseconds(250))).map { .milliseconds(250) * $0 }
    errands += times.map { (first + $0, clock, spot) }
    for errand in errands.sorted(by: { $0.at < $1.at }) {
      try listen(until: errand.at)
      lag(since: errand.at)
      let isBeat = errand.local == clock
      let id = ask(errand.local, errand.spot, isBeat ? [.init(spot)] : [])
      if isBeat { beats.append(id) }
    }
    try listen(until: end + .milliseconds(300)) { prober in
      started.allSatisfy { prober.answer($0.look, to: $0.id) != nil }
    }
    for beat in beats { demand(beat) }
    return started.map { answer($0.look, to: $0.id) != nil }
  }
}
