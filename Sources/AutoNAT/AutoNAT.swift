// AutoNAT: can others reach us, and at which of our addresses? (libp2p specs, autonat/autonat-v1.md and
// autonat-v2.md)
//
//   client                                   server
//   │── dial-request: addresses, nonce ────────►│   v2; picks the first address it can dial
//   │◄── dial-data-request: 30–100 kB ──────────│   only when that is at another IP than it sees us at
//   │── dial-data … ───────────────────────────►│
//   │◄══ a new connection, dial-back: nonce ════│   from a port of its own
//   │── dial-back response ════════════════════►│
//   │◄── dial-response: which, and how it went ─│
//
// Version 1 is one question about the whole node, and an answer to be believed. Version 2 asks about one
// address, and success is proven: the nonce comes back over a connection that somebody made to us.
//
// Two machines, each one value for a whole node. `Client` asks, serves dial-back streams and concludes;
// `Server` answers others. Neither knows connections or yamux; streams are named by `StreamHandle`, and what
// a machine wants done is its events: pull `nextEvent` until nil after every call, and call `advance` no
// later than `deadline`.
//
// The driver of a client
// - tells peers that identify says speak a version, with the address of a direct connection to them
//   (`serverFound`, `serverLost`), and our addresses (`candidatesChanged`): where a connection of ours came
//   from a port that nobody listens on, what a peer saw stands for that IP and the port we listen on;
// - says when the machine is somewhere else (`networkChanged`);
// - answers `open(id, protocol, to: peer)` with a stream on a direct connection: `opened` or `openFailed`;
// - hands it inbound streams of `autoNATDialBack`, with the local address of their connection's socket and
//   whether we accepted that connection: on one we made, a nonce proves nothing;
// - expects up to 100 kB of `write` on one stream at once, when a server demands data, and no more;
// - lets a peer that is connected connect once more, from any port and under any identity, and does not drop
//   either connection for it.
//
// The driver of a server
// - hands it inbound streams of `autoNAT` and `autoNATDialRequest`, with the remote address of their
//   connection and whether it is relayed, and keeps `transports` and `ownAddresses` as they are;
// - answers `dial(key, address, expecting: peer)` with `dialed` or `dialFailed`. It dials that address and
//   no other, by TCP or QUIC from a fresh port (a reused one would pass the asker's NAT by accident), makes a
//   new connection though the peer is connected already, and lets it be used for nothing else: no identify,
//   no gossip. A dial has no time limit of its own; after `cancelDial` nothing needs to be said;
// - answers `open(id, protocol, on: connection)` with `opened` or `openFailed`, and closes the connection at
//   `closeConnection`.
//
// Both: `consumed` returns window of a stream, `finish` ends our half, `reset` both; a stream that is gone,
// for whatever reason, is told with `streamEnded`.
//
// - What a server says is a claim. Votes are counted by network, the latest of each; an address is believed
//   in only when it was proven.
// - A server dials nobody but the asker's own IP for free; other addresses cost the asker more bytes than the
//   handshake costs the one who is dialled.
// - Nothing that a peer says grows anything without bound, and everything waits for a limited time.
//
// Reading order: V1Message, V2Message, DialBackMessage; Candidate, Votes, Inquiry, then Client; DialRule,
// Request, then Server.

package import Wire

extension ProtocolName {
  /// From a client to a server, version 1.
  package static let autoNAT: ProtocolName = "/libp2p/autonat/1.0.0"
  /// From a client to a server, version 2.
  package static let autoNATDialRequest: ProtocolName = "/libp2p/autonat/2/dial-request"
  /// From a server to a client, over the connection that proves it.
  package static let autoNATDialBack: ProtocolName = "/libp2p/autonat/2/dial-back"
}

package enum Version: Hashable, Sendable {
  case v1, v2

  package var protocolName: ProtocolName {
    switch self {
    case .v1: .autoNAT
    case .v2: .autoNATDialRequest
    }
  }

  /// What others read at most: Go's limits. A message without its length.
  package var messageBytesMax: Int {
    switch self {
    case .v1: 4096
    case .v2: 8192
    }
  }
}

/// Of a node, or of one of its addresses.
package enum Reachability: Hashable, Sendable {
  case unknown
  /// Others can connect to it.
  case `public`
  /// They cannot.
  case `private`
}

/// One attempt of a server to reach a client. Never reused.
package struct DialKey: Hashable, Comparable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What a server may demand for dialling another IP than the asker's, and what a client pays at most: more
/// than a handshake costs (v2, "Amplification Attack Prevention").
package let dialDataBytes = 30_000...100_000
