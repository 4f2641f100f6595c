package import Identity
package import Wire

/// One set of dials of a machine's. Never reused.
package struct AttemptID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Which side of the exchange one is on.
package enum Side: Hashable, Sendable {
  /// B: accepted the relayed connection, opens the stream.
  case starting
  /// A: dialled the relayed connection, answers.
  case answering
}

/// What of us or a peer is mapped to what, by the router in front.
package enum Mapping: Hashable, Sendable {
  case unknown
  /// One public port for one of ours, whoever we speak to: what one peer observes is true for all.
  case endpointIndependent
  /// Another one for each destination: "symmetric".
  case addressDependent
}

/// Simultaneous dials, to be made now.
package struct Punch: Hashable, Sendable {
  package let id: AttemptID
  package let peer: PeerID
  /// At least one.
  package let addresses: [Multiaddr]
  package let transport: Transport
  /// Of all protocols on the connection that is dialled, whoever's SYN won.
  package let role: Role
  /// For a responder: it becomes the initiator when nothing has been received for so long since TCP stood.
  package let initiatesAfter: Duration?

  package init(
    id: AttemptID, peer: PeerID, addresses: [Multiaddr], transport: Transport, role: Role,
    initiatesAfter: Duration?
  ) {
    self.id = id
    self.peer = peer
    self.addresses = addresses
    self.transport = transport
    self.role = role
    self.initiatesAfter = initiatesAfter
  }
}

/// What became of all dials of an attempt, the most telling of it, as the driver saw it.
package enum DialFailure: Hashable, Sendable {
  /// Nothing came back.
  case timedOut
  /// A reset, or a message that the port is closed: a router that rejects, or nobody listens.
  case rejected
  /// No route, no address of that version, or no socket.
  case unreachable
  /// TCP stood, and no authenticated connection came of it.
  case handshake
  /// Somebody else answered.
  case wrongPeer
}
