import Identity
import OrderedCollections
import SansIO

// Which relays are asked when, and what happens when one is lost.
extension Client {
  // MARK: Choosing

  /// Tries as many relays as are wanting, the most wanted first; then one that is missed.
  mutating func choose() {
    let order = ranked
    let kept = order.filter { relays[$0]?.isKept == true }
    var trying = order.count { relays[$0]?.isTrying == true && relays[$0]?.held == nil }
    for relay in order where isReady(relay) {
      let isWanted = kept.count + trying < configuration.relaysDesired
      guard isWanted || trying == 0 && isImprovement(relay, over: kept) else { continue }
      trying += 1
      attempt(relay)
    }
  }

  private func isReady(_ relay: PeerID) -> Bool {
    guard let state = relays[relay] else { return false }
    return state.held == nil && !state.isTrying && state.notBefore <= now
  }

  /// One that served us before and is wanted more than what replaced it.
  private func isImprovement(_ relay: PeerID, over kept: [PeerID]) -> Bool {
    guard let state = relays[relay], state.isMissed, let worst = kept.last, let other = relays[worst] else {
      return false
    }
    return state.rank < other.rank
  }

  private mutating func attempt(_ relay: PeerID) {
    deadlines.set(.attempt(relay), to: nil)
    if relays[relay]?.isConnected == true { return request(at: relay) }
    relays[relay]?.attempt = .connecting
    deadlines.set(.answer(relay), to: now + configuration.connectTimeout)
    events.append(.connect(relay, relays[relay]?.addresses ?? []))
  }

  mutating func request(at relay: PeerID) {
    let open = open(.reserve(relay), to: relay)
    relays[relay]?.attempt = .opening(open)
    relays[relay]?.askedAt = now
    deadlines.set(.answer(relay), to: now + configuration.requestTimeout)
    if relays[relay]?.held == nil { events.append(.reservation(relay, .requested)) }
  }

  mutating func refresh(_ relay: PeerID) {
    guard let state = relays[relay], state.held != nil, !state.isTrying, state.isConnected else { return }
    request(at: relay)
  }

  // MARK: Failing

  /// An attempt came to nothing. What is held stays while it lasts.
  mutating func attemptFailed(_ relay: PeerID, _ refusal: ReservationState.Refusal) {
    guard let state = relays[relay], state.isTrying else { return }
    abandonAttempt(at: relay)
    if case .status = refusal { counters.reservationsRefused += 1 } else { counters.reservationsFailed += 1 }
    if let held = state.held {
      relays[relay]?.held?.isEnding = true
      let quarter = (held.expiresAt - now) / 4
      // A relay that says no means it; one that says nothing may have missed the question.
      let wait: Duration =
        if case .status = refusal {
          max(quarter, configuration.refusedRetryMin)
        } else {
          max(.seconds(1), min(quarter, configuration.refreshIntervalMin))
        }
      deadlines.set(.refresh(relay), to: now + jittered(wait))
    } else {
      events.append(.reservation(relay, .refused(refusal)))
      retryLater(relay, after: refusal)
    }
    choose()
  }

  private mutating func retryLater(_ relay: PeerID, after refusal: ReservationState.Refusal?) {
    guard let failures = relays[relay]?.failures else { return }
    relays[relay]?.failures = min(failures + 1, 16)
    let wait: Duration =
      switch refusal {
      case .status(.permissionDenied), .invalid(.voucherOfAnother), .invalid(.invalidVoucher):
        configuration.deniedRetry
      case .status, .unsupported:
        min(configuration.refusedRetryMin * (1 << failures), configuration.refusedRetryMax)
      case .invalid, .closed, .unreachable, nil:
        min(configuration.retryMin * (1 << failures), configuration.retryMax)
      }
    let due = now + jittered(wait)
    relays[relay]?.notBefore = due
    deadlines.set(.attempt(relay), to: due)
  }

  /// Between a quarter of it and all of it.
  private mutating func jittered(_ wait: Duration) -> Duration {
    wait / 4 + generator.duration(upTo: wait / 4 * 3)
  }

  mutating func abandonAttempt(at relay: PeerID) {
    switch relays[relay]?.attempt {
    case .opening(let open): opening[open] = nil
    case .asking(let stream):
      if case .reserving? = streams[stream] {
        streams[stream] = nil
        events.append(.reset(stream))
      }
    case .connecting, .some(.none), nil: break
    }
    relays[relay]?.attempt = .none
    deadlines.set(.answer(relay), to: nil)
  }

  /// A relay serves us no more. Another one takes over at once, but for a little jitter; the lost one is
  /// tried again, and again less often.
  mutating func lose(_ relay: PeerID, _ loss: ReservationState.Loss) {
    guard let state = relays[relay] else { return }
    guard state.held != nil else { return attemptFailed(relay, .closed) }
    abandonAttempt(at: relay)
    relays[relay]?.held = nil
    relays[relay]?.isMissed = true
    deadlines.set(.refresh(relay), to: nil)
    deadlines.set(.expiry(relay), to: nil)
    counters.reservationsLost += 1
    events.append(.reservation(relay, .lost(loss)))
    announce()
    retryLater(relay, after: nil)
    let jitter = generator.duration(upTo: configuration.failoverJitter)
    deadlines.tighten(.choice, to: now + jitter)
  }
}
