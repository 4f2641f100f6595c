/// What a relay's client did and refused since it started: the whole list.
package struct ClientCounters: Hashable, Sendable {
  package var reservationsAccepted: UInt64 = 0
  package var reservationsRefreshed: UInt64 = 0
  package var reservationsRefused: UInt64 = 0
  package var reservationsFailed: UInt64 = 0
  package var reservationsLost: UInt64 = 0
  package var vouchersMissing: UInt64 = 0
  package var vouchersForged: UInt64 = 0
  /// Addresses a relay gave that are not announced: another peer's, unreachable, or too many.
  package var addressesDropped: UInt64 = 0

  package var circuitsDialled: UInt64 = 0
  package var circuitsAccepted: UInt64 = 0
  package var circuitsFailed: UInt64 = 0
  /// Circuits that no relay of ours offered, or more than there may be.
  package var circuitsDenied: UInt64 = 0
  package var malformedMessages: UInt64 = 0
  package var timeouts: UInt64 = 0

  package init() {}
}
