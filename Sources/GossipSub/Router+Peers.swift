package import Identity
import OrderedCollections
import Wire

// Peers that come and go, and what the application says of them.

extension Router {
  /// A stream to or from a peer has been agreed; or, for a peer already here, a new stream of ours.
  ///
  /// `addressGroup` names what peers of one place share, such as a public address: nil where many honest
  /// peers may share it, as on a LAN.
  package mutating func peerConnected(
    _ peer: PeerID, version: Version, direction: Direction, addressGroup: [UInt8]? = nil
  ) {
    if peers[peer] == nil {
      peers[peer] = PeerState(version: version, direction: direction, configuration)
    } else {
      peers[peer]?.version = version
      peers[peer]?.direction = direction
      if peers[peer]?.hasSent ?? false { streamLost(to: peer) }
    }
    scores.connected(peer, group: addressGroup)
    if version == .floodSub { floodPeers.append(peer) } else { floodPeers.remove(peer) }
    guard !topics.isEmpty else { return }
    let known = topics.keys
    queue(to: peer) { outbound in
      for topic in known { outbound.announce(topic, isSubscribed: true) }
    }
    for topic in peers[peer]?.topics ?? [] { peerJoined(peer, topic) }
  }

  /// What was written may not have arrived, so nothing of it holds.
  private mutating func streamLost(to peer: PeerID) {
    for topic in topics.keys { leaveMesh(peer, of: topic, .disconnected) }
    peers[peer]?.outbound = OutboundQueue(configuration)
    peers[peer]?.hasSent = false
    peers[peer]?.isListed = false
  }

  /// The peer opened a new stream to us; what the last one left unfinished is void.
  package mutating func inboundOpened(by peer: PeerID) {
    peers[peer]?.frames = LengthPrefixedFrames(maxBytes: configuration.rpcBytesMax)
    peers[peer]?.isInboundFailed = false
  }

  /// The last connection to a peer is gone.
  package mutating func peerDisconnected(_ peer: PeerID) {
    guard let state = peers[peer] else { return }
    for topic in topics.keys { leaveMesh(peer, of: topic, .disconnected) }
    for topic in state.topics { forget(peer, as: topic) }
    for index in fanouts.values.indices { fanouts.values[index].peers.remove(peer) }
    floodPeers.remove(peer)
    scores.disconnected(peer, at: now)
    peers[peer] = nil
    if peers.isEmpty { listed.removeAll() }
  }

  /// A peer outside mesh and scores that is always sent everything and always heard. Both sides must agree to
  /// it.
  package mutating func addExplicitPeer(_ peer: PeerID) {
    guard peer != identity.peerID, explicitPeers.append(peer).inserted else { return }
    for topic in topics.keys where topics[topic]?.mesh.contains(peer) ?? false {
      prune(peer, from: topic, .explicit)
    }
    if peers[peer] == nil { events.append(.connectionWanted(peer)) }
  }

  package mutating func removeExplicitPeer(_ peer: PeerID) {
    explicitPeers.remove(peer)
  }

  /// P5: what the application thinks of a connected peer.
  package mutating func setApplicationScore(_ score: Double, of peer: PeerID) {
    scores.setApplicationScore(score, of: peer)
  }

  /// A peer's own signed record, to name it to others by. Only with `peerExchange`.
  package mutating func setSignedRecord(_ record: [UInt8], of peer: PeerID) {
    if configuration.peerExchange { peers[peer]?.signedRecord = record }
  }

  // MARK: Their subscriptions

  mutating func peerSubscribed(_ peer: PeerID, _ name: Topic) {
    guard let index = peers.index(forKey: peer), !peers.values[index].topics.contains(name) else { return }
    guard peers.values[index].topics.count < configuration.peerTopicsMax, name.isText else {
      counters.excessSubscriptions += 1
      return
    }
    // The bytes of one name are kept once.
    let topic = subscribers.index(forKey: name).map { subscribers.keys[$0] } ?? name
    peers.values[index].topics.append(topic)
    subscribers[topic, default: []].append(peer)
    events.append(.subscribed(peer, topic))
    peerJoined(peer, topic)
  }

  mutating func peerUnsubscribed(_ peer: PeerID, _ topic: Topic) {
    guard peers[peer]?.topics.remove(topic) != nil else { return }
    leaveMesh(peer, of: topic, .byPeer)
    fanouts[topic]?.peers.remove(peer)
    forget(peer, as: topic)
    events.append(.unsubscribed(peer, topic))
  }

  /// A peer of a topic of ours is new. A mesh that is small takes it at once, as in Rust, and does not wait
  /// for the heartbeat.
  private mutating func peerJoined(_ peer: PeerID, _ topic: Topic) {
    guard let version = peers[peer]?.version, version.hasMesh else { return }
    if let state = topics[topic], state.mesh.count < configuration.meshPeersLow, canGraft(peer, in: topic) {
      graft(peer, in: topic)
    }
    // In a new subscriber's queue there may be this already, if it changes its mind often.
    if peers[peer]?.outbound.isTelling(of: topic) ?? true { return }
    // Gossip leaves out the mesh, and by the next heartbeat the peer may be in it: what was said just before
    // it came it would never hear of.
    guard topics[topic] != nil || fanouts[topic] != nil, hearsGossip(peer) else { return }
    let ids = cache.gossipIDs(of: topic, limit: configuration.announcedIDsMax)
    if !ids.isEmpty { queue(to: peer) { $0.tell(of: ids, in: topic) } }
  }

  private mutating func forget(_ peer: PeerID, as topic: Topic) {
    subscribers[topic]?.remove(peer)
    if subscribers[topic]?.isEmpty ?? false { subscribers[topic] = nil }
  }
}
