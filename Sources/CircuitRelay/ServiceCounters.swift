/// What a relay did and refused since it started: the whole list.
package struct ServiceCounters: Hashable, Sendable {
  // Reservations.
  package var reservationsGranted: UInt64 = 0
  package var reservationsRefreshed: UInt64 = 0
  package var reservationsExpired: UInt64 = 0
  /// Refused: no slot in all, of an address, of a network; too often; not permitted; over a circuit; leaving.
  package var refusedFull: UInt64 = 0
  package var refusedAddress: UInt64 = 0
  package var refusedNetwork: UInt64 = 0
  package var refusedRate: UInt64 = 0
  package var refusedPermission: UInt64 = 0
  package var refusedRelayed: UInt64 = 0
  package var refusedDraining: UInt64 = 0

  // Circuits.
  package var circuitsOpened: UInt64 = 0
  package var circuitsFinished: UInt64 = 0
  /// Reset by an end, or lost with its connection.
  package var circuitsBroken: UInt64 = 0
  package var circuitsOverBytes: UInt64 = 0
  package var circuitsOverTime: UInt64 = 0
  /// An end did not read.
  package var circuitsStalled: UInt64 = 0
  /// Reset because all circuits together held too much.
  package var circuitsOverMemory: UInt64 = 0
  /// Not opened: no reservation, too many, too often, the target did not answer or refused.
  package var connectsWithoutReservation: UInt64 = 0
  package var connectsOverLimit: UInt64 = 0
  package var connectsOverRate: UInt64 = 0
  package var connectsFailed: UInt64 = 0
  package var connectsTimedOut: UInt64 = 0
  /// Handed on, both directions together.
  package var bytesRelayed: UInt64 = 0

  // Streams.
  package var malformedMessages: UInt64 = 0
  package var unexpectedMessages: UInt64 = 0
  package var requestsTimedOut: UInt64 = 0
  package var requestsOverLimit: UInt64 = 0

  package init() {}
}
