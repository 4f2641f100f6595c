/// What a relay grants. What is left out is its default, and 0 is no limit.
public struct RelayLimits: Codable, Sendable, Equatable {
  /// Peers with a reservation.
  public var reservations: Int?
  /// Circuits at once.
  public var circuits: Int?
  /// Circuits of each peer at once.
  public var circuitsPerPeer: Int?
  /// How long a circuit may last.
  public var circuitSeconds: Int?
  /// What it may carry in each direction.
  public var circuitBytes: Int?
  /// How long a reservation lasts.
  public var reservationSeconds: Int?

  /// Limits as given.
  public init(
    reservations: Int? = nil, circuits: Int? = nil, circuitsPerPeer: Int? = nil, circuitSeconds: Int? = nil,
    circuitBytes: Int? = nil, reservationSeconds: Int? = nil
  ) {
    self.reservations = reservations
    self.circuits = circuits
    self.circuitsPerPeer = circuitsPerPeer
    self.circuitSeconds = circuitSeconds
    self.circuitBytes = circuitBytes
    self.reservationSeconds = reservationSeconds
  }

  /// Those of other implementations, where nobody changed them: two minutes and 128 KiB a circuit.
  public static let usual = RelayLimits(circuitSeconds: 120, circuitBytes: 131_072)

  /// Those that are set, as flags of `meshrelay` name them.
  package var all: [(name: String, value: Int)] {
    [
      ("max-reservations", reservations), ("max-circuits", circuits),
      ("max-circuits-per-peer", circuitsPerPeer), ("circuit-seconds", circuitSeconds),
      ("circuit-bytes", circuitBytes), ("reservation-seconds", reservationSeconds),
    ].compactMap { name, value in value.map { (name, $0) } }
  }
}
