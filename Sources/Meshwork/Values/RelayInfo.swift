import CircuitRelay
public import Identity
import Runtime
public import Wire

/// A relay that this node knows, and how it stands with the reservation there.
public struct RelayInfo: Sendable, Hashable {
  /// How a reservation stands.
  public enum State: String, Sendable, Hashable {
    /// Not wanted now, or not to be asked before some time has passed.
    case idle
    /// Asked for.
    case requested
    /// Held.
    case accepted
  }

  /// The relay.
  public let peerID: PeerID
  /// Where it is, as far as that is known.
  public let address: Multiaddr?
  /// How the reservation stands.
  public let state: State
  /// When a reservation that is held ends, in milliseconds since the Unix epoch.
  public let expiresMs: Int64?
}

extension RelayInfo {
  init(_ summary: RelaySummary) {
    peerID = summary.peer
    address = summary.addresses.first
    switch summary.state {
    case .idle: (state, expiresMs) = (.idle, nil)
    case .requested: (state, expiresMs) = (.requested, nil)
    case .accepted(let expiry): (state, expiresMs) = (.accepted, WallClock.ms(at: expiry))
    }
  }
}

extension Event.Reservation {
  init(_ relay: PeerID, _ state: ReservationState) {
    self.relay = relay
    switch state {
    case .requested: (self.state, expiresMs, reason) = (.requested, nil, nil)
    case .accepted(let expiry, _, _):
      (self.state, expiresMs, reason) = (.accepted, WallClock.ms(at: expiry), nil)
    case .refused(let refusal): (self.state, expiresMs, reason) = (.refused, nil, "\(refusal)")
    case .lost(let loss): (self.state, expiresMs, reason) = (.lost, nil, "\(loss)")
    case .released: (self.state, expiresMs, reason) = (.lost, nil, "given up for relays that are wanted more")
    }
  }
}
