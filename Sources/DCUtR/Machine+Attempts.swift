import OrderedCollections
package import SansIO
import Identity
package import Wire

// What is dialled, by either side, and what comes of it.
extension Machine {
  // MARK: Inputs

  /// TCP stands between us and one of the addresses; the handshake begins.
  package mutating func tcpConnected(_ id: AttemptID, at now: Instant) {
    self.now = now
    guard let peer = attempts[id], let upgrade = upgrades[peer] else { return }
    if upgrade.dial?.id == id, upgrade.dial?.isConnected == false {
      upgrades[peer]?.dial?.isConnected = true
    } else if upgrade.punch?.id == id, upgrade.punch?.isConnected == false {
      upgrades[peer]?.punch?.isConnected = true
    } else {
      return
    }
    deadlines.set(.attempt(id), to: now + configuration.handshakeTimeout)
  }

  /// An authenticated connection to the peer has come of it. To be told before `directConnected`.
  /// - Parameter role: ours on it.
  package mutating func punched(_ id: AttemptID, as role: Role, at now: Instant) {
    self.now = now
    guard let peer = attempts[id] else { return }
    direct.insert(peer)
    succeeded(peer, by: id, role)
  }

  /// All dials of it have come to an end.
  package mutating func punchFailed(_ id: AttemptID, _ failure: DialFailure, at now: Instant) {
    self.now = now
    guard let peer = attempts[id] else { return }
    ended(id, with: peer, failure)
  }

  mutating func attemptIsLate(_ id: AttemptID) {
    guard let peer = attempts[id], let upgrade = upgrades[peer] else { return }
    events.append(.abandon(id))
    let isConnected =
      upgrade.punch?.id == id ? upgrade.punch?.isConnected : upgrade.dial?.isConnected
    ended(id, with: peer, isConnected == true ? .handshake : .timedOut)
  }

  private mutating func ended(_ id: AttemptID, with peer: PeerID, _ failure: DialFailure) {
    if upgrades[peer]?.dial?.id == id { return dialEnded(peer) }
    guard let punch = upgrades[peer]?.punch, punch.id == id else { return }
    forgetAttempt(id)
    upgrades[peer]?.punch = nil
    if failure == .handshake { upgrades[peer]?.isReversed = punch.role == punch.side.usualRole }
    let reason = explain(failure, punch.exchange)
    switch punch.side {
    case .starting: attemptFailed(peer, reason)
    case .answering:
      if punch.number >= configuration.attemptsMax { upgrades[peer]?.isReversed = false }
      answerFailed(peer, punch, reason)
    }
  }

  // MARK: Acting

  /// Half a round trip after SYNC.
  mutating func act(_ peer: PeerID) {
    guard let upgrade = upgrades[peer], case .timing(let exchange) = upgrade.phase else { return }
    upgrades[peer]?.phase = .punching
    punch(peer, .starting, number: upgrade.attempt, exchange, startedAt: upgrade.attemptStartedAt)
  }

  /// SYNC has come.
  mutating func answer(_ peer: PeerID, _ exchange: Upgrade.Exchange) {
    guard !direct.contains(peer) else { return }
    // We may have started since the stream was opened.
    if upgrades[peer]?.isExchanging == true {
      guard peer < own else { return counters.collisionsRefused += 1 }
      yield(to: peer)
    }
    if let old = upgrades[peer]?.punch { supersede(old, with: peer) }
    guard let upgrade = upgrades[peer] else { return }
    let goesOn =
      upgrade.answered < configuration.attemptsMax && upgrade.answered > 0
      && now - upgrade.answeredAt <= configuration.seriesWindow
    let number = goesOn ? upgrade.answered + 1 : 1
    upgrades[peer]?.answered = number
    upgrades[peer]?.answeredAt = now
    counters.attemptsStarted += 1
    events.append(.outcome(Outcome(peer: peer, attempt: number, side: .answering, result: .started)))
    punch(peer, .answering, number: number, exchange, startedAt: now)
  }

  /// B has begun anew, so for it the attempt has failed.
  private mutating func supersede(_ old: Upgrade.Attempt, with peer: PeerID) {
    events.append(.abandon(old.id))
    forgetAttempt(old.id)
    upgrades[peer]?.punch = nil
    if old.isConnected { upgrades[peer]?.isReversed = old.role == old.side.usualRole }
    answerFailed(peer, old, old.isConnected ? .handshakeFailed : .superseded)
  }

  private mutating func answerFailed(_ peer: PeerID, _ punch: Upgrade.Attempt, _ failure: Failure) {
    counters.attemptsFailed += 1
    upgrades[peer]?.lastFailure = failure
    report(peer, .failed(failure), of: punch)
    callLine()
  }

  private mutating func punch(
    _ peer: PeerID, _ side: Side, number: Int, _ exchange: Upgrade.Exchange, startedAt: Instant
  ) {
    let id = newAttempt(with: peer)
    let role = role(with: peer, side, number: number, exchange)
    upgrades[peer]?.punch = .init(
      id: id, side: side, number: number, role: role, startedAt: startedAt, exchange: exchange)
    deadlines.set(.attempt(id), to: now + configuration.attemptTimeout)
    // Without any the peer may still reach us.
    if exchange.theirs.isEmpty { return }
    events.append(
      .punch(
        Punch(
          id: id, peer: peer, addresses: exchange.theirs.addresses, transport: .tcp, role: role,
          initiatesAfter: role == .responder ? patience(side, exchange) : nil)))
  }

  /// Why roles are not always the specification's is told in `DCUtR.swift`.
  private func role(
    with peer: PeerID, _ side: Side, number: Int, _ exchange: Upgrade.Exchange
  ) -> Role {
    let usual = side.usualRole
    if upgrades[peer]?.isReversed == true { return usual.opposite }
    // The peer's dials lead nowhere, so ours is accepted as any other.
    if exchange.ours.isEmpty || mapping == .addressDependent { return .initiator }
    let isLast = number == configuration.attemptsMax && configuration.reversesRolesOnLastAttempt
    return isLast ? usual.opposite : usual
  }

  /// Until a responder becomes the initiator. The bounds keep the sides apart, and both within the attempt.
  private func patience(_ side: Side, _ exchange: Upgrade.Exchange) -> Duration? {
    let flights = exchange.roundTrip * 2
    return switch side {
    case .starting:
      configuration.startingSideInitiatesAfter.map { $0 + min(flights, configuration.patienceMax) }
    case .answering:
      configuration.answeringSideInitiatesAfter.map { $0 + min(flights, configuration.patienceMax) }
    }
  }

  private func explain(_ failure: DialFailure, _ exchange: Upgrade.Exchange) -> Failure {
    switch failure {
    case .rejected: return .rejected
    case .unreachable: return .noRoute
    case .handshake: return .handshakeFailed
    case .wrongPeer: return .wrongPeer
    case .timedOut:
      let (weVary, theyVary) = (mapping == .addressDependent, exchange.theirs.seemToVary)
      if weVary, theyVary || exchange.theirs.isEmpty { return .bothMappingsVary }
      if exchange.theirs.isEmpty { return .noAddressOfTheirs }
      if weVary { return .ourMappingVaries }
      if theyVary { return exchange.ours.isEmpty ? .noAddressOfOurs : .theirMappingVaries }
      return exchange.ours.isEmpty ? .noAddressOfOurs : .noPacket
    }
  }

  // MARK: Numbers

  mutating func newAttempt(with peer: PeerID) -> AttemptID {
    attemptNumber += 1
    let id = AttemptID(rawValue: attemptNumber)
    attempts[id] = peer
    return id
  }

  mutating func forgetAttempt(_ id: AttemptID) {
    attempts[id] = nil
    deadlines.set(.attempt(id), to: nil)
  }

  /// - Parameter isStanding: its connection is wanted.
  mutating func endPunch(_ peer: PeerID, isStanding: Bool) {
    guard let punch = upgrades[peer]?.punch else { return }
    upgrades[peer]?.punch = nil
    forgetAttempt(punch.id)
    if !isStanding { events.append(.abandon(punch.id)) }
  }
}

extension Side {
  /// The specification's.
  var usualRole: Role {
    switch self {
    case .starting: .responder
    case .answering: .initiator
    }
  }
}
