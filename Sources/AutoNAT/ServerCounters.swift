/// What a server did and refused since it started: the whole list.
package struct ServerCounters: Hashable, Sendable {
  package var requestsAnswered: UInt64 = 0
  package var dials: UInt64 = 0
  package var dialsSucceeded: UInt64 = 0
  package var dialsFailed: UInt64 = 0
  package var dialBacksFailed: UInt64 = 0
  package var dialDataBytes: UInt64 = 0

  /// Refused: over a circuit; too often, in all or of one peer or address; too many of one peer at once; too
  /// often for another IP; nothing that may be dialled; about another peer.
  package var refusedRelayed: UInt64 = 0
  package var refusedRate: UInt64 = 0
  package var refusedConcurrency: UInt64 = 0
  package var refusedDataRate: UInt64 = 0
  package var refusedAddresses: UInt64 = 0
  package var badRequests: UInt64 = 0

  /// Reset: too many streams; what was said on them.
  package var streamsOverLimit: UInt64 = 0
  package var malformedMessages: UInt64 = 0
  package var unexpectedMessages: UInt64 = 0
  package var dialDataTooSmall: UInt64 = 0
  package var endedEarly: UInt64 = 0
  package var timeouts: UInt64 = 0
  /// Gone before its answer.
  package var requestsAbandoned: UInt64 = 0
  /// Dials that were answered after nobody waited for them.
  package var dialsLate: UInt64 = 0

  package init() {}
}
