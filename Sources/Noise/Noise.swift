// Noise for libp2p: `Noise_XX_25519_ChaChaPoly_SHA256`, authenticated by the peers' identity keys.
//
// Sources: libp2p specs noise/README.md and connections/inlined-muxer-negotiation.md; The Noise Protocol
// Framework, revision 34. "Noise, section N" in comments means the latter.
//
// A `Handshake` proves who is on the other side and leaves a `Session`, which seals and opens what follows.
// Both are values without clock, randomness or sockets: entropy comes in as seeds, deadlines belong to
// whoever drives them.
//
//   Handshake        the libp2p handshake: identities, signatures, early muxer negotiation, key log
//     HandshakeState   the pattern XX itself
//     SymmetricState   its hashes and keys
//     CipherState      a key and its counter
//     AEADContext      the cipher itself
//   Session          the transport phase, both directions
//     FrameSealer      sending, in the caller's buffer
//     FrameOpener      receiving, where the bytes arrived
//   KeyLog           the lines by which a capture can be read; RecordedHandshake reads one
//
// Memory: raw pointers are handled in five places, each with its reason beside it: `Secret` owns one,
// `CipherState` and its `AEADContext` pass them to OpenSSL, `FrameSealer` and `FrameOpener` take them from a
// buffer.
