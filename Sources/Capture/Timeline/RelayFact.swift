package import CircuitRelay
package import Identity
package import Wire

/// What a hop or stop stream of a relay says. In the answers, whom the request was about.
package enum RelayFact: Hashable, Sendable {
  /// RESERVE.
  case reservationAsked
  case reservationGranted(GrantedReservation, Turnaround)
  case reservationRefused(Status, Turnaround)
  /// CONNECT, of a client to its relay.
  case circuitAsked(to: PeerID)
  /// CONNECT, of a relay to the peer that the circuit leads to.
  case circuitOffered(from: PeerID, Limit)
  /// By the relay: from here on the hop stream is the connection.
  case circuitOpened(to: PeerID, Limit, Turnaround)
  /// By the peer that it leads to: from here on the stop stream is the connection.
  case circuitAccepted(from: PeerID, Limit, Turnaround)
  /// By the relay.
  case circuitRefused(to: PeerID, Status, Turnaround)
  /// By the peer that it would lead to.
  case circuitDeclined(from: PeerID, Status, Turnaround)
  /// Said by who reset the stream, or finished it last.
  case circuitEnded(EndedCircuit)
}

/// How long an answer took, from the first frame of its stream on.
package struct Turnaround: Hashable, Sendable {
  /// How often the side that was asked has spoken behind the opener, the negotiation included: the round
  /// trips that the opener has waited for.
  package let roundTrips: Int
  package let nanoseconds: Int64
}

/// What became of a circuit, as one leg of it shows.
package struct EndedCircuit: Hashable, Sendable {
  /// By the word of the relay's protocol; nil where nothing has proven who is at the other end of the leg.
  package let initiator: PeerID?
  package let target: PeerID?
  /// By the initiator, and back to it.
  package let sentBytes: UInt64
  package let receivedBytes: UInt64
  package let limit: Limit
  package let wasReset: Bool
}

/// What a relay promises.
package struct GrantedReservation: Hashable, Sendable {
  package enum Voucher: Hashable, Sendable {
    /// Not sent, as by Rust relays.
    case absent
    /// Seconds since the Unix epoch.
    case valid(expiration: UInt64)
    case invalid(String)
    /// Nothing has proven whose it would have to be.
    case unverifiable
  }

  /// Seconds since the Unix epoch; nil when the relay did not say.
  package let expiration: UInt64?
  /// Until then, from the packet on, by the capture's clock.
  package let lifetimeSeconds: Int64?
  package let addresses: [Multiaddr]
  /// Of each circuit.
  package let limit: Limit
  package let voucher: Voucher
}
