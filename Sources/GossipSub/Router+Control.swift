import Identity
import NIOCore
import OrderedCollections
import SansIO

// Control messages of peers.

extension Router {
  /// The peer has messages. Those not seen are asked for.
  mutating func ihaveReceived(_ body: ByteBuffer, from peer: PeerID) throws(RouterError) {
    let name = try topicName(in: body)
    guard hearsGossip(peer), let index = peers.index(forKey: peer) else {
      counters.unheardGossip += 1
      return
    }
    peers.values[index].announcements += 1
    let room = configuration.announcedIDsMax - peers.values[index].askedIDs
    guard peers.values[index].announcements <= configuration.announcementsMax, room > 0 else {
      counters.excessAnnouncements += 1
      return
    }
    guard let name, topics[Topic(name)] != nil else { return }
    var wanted: [MessageID] = []
    var ids = ids(in: body, field: 2)
    while wanted.count < room, let id = try ids.next() {
      if !seen.contains(id) { wanted.append(id) }
    }
    counters.oversizedIDs += ids.oversized
    guard let watched = wanted.randomElement(using: &generator) else { return }
    peers[peer]?.askedIDs += wanted.count
    promises.add(watched, by: peer, at: now)
    queue(to: peer) { $0.ask(for: wanted) }
  }

  /// The peer asks for messages. Each is sent a few times at most.
  mutating func iwantReceived(_ body: ByteBuffer, from peer: PeerID) throws(RouterError) {
    guard hearsGossip(peer), let answered = peers[peer]?.answeredIDs else {
      counters.unheardGossip += 1
      return
    }
    var count = answered
    var answers: [SharedMessage] = []
    var ids = ids(in: body, field: 1)
    while let id = try ids.next() {
      count += 1
      guard count <= configuration.announcedIDsMax else {
        counters.excessRequests += 1
        break
      }
      switch cache.answer(id, to: peer, answersMax: configuration.answersMax) {
      case .unknown: break
      case .exhausted: counters.excessRequests += 1
      case .message(let message): answers.append(message)
      }
    }
    counters.oversizedIDs += ids.oversized
    peers[peer]?.answeredIDs = count
    guard !answers.isEmpty else { return }
    let dropped = queue(to: peer) { outbound in
      answers.reduce(0) { $0 + outbound.forward($1) }
    }
    counters.droppedForwards += dropped ?? 0
  }

  /// The peer has messages and does not want them from us.
  mutating func idontwantReceived(_ body: ByteBuffer, from peer: PeerID) throws(RouterError) {
    guard var count = peers[peer]?.dontWantIDs else { return }
    var ids = ids(in: body, field: 1)
    while let id = try ids.next() {
      count += 1
      guard count <= configuration.dontWantIDsMax else {
        counters.excessDontWants += 1
        break
      }
      peers[peer]?.unwanted.insert(id)
    }
    counters.oversizedIDs += ids.oversized
    peers[peer]?.dontWantIDs = count
  }

  /// The peer has taken us into its mesh.
  mutating func graftReceived(_ body: ByteBuffer, from peer: PeerID) throws(RouterError) {
    guard let name = try topicName(in: body), let index = topics.index(forKey: Topic(name)) else {
      // Unanswered, or whoever sends names at random would have us answer each (v1.1, "Spam Protection
      // Measures").
      counters.graftsOfUnknownTopics += 1
      return
    }
    let topic = topics.keys[index]
    let meshSize = topics.values[index].mesh.count
    guard !topics.values[index].mesh.contains(peer), let state = peers[peer], state.version.hasMesh else {
      return
    }
    // We are in its mesh, so it is subscribed, whatever became of the word of it.
    peerSubscribedByGraft(peer, topic)
    guard !(topics[topic]?.mesh.contains(peer) ?? false) else { return }
    if isExplicit(peer) {
      refuseGraft(peer, topic, extendsBackoff: false)
    } else if let end = backoffs.end(of: peer, in: topic), now < end {
      let isFlood = end - now > configuration.pruneBackoff - configuration.graftFloodThreshold
      hold(.graftInBackoff(topic, flood: isFlood), against: peer, penalty: isFlood ? 2 : 1)
      refuseGraft(peer, topic, extendsBackoff: true)
    } else if scores.score(of: peer) < 0 {
      refuseGraft(peer, topic, extendsBackoff: true)
    } else if meshSize >= configuration.meshPeersHigh, state.direction == .inbound {
      // Too many is healed by the heartbeat; inbound peers could take the mesh over.
      refuseGraft(peer, topic, extendsBackoff: true)
    } else {
      join(peer, to: topic)
    }
  }

  /// The peer has put us out of its mesh, or not let us in.
  mutating func pruneReceived(_ body: ByteBuffer, from peer: PeerID) throws(RouterError) {
    var name: ByteBuffer?
    var backoff: UInt64 = 0
    var offers: [PeerOffer] = []
    var reader = FieldReader(body)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): name = bytes
      case (2, .bytes(let bytes)):
        guard offers.count < configuration.peerExchangePeersMax else { continue }
        if let offer = try PeerOffer(decoding: bytes) { offers.append(offer) }
      case (3, .varint(let seconds)): backoff = seconds
      case (1...3, _): throw .malformedRPC
      default: break
      }
    }
    guard let name, let index = topics.index(forKey: Topic(name)) else { return }
    let topic = topics.keys[index]
    leaveMesh(peer, of: topic, .byPeer)
    // Any number may be sent: it is clamped before it becomes a time.
    let longest = UInt64(clamping: configuration.backoffMax.components.seconds)
    let wait = backoff > 0 ? .seconds(Int64(min(backoff, longest))) : configuration.pruneBackoff
    backoffs.extend(peer, in: topic, to: now + wait)
    guard !offers.isEmpty else { return }
    if configuration.peerExchange, scores.score(of: peer) >= configuration.scores.peerExchangeThreshold {
      events.append(.peersOffered(by: peer, topic, offers))
    } else {
      counters.peersOffered += 1
    }
  }

  /// Whether a peer's score lets it take part in gossip.
  func hearsGossip(_ peer: PeerID) -> Bool {
    isExplicit(peer) || scores.score(of: peer) >= configuration.scores.gossipThreshold
  }

  private mutating func refuseGraft(_ peer: PeerID, _ topic: Topic, extendsBackoff: Bool) {
    counters.graftsRefused += 1
    if extendsBackoff { backoffs.extend(peer, in: topic, to: now + configuration.pruneBackoff) }
    sendPrune(peer, topic, backoff: configuration.pruneBackoff, offersPeers: false)
  }

  // MARK: Reading

  private func topicName(in body: ByteBuffer) throws(RouterError) -> ByteBuffer? {
    var name: ByteBuffer?
    var reader = FieldReader(body)
    while let field = try reader.next() {
      guard field.number == 1 else { continue }
      guard case .bytes(let bytes) = field.value else { throw .malformedRPC }
      name = bytes
    }
    return name
  }

  private func ids(in body: ByteBuffer, field: UInt64) -> IDReader {
    IDReader(body, field: field, bytesMax: configuration.messageIDBytesMax)
  }
}
