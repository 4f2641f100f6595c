// Direct connection upgrade through relay: two peers behind NATs that have a relayed connection dial each
// other at the same instant, so that each router takes the other's packet for an answer (libp2p specs,
// relay/DCUtR.md).
//
//   A dialled the relayed connection              B accepted it, and starts
//   │                                             │── dial A where it announces public addresses ──►
//   │◄──────────── CONNECT, B's addresses ────────│ ┐
//   │───────────── CONNECT, A's addresses ───────►│ ┘ the round trip
//   │◄──────────── SYNC ──────────────────────────│
//   │ at once: SYN to each address of B           │ after half a round trip: SYN to each address of A
//   │◄═══════════ one direct connection ═════════►│
//
// `Machine` is both sides for a whole node, whatever its number of peers. It knows no connections; streams
// are named by `StreamHandle`, and what it wants done is its events.
//
// Driving it:
// - `relayedOpened` and `relayedClosed` for every relayed connection, `directConnected` with a peer's first
//   direct connection and `directLost` with its last, `peerDescribed` after each identify and push (on a
//   relayed connection that opens to a peer already identified, say it again). `ownAddressesChanged` and
//   `ownMappingChanged` with what is known of us: observed addresses with the port we listen on, believed
//   ones first, but also those that only one peer has seen, for a symmetric router; the machine filters and
//   bounds.
// - `openStream`: open `/libp2p/dcutr` on that relayed connection, answer with `opened` or `openFailed`. With
//   lazy negotiation `opened` may be said at once. Inbound streams of the protocol: `streamOpened`.
// - `dial`: connect as always, as an initiator, from a fresh port. Not from the listening port: its SYN would
//   be in the way of the punch, whose addresses and ports would be the same. Answer with `punched` or
//   `punchFailed`, like `punch`, and say `tcpConnected` when TCP stands.
// - `punch`: dial all addresses at once from the listening port (SO_REUSEADDR, SO_REUSEPORT) and speak in the
//   `role` given, whoever's SYN won. With `initiatesAfter`, a responder that has received nothing for so long
//   since TCP stood becomes the initiator. A dial that is refused at once may be made again while the attempt
//   lasts. Say `tcpConnected` when a dial's TCP stands; `punched`, before `directConnected`, when an
//   authenticated connection to this peer does; `punchFailed` when every dial has come to an end without one,
//   or a handshake has failed. Whatever is left over is yours to stop and close.
// - A connection that is *accepted* meanwhile is a responder's as always; `directConnected` tells of it, and
//   the attempt has succeeded.
// - `abandon`: stop those dials; nothing more is said of them.
// - After each call pull `nextEvent` until nil; call `advance` at `deadline`.
//
// Roles. The specification makes A the initiator (multistream, noise, yamux) and B the responder. Go before
// 0.41 has them reversed: in 0.32.1 B, who opened the stream, passes `isClient: true` on all three
// attempts, and A `false` (holepuncher.go, svc.go). Go since then does as specified; in 2026 B became the
// initiator on its third attempt, to meet the older ones. Rust always does as specified. So here
// - a responder to whom nothing is said becomes the initiator, B before A: two responders meet within one
//   attempt, an old Go as A among them;
// - two initiators fail within a round trip, and the side that saw TCP stand and the handshake fail takes the
//   other role on the next attempt: an old Go as B is met on its second;
// - `reversesRolesOnLastAttempt`: both sides are reversed on the third, as Go's B does;
// - B begins as the initiator when A can reach it nowhere, because it has no address to tell or its router
//   maps it differently to each: then the one connection that can stand is accepted by A's listening socket.
// What has worked with a peer is what is done first with it the next time.
//
// What can be reached so, without port prediction or packets of low TTL: a pair where each side maps
// independently of the endpoint; and where one side does not, if the other one lets in who it has sent
// nothing to, or has sent to at another port. Rejecting routers (RST to unknown SYNs) are overcome when
// both SYNs are on their way at once, so the instants matter.
//
// Invariants:
// - Per peer one side goes on at a time. When both start, on circuits of their own, the smaller peer id's
//   attempt is the one that is made.
// - No address is dialled because a peer says so unless it is global, TCP, not ours; at most 20, of one
//   host 4.
// - Every refusal is counted.
//
// Reading order: Message, Candidates, Punch, Failure, Outcome, Upgrade; then Machine and its extensions.

package import Wire

extension ProtocolName {
  /// From the side that accepted a relayed connection to the one that dialled it.
  package static let dcutr: ProtocolName = "/libp2p/dcutr"
}

/// A message without its length: the specification's bound.
package let messageBytesMax = 4096
