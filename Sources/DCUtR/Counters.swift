/// What direct connection upgrades did and refused since the start: the whole list.
package struct Counters: Hashable, Sendable {
  package var attemptsStarted: UInt64 = 0
  package var attemptsSucceeded: UInt64 = 0
  package var attemptsFailed: UInt64 = 0
  package var dialsStarted: UInt64 = 0
  package var dialsSucceeded: UInt64 = 0
  package var dialsFailed: UInt64 = 0
  /// Exchanges of ours given up for the peer's, because both had begun; and theirs refused for ours.
  package var collisionsYielded: UInt64 = 0
  package var collisionsRefused: UInt64 = 0

  /// Addresses a peer told that are not dialled: relayed, not reachable, ours, another peer's, too many.
  package var addressesDropped: UInt64 = 0
  /// Round trips longer than is believed.
  package var roundTripsClamped: UInt64 = 0
  package var malformedMessages: UInt64 = 0
  package var unexpectedMessages: UInt64 = 0
  package var timeouts: UInt64 = 0
  /// Exchanges that B ended without SYNC, as it should when there is nothing to dial.
  package var exchangesAbandoned: UInt64 = 0

  /// Streams on a connection that is not relayed, or that the peer dialled: B's stream comes to A.
  package var streamsOutOfPlace: UInt64 = 0
  /// Streams of a peer that had too many lately.
  package var streamsLimited: UInt64 = 0
  /// Streams beyond what goes on at once.
  package var streamsTooMany: UInt64 = 0
  /// Relayed connections beyond the peers, or the connections of one, that are kept account of.
  package var connectionsIgnored: UInt64 = 0
  /// Series that the peer prompted too often.
  package var promptsLimited: UInt64 = 0

  package init() {}
}
