// Capture: what nodes said to each other, read from the packets.
//
// Packets go in one at a time, from a file or from a live tap; items come out, each with the packet that
// completed it. Below the items lie the same decoders that the node itself uses, opened with its key logs, so
// that neither side of a conversation has to be believed for what it says of itself.
//
//   packets ─► LinkLayer, IPPacket, TCPSegment ─► Conversation (two Reassemblies) ─► Channel
//     Channel    multistream-select, Noise with a KeyRing, the muxer
//     StreamReader   multistream-select again, then the StreamDissector of the agreed protocol
//   ─► Item ─► Timeline ─► text or JSON lines
//
// To drive it:
//
//   var dissector = Dissector(keys: ring)
//   dissector.receive(packet, at: time)          every packet, in the order of the capture
//   while let item = dissector.nextItem() { … }   until nil, after each
//   dissector.finish()                            at the end, then the last items
//
// Invariants:
// - An item's time is that of the packet with which the bytes up to its end were contiguous. Items of one
//   direction of one stream come in their order; across directions they may come late, when what explains
//   them came late, but their time is always the packet's.
// - Whatever is captured, nothing traps and memory is bounded: `Limits` has every bound with its reason. What
//   could not be read is said in an item or counted in the `Census`, never passed over in silence.
// - Nothing here waits, reads a clock or a key that it was not given. `Files` alone touches files.
//
// A protocol is added by a file in `Protocols` with a `StreamDissector` of its own, a line in
// `StreamProtocols` and a case of `What`. One that carries connections, as `RelayDissector`, hands its bytes
// to an `InnerChannel`, which is opened with the same keys: in a client's capture one leg of a circuit is
// read, in the relay's both, and what the ends say to each other where there are keys of theirs.
//
// Reading order: Item, What; Dissector, Conversation, Reassembly; Channel, NoiseReader, MuxerReader,
// StreamReader, Agreement; StreamDissector and Protocols; Exchange, InnerChannel; Timeline, Rendering; Files.
