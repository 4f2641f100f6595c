package import Identity
package import SansIO
package import Wire

/// How it stands with our reservation at a relay.
package enum ReservationState: Hashable, Sendable {
  case requested
  /// `expiresAt` by our own clock, clamped to what is believable.
  case accepted(expiresAt: Instant, Limit, isRefresh: Bool)
  case refused(Refusal)
  case lost(Loss)
  /// Not needed any more: better ones are held.
  case released

  package enum Refusal: Hashable, Sendable {
    case status(Status)
    /// What the relay sent is none of the protocol's, is forged, or did not come in time.
    case invalid(CircuitRelayError)
    /// It speaks no circuit relay.
    case unsupported
    /// The stream ended before the answer.
    case closed
    case unreachable
  }

  package enum Loss: Hashable, Sendable {
    /// The last connection to the relay closed.
    case disconnected
    /// The driver found it dead.
    case unresponsive
    case expired
  }
}

extension ReservationState.Refusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .status(let status): "\(status)"
    case .invalid(let error): "\(error)"
    case .unsupported: "it is no relay"
    case .closed: "the relay ended the stream"
    case .unreachable: "the relay cannot be reached"
    }
  }
}

/// One relay as others see it.
package struct RelaySummary: Hashable, Sendable {
  package enum State: Hashable, Sendable {
    /// Not wanted now, or not to be asked before some time has passed.
    case idle
    case requested
    case accepted(expiresAt: Instant)
  }

  package let peer: PeerID
  package let addresses: [Multiaddr]
  package let state: State

  init(_ peer: PeerID, _ relay: RelayState) {
    self.peer = peer
    addresses = relay.held?.addresses ?? relay.addresses
    if let held = relay.held {
      state = .accepted(expiresAt: held.expiresAt)
    } else {
      state = relay.isTrying ? .requested : .idle
    }
  }
}

/// One relay that we know.
struct RelayState: Sendable {
  enum Attempt: Sendable {
    case none
    case connecting
    case opening(OpenID)
    case asking(StreamHandle)
  }

  struct Held: Sendable {
    var expiresAt: Instant
    var limit: Limit
    /// The relay's own, its peer at the end.
    var addresses: [Multiaddr]
    /// It has refused to renew: it is used while it lasts, and another one is looked for.
    var isEnding = false
  }

  /// Smaller is wanted more; among equals each client has an order of its own, so that they spread.
  var rank: Rank
  var addresses: [Multiaddr]
  var isConnected = false
  /// Where a connection of ours leads to.
  var connectedAddress: Multiaddr?
  var attempt = Attempt.none
  /// When a reservation was last asked for.
  var askedAt: Instant?
  var held: Held?
  /// Before this it is not tried again.
  var notBefore = Instant.zero
  var failures = 0
  /// It served us until it was lost, so it is tried again although there are enough.
  var isMissed = false

  struct Rank: Hashable, Comparable, Sendable {
    let priority: Int
    let draw: UInt64
    let peer: PeerID

    static func < (left: Self, right: Self) -> Bool {
      (left.priority, left.draw, left.peer) < (right.priority, right.draw, right.peer)
    }
  }

  var isTrying: Bool {
    if case .none = attempt { false } else { true }
  }

  /// Counts as one of those desired.
  var isKept: Bool { held.map { !$0.isEnding } ?? false }
}
