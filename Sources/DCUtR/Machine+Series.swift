import DequeModule
import Identity
import OrderedCollections
import SansIO
import Wire

// B's side: when a series of attempts begins, goes on and ends.
extension Machine {
  /// Lets a series begin as soon as it may.
  mutating func prompt(_ peer: PeerID) {
    guard let upgrade = upgrades[peer], canBegin(upgrade, with: peer) else { return }
    guard upgrade.isResting else {
      upgrades[peer]?.isStale = true
      return
    }
    if upgrade.notBefore <= now { return begin(peer) }
    deadlines.set(.series(peer), to: upgrade.notBefore)
  }

  /// The peer has opened a circuit, or says something else of itself. Once a series has failed it cannot have
  /// as many more as it likes.
  mutating func promptedByPeer(_ peer: PeerID) {
    guard let upgrade = upgrades[peer], canBegin(upgrade, with: peer) else { return }
    if upgrade.failures == 0 || upgrades[peer]?.prompts.take(at: now) == true { return prompt(peer) }
    counters.promptsLimited += 1
    if upgrade.isResting, deadlines.deadline(of: .series(peer)) == nil { retryLater(peer) }
  }

  private func canBegin(_ upgrade: Upgrade, with peer: PeerID) -> Bool {
    upgrade.inbound != nil && upgrade.description != nil && !direct.contains(peer)
  }

  mutating func begin(_ peer: PeerID) {
    guard let upgrade = upgrades[peer], upgrade.isResting || upgrade.isQueued, canBegin(upgrade, with: peer)
    else { return }
    deadlines.set(.series(peer), to: nil)
    // The peer's own attempt goes on; when it fails we are asked again.
    if upgrade.punch != nil { return deadlines.set(.series(peer), to: now + configuration.seriesPause) }
    guard activeCount < configuration.upgradesMax else {
      if !upgrade.isQueued { line.append(peer) }
      upgrades[peer]?.phase = .queued
      return
    }
    upgrades[peer]?.phase = .resting
    upgrades[peer]?.attempt = 0
    upgrades[peer]?.isStale = false
    dialFirst(peer)
    nextAttempt(peer)
  }

  var activeCount: Int { upgrades.values.count { $0.isActive } }

  /// After one has come to an end.
  mutating func callLine() {
    while activeCount < configuration.upgradesMax, let next = line.popFirst() {
      if upgrades[next]?.isQueued == true {
        begin(next)
        if upgrades[next]?.isQueued == true { upgrades[next]?.phase = .resting }
      }
    }
  }

  // MARK: The plain dial

  /// The specification tries this first and alone. Observed addresses look like public ones, so that would
  /// mostly be a wait for nothing; here both are on their way, and if the dial's TCP stands SYNC is held
  /// back.
  private mutating func dialFirst(_ peer: PeerID) {
    guard configuration.dialsFirst, let addresses = upgrades[peer]?.description?.addresses, !addresses.isEmpty
    else { return }
    counters.dialsStarted += 1
    let id = newAttempt(with: peer)
    upgrades[peer]?.dial = .init(id: id, startedAt: now)
    deadlines.set(.attempt(id), to: now + configuration.dialTimeout)
    events.append(.dial(id, peer, addresses))
  }

  /// The plain dial came to nothing.
  mutating func dialEnded(_ peer: PeerID) {
    guard let dial = upgrades[peer]?.dial else { return }
    counters.dialsFailed += 1
    forgetAttempt(dial.id)
    upgrades[peer]?.dial = nil
    switch upgrades[peer]?.phase {
    case .dialling: seriesFailed(peer, .notSpoken)
    case .holding(let stream, let exchange): synchronise(peer, exchange, on: stream)
    case .resting, .queued, .opening, .asking, .timing, .punching, nil: break
    }
  }

  /// No attempt of the exchange goes on beside it.
  private mutating func dialAlone(_ peer: PeerID) {
    upgrades[peer]?.phase = .dialling
    upgrades[peer]?.attempt = 0
  }

  mutating func abandonDial(_ peer: PeerID) {
    guard let dial = upgrades[peer]?.dial else { return }
    upgrades[peer]?.dial = nil
    forgetAttempt(dial.id)
    events.append(.abandon(dial.id))
  }

  // MARK: Attempts

  mutating func nextAttempt(_ peer: PeerID) {
    guard let upgrade = upgrades[peer], let connection = upgrade.inbound,
      let description = upgrade.description
    else { return seriesFailed(peer, .circuitClosed) }
    guard description.speaksDCUtR else {
      return upgrade.dial == nil ? seriesFailed(peer, .notSpoken) : dialAlone(peer)
    }
    openNumber += 1
    let open = OpenID(rawValue: openNumber)
    opening[open] = peer
    upgrades[peer]?.phase = .opening(open)
    upgrades[peer]?.attempt = upgrade.attempt + 1
    upgrades[peer]?.attemptStartedAt = now
    deadlines.set(.answer(peer), to: now + configuration.answerTimeout)
    counters.attemptsStarted += 1
    report(peer, .started)
    events.append(.openStream(open, on: connection))
  }

  /// B's attempt came to nothing.
  mutating func attemptFailed(_ peer: PeerID, _ failure: Failure) {
    guard let upgrade = upgrades[peer], upgrade.isStarting else { return }
    abandonExchange(peer)
    counters.attemptsFailed += 1
    upgrades[peer]?.lastFailure = failure
    report(peer, .failed(failure))
    if failure.isWorthAnotherAttempt, upgrade.attempt < configuration.attemptsMax, upgrade.inbound != nil {
      return nextAttempt(peer)
    }
    if failure == .notSpoken { upgrades[peer]?.saidNotSpoken = true }
    if failure == .notSpoken, upgrade.dial != nil { return dialAlone(peer) }
    endSeries(peer, failure)
  }

  /// A series ends that no attempt of the exchange has ended.
  private mutating func seriesFailed(_ peer: PeerID, _ failure: Failure) {
    guard let upgrade = upgrades[peer] else { return }
    upgrades[peer]?.lastFailure = failure
    if failure != .notSpoken || upgrade.attempt == 0 && !upgrade.saidNotSpoken {
      upgrades[peer]?.attempt = 0
      report(peer, .failed(failure))
    }
    endSeries(peer, failure)
  }

  private mutating func endSeries(_ peer: PeerID, _ failure: Failure) {
    abandonExchange(peer)
    abandonDial(peer)
    guard let upgrade = upgrades[peer] else { return }
    upgrades[peer]?.phase = .resting
    upgrades[peer]?.isReversed = false
    upgrades[peer]?.failures = upgrade.failures + 1
    // What costs nothing may be tried again at any time.
    let pause = failure == .notSpoken ? .zero : configuration.seriesPause
    upgrades[peer]?.notBefore = now + pause
    if failure == .notSpoken { upgrades[peer]?.saidNotSpoken = true }
    if canBegin(upgrade, with: peer) {
      if upgrade.isStale { deadlines.set(.series(peer), to: now + pause) } else { retryLater(peer) }
    }
    callLine()
  }

  private mutating func retryLater(_ peer: PeerID) {
    let failures = upgrades[peer]?.failures ?? 1
    guard let delay = configuration.retryDelays.prefix(max(1, failures)).last else { return }
    let wait = max(delay - generator.duration(upTo: delay / 4), configuration.seriesPause)
    deadlines.set(.series(peer), to: now + wait)
  }

  /// The peer's own series goes on instead.
  mutating func yield(to peer: PeerID) {
    counters.collisionsYielded += 1
    counters.attemptsFailed += 1
    abandonExchange(peer)
    abandonDial(peer)
    report(peer, .failed(.superseded))
    upgrades[peer]?.phase = .resting
    deadlines.set(.series(peer), to: now + (configuration.retryDelays.first ?? configuration.seriesPause))
  }

  /// There is a direct connection.
  /// - Parameters:
  ///   - attempt: whose it is, when it is one's.
  ///   - role: ours on it.
  mutating func succeeded(_ peer: PeerID, by attempt: AttemptID?, _ role: Role?) {
    guard let upgrade = upgrades[peer] else { return }
    let means: Outcome.Means =
      switch attempt {
      case nil: .other
      case upgrade.dial?.id: .dial
      case .some: .punch
      }
    if let punch = upgrade.punch {
      if means == .punch, let role { upgrades[peer]?.isReversed = role != punch.side.usualRole }
      endPunch(peer, isStanding: means == .punch)
      counters.attemptsSucceeded += 1
      report(peer, .succeeded(after: now - punch.startedAt, by: means), of: punch)
    } else if upgrade.isExchanging {
      counters.attemptsSucceeded += 1
      report(peer, .succeeded(after: now - upgrade.attemptStartedAt, by: means))
    } else if let dial = upgrade.dial {
      report(peer, .succeeded(after: now - dial.startedAt, by: means))
    }
    if means == .dial, let dial = upgrade.dial {
      counters.dialsSucceeded += 1
      forgetAttempt(dial.id)
      upgrades[peer]?.dial = nil
    }
    settle(peer)
  }

  /// Nothing is wanted of the peer any more.
  private mutating func settle(_ peer: PeerID) {
    abandonExchange(peer)
    abandonDial(peer)
    deadlines.set(.series(peer), to: nil)
    line.removeAll { $0 == peer }
    upgrades[peer]?.phase = .resting
    upgrades[peer]?.failures = 0
    upgrades[peer]?.lastFailure = nil
    callLine()
  }

  /// Of B's attempt.
  private mutating func report(_ peer: PeerID, _ result: Outcome.Result) {
    let attempt = upgrades[peer]?.attempt ?? 0
    events.append(.outcome(Outcome(peer: peer, attempt: attempt, side: .starting, result: result)))
  }

  mutating func report(_ peer: PeerID, _ result: Outcome.Result, of punch: Upgrade.Attempt) {
    events.append(
      .outcome(Outcome(peer: peer, attempt: punch.number, side: punch.side, result: result)))
  }
}
