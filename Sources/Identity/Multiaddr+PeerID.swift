package import Wire

extension Multiaddr {
  /// The peer the whole address leads to, when it says so at its end.
  package var peerID: PeerID? {
    guard let peer else { return nil }
    do {
      return try PeerID(multihash: peer)
    } catch {
      preconditionFailure("an address holds only hashes that are peer ids: \(error)")
    }
  }

  /// The same address, leading to `peer`.
  package func appending(_ peer: PeerID) throws(WireError) -> Multiaddr {
    try appending(.p2p(Multihash(bytes: peer.bytes)))
  }
}
