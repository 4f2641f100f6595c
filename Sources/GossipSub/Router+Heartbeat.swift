import Identity
import OrderedCollections
import SansIO

// What happens once a second (gossipsub v1.0, "Heartbeat").

extension Router {
  mutating func heartbeat() {
    heartbeats += 1
    forgetOld()
    chargeBrokenPromises()
    scores.advance(to: now)
    wantExplicitPeers()
    for topic in topics.keys { maintainMesh(of: topic) }
    maintainFanouts()
    emitGossip()
    cache.shift()
    // No output depends on the order.
    for index in peers.values.indices { peers.values[index].heartbeat() }
  }

  private mutating func forgetOld() {
    seen.expire(at: now)
    counters.unanswered += deliveries.expire(at: now)
    let slack: Duration = .zero - configuration.backoffSlack
    backoffs.expire(at: now + slack)
  }

  private mutating func chargeBrokenPromises() {
    var broken: [(peer: PeerID, count: Int)] = []
    while let peer = promises.popBroken(at: now) {
      if let index = broken.firstIndex(where: { $0.peer == peer }) {
        broken[index].count += 1
      } else {
        broken.append((peer, 1))
      }
    }
    for (peer, count) in broken {
      // A peer that our asking has not reached owes nothing.
      guard let state = peers[peer], !state.outbound.isAsking else { continue }
      hold(.brokenPromises(count), against: peer, penalty: Double(count))
    }
  }

  private mutating func wantExplicitPeers() {
    guard heartbeats % configuration.explicitPeerHeartbeats == 0 else { return }
    for peer in explicitPeers where peers[peer] == nil { events.append(.connectionWanted(peer)) }
  }

  /// Forgets topics that were not published to for a while; keeps the others supplied with peers.
  private mutating func maintainFanouts() {
    for topic in fanouts.keys {
      guard let fanout = fanouts[topic] else { continue }
      if now - fanout.lastPublished > configuration.fanoutLifetime {
        fanouts[topic] = nil
        continue
      }
      for peer in fanout.peers where !hearsPublishes(peer) { fanouts[topic]?.peers.remove(peer) }
      if !configuration.floodPublish { fillFanout(of: topic) }
    }
  }
}
