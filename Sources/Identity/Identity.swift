// Who a peer is: keys, the ids made of them, and what is signed with them.
//
// Nodes sign with Ed25519. Keys of the other kinds libp2p has are parsed and bounded, so that their owners'
// PeerIDs can be computed and named, but no signature of theirs is ever valid here.
//
// No files and no entropy: seeds are parameters, and where a key is kept is for others to know.
//
// Reading order: PeerID, PublicKey, KeyPair, SignedEnvelope, PeerRecord.
