import Identity
import OrderedCollections
import SansIO

// Who is in the mesh of a topic.

extension Router {
  /// Peers missing to the wanted number.
  func wanted(in topic: Topic) -> Int {
    configuration.meshPeers - (topics[topic]?.mesh.count ?? configuration.meshPeers)
  }

  /// Whether we may ask a peer into a mesh.
  func canGraft(_ peer: PeerID, in topic: Topic) -> Bool {
    guard let state = peers[peer], state.version.hasMesh, state.topics.contains(topic) else { return false }
    guard !isExplicit(peer), !(topics[topic]?.mesh.contains(peer) ?? true) else { return false }
    if let end = backoffs.end(of: peer, in: topic), now < end + configuration.backoffSlack { return false }
    return scores.score(of: peer) >= 0
  }

  func candidates(for topic: Topic) -> [PeerID] {
    (subscribers[topic] ?? []).filter { canGraft($0, in: topic) }
  }

  /// Takes some into the mesh, chosen at random.
  mutating func graft(_ count: Int, of candidates: [PeerID], in topic: Topic) {
    guard count > 0 else { return }
    for peer in candidates.shuffled(using: &generator).prefix(count) { graft(peer, in: topic) }
  }

  /// Takes a peer into the mesh and tells it.
  mutating func graft(_ peer: PeerID, in topic: Topic) {
    join(peer, to: topic)
    queue(to: peer) { $0.change(topic, .graft) }
  }

  mutating func join(_ peer: PeerID, to topic: Topic) {
    topics[topic]?.mesh.append(peer)
    scores.grafted(peer, topic, at: now)
    events.append(.grafted(peer, topic))
  }

  /// Puts a peer out of the mesh and tells it.
  mutating func prune(_ peer: PeerID, from topic: Topic, _ reason: PruneReason) {
    leaveMesh(peer, of: topic, reason)
    let backoff = reason == .unsubscribed ? configuration.unsubscribeBackoff : configuration.pruneBackoff
    backoffs.extend(peer, in: topic, to: now + backoff)
    sendPrune(peer, topic, backoff: backoff, offersPeers: reason == .tooManyPeers)
  }

  /// Takes a peer out of the mesh without a word to it.
  mutating func leaveMesh(_ peer: PeerID, of topic: Topic, _ reason: PruneReason) {
    guard topics[topic]?.mesh.remove(peer) != nil else { return }
    scores.left(peer, topic)
    events.append(.pruned(peer, topic, reason))
  }

  mutating func sendPrune(_ peer: PeerID, _ topic: Topic, backoff: Duration, offersPeers: Bool) {
    guard let version = peers[peer]?.version else { return }
    let seconds = UInt64(clamping: backoff.components.seconds)
    let offers = offersPeers ? self.offers(to: peer, of: topic) : []
    queue(to: peer) {
      $0.change(
        topic, .prune(backoff: version.hasBackoff ? seconds : nil, peers: version.hasBackoff ? offers : []))
    }
  }

  /// Other peers of the topic that behave, for one that has to go (v1.1, "Peer Exchange").
  private mutating func offers(to peer: PeerID, of topic: Topic) -> [PeerOffer] {
    guard configuration.peerExchange, scores.score(of: peer) >= 0, let everyone = subscribers[topic] else {
      return []
    }
    let others = everyone.filter { $0 != peer && scores.score(of: $0) >= 0 }
    return others.shuffled(using: &generator).prefix(configuration.peerExchangePeersMax).map { other in
      PeerOffer(peer: other, signedRecord: peers[other]?.signedRecord ?? [])
    }
  }

  mutating func peerSubscribedByGraft(_ peer: PeerID, _ topic: Topic) {
    guard !(peers[peer]?.topics.contains(topic) ?? true) else { return }
    peerSubscribed(peer, topic)
  }

  // MARK: Upkeep, with each heartbeat

  /// Brings a mesh back to what it should be (gossipsub v1.1, "Heartbeat Maintenance").
  mutating func maintainMesh(of topic: Topic) {
    guard let mesh = topics[topic]?.mesh else { return }
    for peer in mesh where scores.score(of: peer) < 0 { prune(peer, from: topic, .lowScore) }

    if let count = topics[topic]?.mesh.count, count < configuration.meshPeersLow {
      graft(configuration.meshPeers - count, of: candidates(for: topic), in: topic)
    }
    if let crowd = topics[topic]?.mesh, crowd.count > configuration.meshPeersHigh {
      let kept = survivors(of: crowd)
      for peer in crowd where !kept.contains(peer) { prune(peer, from: topic, .tooManyPeers) }
    }
    graftOutbound(in: topic)
    graftOpportunistically(in: topic)
  }

  /// The best by score, others at random, and enough outbound ones among them.
  private mutating func survivors(of mesh: OrderedSet<PeerID>) -> OrderedSet<PeerID> {
    let ranked = mesh.shuffled(using: &generator).map { ($0, scores.score(of: $0)) }.sorted { $0.1 > $1.1 }
    let best = ranked.prefix(configuration.meshPeersByScore).map(\.0)
    let rest = ranked.dropFirst(configuration.meshPeersByScore).map(\.0).shuffled(using: &generator)
    var kept = best + rest.prefix(configuration.meshPeers - best.count)
    let spare = rest.dropFirst(configuration.meshPeers - best.count).filter { isOutbound($0) }
    var missing = configuration.meshPeersOutbound - kept.filter { isOutbound($0) }.count
    for peer in spare where missing > 0 {
      // In the place of the last inbound one: the lowest of the random choice.
      guard let place = kept.lastIndex(where: { !isOutbound($0) }) else { break }
      kept[place] = peer
      missing -= 1
    }
    return OrderedSet(kept)
  }

  private mutating func graftOutbound(in topic: Topic) {
    guard let mesh = topics[topic]?.mesh, mesh.count >= configuration.meshPeersLow else { return }
    let missing = configuration.meshPeersOutbound - mesh.filter { isOutbound($0) }.count
    guard missing > 0 else { return }
    graft(missing, of: candidates(for: topic).filter { isOutbound($0) }, in: topic)
  }

  /// Lets better peers into a mesh whose median is poor (gossipsub v1.1, "Opportunistic Grafting").
  private mutating func graftOpportunistically(in topic: Topic) {
    guard heartbeats % UInt64(configuration.opportunisticGraftHeartbeats) == 0,
      let mesh = topics[topic]?.mesh, mesh.count > 1
    else { return }
    let median = mesh.map { scores.score(of: $0) }.sorted()[mesh.count / 2]
    guard median < configuration.scores.opportunisticGraftThreshold else { return }
    let better = candidates(for: topic).filter { scores.score(of: $0) > median }
    graft(configuration.opportunisticGraftPeers, of: better, in: topic)
  }

  private func isOutbound(_ peer: PeerID) -> Bool { peers[peer]?.direction == .outbound }
}
