// multistream-select 1.0: how two ends of a fresh byte stream agree which protocol runs on it.
//
// Every message is a line: a varint length that counts the newline, text, a newline. The dialer sends the
// header `/multistream/1.0.0` and proposes protocol names, one at a time; the listener sends the same header,
// echoes the name it accepts and answers `na` to the others. What follows the accepted name belongs to that
// protocol. (github.com/multiformats/multistream-select)
//
//   dialer    /multistream/1.0.0  /chat/2  ────────────►                            listener
//             ◄────────────  /multistream/1.0.0  na
//             /chat/1  payload …  ─────────────────────►
//             ◄───────────────────────────  /chat/1  payload …
//
// Invariants:
// - A machine never consumes a byte that follows the agreement, wherever the bytes were split.
// - The line being received is the only thing stored, at most `Negotiation.lineBytesMax` and its prefix.
// - After an agreement or an error a machine takes nothing more in; an agreed one holds nothing once drained.
//
// To drive either: `receive` what arrived, `drainOutbound` what is owed, until `receive` returns the
// protocol. Go on draining once after that: the listener's acceptance may still be owed. Deadlines are the
// driver's.
//
// Reading order: Negotiation (limits), LineReader, Dialer, Listener, MultistreamError.
