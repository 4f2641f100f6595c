// Yamux: many streams over one ordered, reliable, already secured byte stream.
//
// Specifications: github.com/hashicorp/yamux spec.md and github.com/libp2p/specs yamux/README.md
// (`/yamux/1.0.0`). Where those are silent we do what the Go and Rust peers do, and the comment at that place
// says so.
//
// One `Session` a connection. It is a value without sockets, clocks or callbacks. To drive it:
//
//   session.receive(plaintext, at: now)            once per chunk read
//   while let event = try session.nextEvent()      until nil, before the next receive
//   session.open / write / finish / reset / consumed / ping / goAway
//   session.advance(to: now)                       no later than session.deadline
//   session.drainOutbound(into: &wire, maxBytes:)  while session.hasOutbound and the socket takes more
//
// * Commands and drains can produce events too (`.closed`, `.writable`): pull `nextEvent` after them.
// * A throw from `nextEvent` is final. Drain once more, which writes the go away frame the peer is owed, then
//   close.
// * The session's clock is the latest `receive(_:at:)` or `advance(to:)`. Call `advance(to:)` at the start of
//   a turn that only issues commands, or window tuning judges a slow reader by an old instant.
// * Nothing received is kept here: `.data` slices share the caller's buffer. `consumed` says how much of them
//   is done with; only that gives the peer new window. Whoever keeps slices unread keeps their whole buffers
//   alive.
//
// Invariants:
//
// * Bytes received and not yet `consumed` ≤ the sum of receive windows ≤ `receiveBudgetBytes`.
// * Bytes queued to send ≤ `sendBufferTotalBytes` plus one write.
// * Every other queue is bounded by the number of streams or by a limit in `Configuration`; no flood of
//   frames makes memory grow. A stream stays in the table until its RST has left, so a peer that does not
//   read cannot make us owe it more frames than there may be streams.
// * Frames that are legal but useless (for streams already gone, answers nobody asked for) are dropped and
//   counted: `Session.Drops` is the whole list. Everything else that breaks a rule is a `YamuxError`.
// * No allocation per frame in steady state, in either direction.
//
// What we write, besides what the specification says:
//
// * SYN and ACK ride on the first data frame if there is one to send, else on a window update, in the same
//   drain.
// * FIN travels alone, on an empty window update. go-yamux handles the flags of a data frame before its body,
//   so a reader there can see the end of the stream before the last bytes; py-libp2p ignores FIN next to ACK.
// * RST travels on a window update whose length is the application's error code, as go-yamux has it.
//
// Reading order: Frame, FrameDecoder, StreamState, Window, Stream, StreamTable, Session, Session+Streams,
// Session+Inbound, Session+Outbound; beside them Liveness (pings), Schedule (who sends next) and
// UsedIdentifiers (abuse).
