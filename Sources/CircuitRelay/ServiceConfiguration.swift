package import Identity
package import SansIO

/// Every limit of a relay, with its reason. The defaults are a relay for chat: many people, long circuits.
package struct ServiceConfiguration: Hashable, Sendable {
  /// Who may reserve and be connected through this relay.
  package enum Access: Hashable, Sendable {
    case everybody
    case only(Set<PeerID>)
    case except(Set<PeerID>)

    func permits(_ peer: PeerID) -> Bool {
      switch self {
      case .everybody: true
      case .only(let peers): peers.contains(peer)
      case .except(let peers): !peers.contains(peer)
      }
    }
  }

  package var access = Access.everybody

  // MARK: Reservations

  package var reservationsMax = 8192
  /// From one IPv4 address or one IPv6 /56: people of a household, a café, a school. Loopback is exempt.
  package var reservationsPerAddressMax = 64
  /// From one IPv4 /16 or one IPv6 /32: one operator shall not hold every slot.
  package var reservationsPerNetworkMax = 2048
  package var reservationLifetime: Duration = .seconds(3600)
  /// As rust-libp2p's: thirty in two minutes of a peer, sixty a minute of an address.
  package var reservationRatePerPeer = Rate(burst: 30, interval: .seconds(4))
  package var reservationRatePerAddress = Rate(burst: 256, interval: .seconds(1))

  // MARK: Circuits

  package var circuitsMax = 8192
  /// At either end. A chat peer talks to each of its friends once.
  package var circuitsPerPeerMax = 64
  package var circuitRatePerPeer = Rate(burst: 64, interval: .seconds(1))
  package var circuitRatePerAddress = Rate(burst: 256, interval: .milliseconds(250))
  /// What a circuit may carry and how long it may last. A limit makes Go keep gossip off it.
  package var circuitLimit = Limit.unlimited
  /// What each direction of a circuit may carry a second, after a burst of as much as two seconds'; nil for
  /// as much as there is room for. Slower is no break: the writer waits. Unlike a limit it is told to nobody.
  package var circuitBytesPerSecond: Int?
  /// From a wish to the target's answer, as in Go.
  package var connectTimeout: Duration = .seconds(30)
  /// How long an end may leave unread what is held for it.
  package var stallTimeout: Duration = .seconds(120)
  /// Handed on at a stream's turn, before it is the next one's.
  package var quantumBytes = 64 * 1024
  /// Of all circuits together: above it the one that holds most is reset. What one can hold is bounded by the
  /// receive windows its streams are given.
  package var heldBytesMax = 256 * 1024 * 1024

  // MARK: Streams

  /// From a stream's opening to its whole request.
  package var requestTimeout: Duration = .seconds(15)
  /// How long a peer may leave its half of an answered stream open.
  package var lingerTimeout: Duration = .seconds(10)
  /// Hop streams without a request yet: two on each of very many connections.
  package var requestsMax = 16_384
  /// Of those on one connection.
  package var requestsPerConnectionMax = 16
  /// Peers and addresses whose rates are remembered.
  package var ratesMax = 16_384

  // MARK: Leaving

  /// Whose reservations end first when the relay leaves.
  package var drainOrder = DrainOrder.idleFirst

  package enum DrainOrder: Hashable, Sendable {
    /// Peers without circuits, who move unnoticed; then the others, oldest reservation first in both.
    case idleFirst
    case oldestFirst
  }

  package init() {}
}
