import CircuitRelay
import Node

/// What makes a node a relay for others (Circuit Relay v2), and the place where the gossip of those meets who
/// have nobody else in common. The defaults are for chat: many people, circuits
/// without an end. For every limit nil is none.
public struct Relaying: Sendable, Hashable {
  /// Peers that may be reached through this relay at once.
  public var reservationsMax: Int?
  /// Circuits at once.
  public var circuitsMax: Int?
  /// Circuits at once that begin or end at one peer.
  public var circuitsPerPeerMax: Int?
  /// How long a circuit may last.
  public var circuitDuration: Duration?
  /// What a circuit may carry in each direction.
  public var circuitBytes: UInt64?
  /// How long a reservation is good for before it must be refreshed.
  public var reservationLifetime: Duration

  /// The defaults.
  public init() {
    let defaults = ServiceConfiguration()
    reservationsMax = defaults.reservationsMax
    circuitsMax = defaults.circuitsMax
    circuitsPerPeerMax = defaults.circuitsPerPeerMax
    reservationLifetime = defaults.reservationLifetime
  }

  var service: ServiceConfiguration {
    var service = ServiceConfiguration()
    service.reservationsMax = reservationsMax ?? .max
    service.circuitsMax = circuitsMax ?? .max
    service.circuitsPerPeerMax = circuitsPerPeerMax ?? .max
    service.circuitLimit = Limit(duration: circuitDuration, bytes: circuitBytes)
    service.reservationLifetime = reservationLifetime
    return service
  }
}

/// What a relay carries now, and has done since its start.
public struct RelayingInfo: Sendable, Hashable {
  /// Peers that can be reached through it.
  public let reservations: Int
  /// Circuits that are open.
  public let circuits: Int
  /// Bytes of circuits that wait for a reader.
  public let heldBytes: Int
  /// Whether it is leaving.
  public let isDraining: Bool
  /// What it did and refused since its start, by name, like with like.
  public let counts: [Count]

  /// One of those.
  public struct Count: Sendable, Hashable {
    /// `reservationsGranted`
    public let name: String
    /// How often.
    public let value: UInt64
  }
}

extension RelayingInfo {
  init(_ summary: RelayingSummary) {
    reservations = summary.reservations
    circuits = summary.circuits
    heldBytes = summary.heldBytes
    isDraining = summary.isDraining
    counts = Mirror(reflecting: summary.counters).children.compactMap { child in
      guard let name = child.label, let value = child.value as? UInt64 else { return nil }
      return Count(name: name, value: value)
    }
  }
}
