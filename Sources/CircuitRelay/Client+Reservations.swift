import Identity
import OrderedCollections
import SansIO
import Wire

// What a relay grants, and how much of it is believed.
extension Client {
  // MARK: Succeeding

  mutating func reservationAnswered(
    by relay: PeerID, _ status: Status, _ reservation: Reservation?, _ limit: Limit, nowMs: Int64
  ) {
    guard let state = relays[relay], state.isTrying else { return }
    guard status == .ok else { return attemptFailed(relay, .status(status)) }
    guard let reservation else { return attemptFailed(relay, .invalid(.malformedMessage)) }
    do throws(CircuitRelayError) { try verify(reservation, of: relay) } catch {
      return attemptFailed(relay, .invalid(error))
    }
    let lifetime = believed(reservation.expiration, nowMs: nowMs)
    let addresses = announceable(reservation.addresses, of: relay)
    relays[relay]?.attempt = .none
    relays[relay]?.held = RelayState.Held(expiresAt: now + lifetime, limit: limit, addresses: addresses)
    relays[relay]?.failures = 0
    relays[relay]?.isMissed = false
    deadlines.set(.answer(relay), to: nil)
    deadlines.set(.expiry(relay), to: now + lifetime)
    deadlines.set(.refresh(relay), to: now + refreshInterval(of: lifetime))
    if state.held == nil { counters.reservationsAccepted += 1 } else { counters.reservationsRefreshed += 1 }
    events.append(
      .reservation(
        relay, .accepted(expiresAt: now + lifetime, limit, isRefresh: state.held != nil)))
    announce()
    considerSurplus()
    choose()
  }

  /// Some relays give no voucher; one that is there must be right.
  private mutating func verify(_ reservation: Reservation, of relay: PeerID) throws(CircuitRelayError) {
    guard let voucher = reservation.voucher else {
      counters.vouchersMissing += 1
      return
    }
    do { _ = try Voucher.open(voucher, from: relay, to: own) } catch {
      counters.vouchersForged += 1
      throw error
    }
  }

  /// A relay's clock may be wrong, and so may ours.
  private func believed(_ expiration: UInt64?, nowMs: Int64) -> Duration {
    guard let expiration else { return configuration.lifetimeMax }
    let (left, isPast) = expiration.subtractingReportingOverflow(UInt64(clamping: nowMs / 1000))
    if isPast { return configuration.lifetimeMin }
    let most = UInt64(clamping: configuration.lifetimeMax.components.seconds)
    return max(configuration.lifetimeMin, .seconds(Int64(clamping: min(left, most))))
  }

  private mutating func refreshInterval(of lifetime: Duration) -> Duration {
    let share = lifetime * configuration.refreshShare
    let interval = min(max(share, configuration.refreshIntervalMin), configuration.refreshIntervalMax)
    return interval - generator.duration(upTo: interval / 10)
  }

  // MARK: Too many

  private mutating func considerSurplus() {
    let kept = relays.values.count { $0.isKept }
    let surplus = kept > configuration.relaysDesired ? now + configuration.surplusGrace : nil
    deadlines.set(.surplus, to: surplus)
  }

  /// The protocol has no word for giving a reservation back; it is not renewed.
  mutating func releaseSurplus() {
    let kept = ranked.filter { relays[$0]?.isKept == true }
    for relay in kept.dropFirst(configuration.relaysDesired) {
      abandonAttempt(at: relay)
      relays[relay]?.held = nil
      deadlines.set(.refresh(relay), to: nil)
      deadlines.set(.expiry(relay), to: nil)
      events.append(.reservation(relay, .released))
    }
    announce()
  }

  // MARK: Addresses

  /// Where to tell others that the relay is: what it says of itself where that can be so, else where we found
  /// it. Whoever plants an address of somebody else's does not get far: the relay's identity is part of it.
  private mutating func announceable(_ claimed: [Multiaddr], of relay: PeerID) -> [Multiaddr] {
    let found = relays[relay].map { [$0.connectedAddress].compactMap { $0 } + $0.addresses } ?? []
    let reach = found.first?.host?.ip?.reach
    let believable = unique(claimed.compactMap { named($0, relay, reach: reach) })
    let all = believable.isEmpty ? unique(found.compactMap { named($0, relay, reach: reach) }) : believable
    let kept = Array(all.prefix(configuration.addressesPerRelayMax))
    counters.addressesDropped += UInt64(max(0, claimed.count - kept.count))
    return kept
  }

  private func unique(_ addresses: [Multiaddr]) -> [Multiaddr] { Array(OrderedSet(addresses)) }

  private func named(_ address: Multiaddr, _ relay: PeerID, reach: IPAddress.Reach?) -> Multiaddr? {
    guard !address.isCircuit, let host = address.host, address.tcpEndpoint?.port != 0 else { return nil }
    switch host.ip?.reach {
    case .global?, nil: break
    case .unspecified?, .multicast?: return nil
    // On the same machine, at home, in a test: believable when we are there too.
    case let other: if other != reach { return nil }
    }
    switch address.peerID {
    case nil: return try? address.appending(relay)
    case relay?: return address
    default: return nil
    }
  }

  mutating func announce() {
    let before = announced
    let claims = ranked.flatMap { relays[$0]?.held?.addresses ?? [] }
    announced = claims.compactMap { try? $0.appending(.p2pCircuit) }
    if announced != before { events.append(.addressesChanged(announced)) }
  }
}
