import Identity
import OrderedCollections

// Telling peers outside the mesh what was said in it.

extension Router {
  /// Tells some of a topic's other peers of the messages of the last heartbeats (gossipsub v1.1, "Adaptive
  /// Gossip Dissemination").
  mutating func emitGossip() {
    for (topic, ids) in cache.gossipIDs(limit: configuration.announcedIDsMax) {
      let present = topics[topic]?.mesh ?? fanouts[topic]?.peers
      guard let present, let everyone = subscribers[topic] else { continue }
      let others = everyone.filter { peer in
        !present.contains(peer) && !isExplicit(peer) && hearsGossip(peer)
          && peers[peer]?.version.hasMesh ?? false
      }
      let share = Int(configuration.gossipFactor * Double(others.count))
      let count = max(configuration.gossipPeers, share)
      for peer in others.shuffled(using: &generator).prefix(count) {
        queue(to: peer) { $0.tell(of: ids, in: topic) }
      }
    }
  }
}
