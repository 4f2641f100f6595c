// Ping: is the peer there, and how far away is it?
//
// The initiator sends 32 random bytes, the responder returns the same 32, and the time between is the round
// trip. Repeatable on one stream. (libp2p specs, ping/ping.md)
//
// One value per stream side. The driver hands in what arrived and the time, pulls events until nil, drains,
// and finishes its half of the stream when `outboundFinished` says so. An error thrown by `nextEvent` means:
// reset the stream. How many ping streams a peer may hold open (one out, two in) is the driver's to enforce.
//
// Reading order: Initiator, Responder, PingError.

package import Wire

extension ProtocolName {
  package static let ping: ProtocolName = "/ipfs/ping/1.0.0"
}

/// The size of a ping and of its echo.
let payloadBytes = 32
