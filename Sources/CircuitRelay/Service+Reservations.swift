import Identity
import SansIO
import Wire

// Reservations: who gets one, and when it ends.
extension Service {
  mutating func reserve(_ stream: StreamHandle, nowMs: Int64) {
    guard let connection = connections[stream.connection] else { return }
    if let refusal = refusal(of: connection) {
      return answer(stream, .status(refusal, nil, .unlimited))
    }
    grant(connection, on: stream.connection)
    let lifetime = configuration.reservationLifetime
    let expiration = UInt64(clamping: max(0, nowMs) / 1000 + max(1, lifetime.components.seconds))
    let voucher = Voucher(relay: keyPair.peerID, peer: connection.peer, expiration: expiration)
    let reservation = Reservation(
      expiration: expiration, addresses: addresses(for: connection), voucher: voucher.sealed(by: keyPair))
    answer(stream, .status(.ok, reservation, configuration.circuitLimit))
  }

  /// Rust clients accept no reservation without an address.
  private func addresses(for connection: ConnectionState) -> [Multiaddr] {
    if !announced.isEmpty { return announced }
    return withOwnPeer(connection.local).map { Reservation.fitting([$0]) } ?? []
  }

  private mutating func refusal(of connection: ConnectionState) -> Status? {
    if connection.isRelayed {
      counters.refusedRelayed += 1
      return .permissionDenied
    }
    guard configuration.access.permits(connection.peer) else {
      counters.refusedPermission += 1
      return .permissionDenied
    }
    guard reservationsOfPeer.allows(connection.peer, at: now),
      reservationsOfHost.allows(connection.origin.host, at: now)
    else {
      counters.refusedRate += 1
      return .resourceLimitExceeded
    }
    if isDraining {
      counters.refusedDraining += 1
      return .reservationRefused
    }
    return slotRefusal(of: connection)
  }

  /// What the peer holds already makes room for what it wants.
  private mutating func slotRefusal(of connection: ConnectionState) -> Status? {
    let own = slots[connection.peer]
    let origin = connection.origin
    if own == nil, slots.count >= configuration.reservationsMax {
      counters.refusedFull += 1
      return .reservationRefused
    }
    let ofHost = slotsPerHost[origin.host] - (own?.origin.host == origin.host ? 1 : 0)
    if origin.host != nil, ofHost >= configuration.reservationsPerAddressMax {
      counters.refusedAddress += 1
      return .reservationRefused
    }
    let ofNetwork = slotsPerNetwork[origin.network] - (own?.origin.network == origin.network ? 1 : 0)
    if origin.network != nil, ofNetwork >= configuration.reservationsPerNetworkMax {
      counters.refusedNetwork += 1
      return .reservationRefused
    }
    return nil
  }

  /// A peer has one slot; asking again renews it and moves it to where it asks from.
  private mutating func grant(_ connection: ConnectionState, on key: ConnectionID) {
    let peer = connection.peer
    if let old = slots[peer] {
      counters.reservationsRefreshed += 1
      count(old.origin, -1)
      slots[peer] = Slot(connection: key, origin: connection.origin, number: old.number)
    } else {
      counters.reservationsGranted += 1
      slotNumber += 1
      slots[peer] = Slot(connection: key, origin: connection.origin, number: slotNumber)
      events.append(.reserved(peer))
    }
    count(connection.origin, 1)
    deadlines.set(.reservation(peer), to: now + configuration.reservationLifetime)
  }

  mutating func endReservation(of peer: PeerID, _ end: ReservationEnd) {
    guard let slot = slots.removeValue(forKey: peer) else { return }
    count(slot.origin, -1)
    deadlines.set(.reservation(peer), to: nil)
    if end == .expired { counters.reservationsExpired += 1 }
    events.append(.reservationEnded(peer, end))
  }

  private mutating func count(_ origin: Origin, _ change: Int) {
    if change > 0 {
      slotsPerHost.add(origin.host)
      slotsPerNetwork.add(origin.network)
    } else {
      slotsPerHost.remove(origin.host)
      slotsPerNetwork.remove(origin.network)
    }
  }
}
