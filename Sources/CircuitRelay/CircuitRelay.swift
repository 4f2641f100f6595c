// Circuit Relay v2: reach a peer behind a NAT through one that is not (libp2p specs, relay/circuit-v2.md).
//
//   A                         relay                         B
//   │                           │◄──── hop: RESERVE ────────│   B keeps a connection and a reservation
//   │                           │───── STATUS, voucher ────►│
//   │── hop: CONNECT to B ─────►│                           │
//   │                           │──── stop: CONNECT from A ►│
//   │                           │◄──── STATUS ──────────────│
//   │◄──── STATUS ──────────────│                           │
//   │◄═════════ the two streams are now one connection ════►│   A is its initiator
//
// Two machines, each one value for a whole node. `Service` is the relay: it grants reservations within its
// limits, and splices streams. `Client` is A and B: it keeps reservations at some relays, dials through them
// and accepts through them. Neither knows connections or yamux; streams are named by `StreamHandle`, and what
// a machine wants done with them are its events.
//
// - Bytes of a circuit are never copied, and a relay holds no more of them than the receive windows it gives:
//   `consumed` is said of bytes that have been handed on, so a peer that does not read stops the one that
//   writes, and nobody else.
// - A reservation lives as long as a direct connection to the peer, and ends at its expiry.
// - What a relay says of itself is a claim: addresses are filtered, vouchers verified, times clamped.
//
// Reading order: HopMessage, StopMessage, Reservation, Voucher; then Service and its Circuit; then Client and
// its RelayState.

package import Wire

extension ProtocolName {
  /// From a client to a relay.
  package static let relayHop: ProtocolName = "/libp2p/circuit/relay/0.2.0/hop"
  /// From a relay to the peer a circuit ends at.
  package static let relayStop: ProtocolName = "/libp2p/circuit/relay/0.2.0/stop"
}

/// What Go and Rust read at most. A message without its length.
package let messageBytesMax = 4096

/// One circuit of one machine's, from the first wish for it. Never reused.
package struct CircuitID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
