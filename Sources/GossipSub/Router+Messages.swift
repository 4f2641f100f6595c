import Identity
import NIOCore
import OrderedCollections
package import SansIO

// Messages of others: judged once, passed on once.

extension Router {
  /// False when the peer is to be heard no more.
  mutating func messageReceived(_ raw: ByteBuffer, from peer: PeerID) throws(RouterError) -> Bool {
    let wire = try WireMessage(raw)
    guard let name = wire.topic, let index = topics.index(forKey: Topic(name)) else {
      counters.unsubscribedTopic += 1
      return true
    }
    let topic = topics.keys[index]
    let rules = topics.values[index].configuration
    guard (wire.data?.readableBytes ?? 0) <= rules.dataBytesMax else {
      counters.oversized += 1
      return true
    }
    guard let from = wire.from, let stamp = wire.sequence, let signature = wire.signature else {
      return invalidReceived(.unsigned, topic, from: peer)
    }
    guard let author = authors.author(named: from), stamp.readableBytes == 8,
      let sequence = stamp.getInteger(at: stamp.readerIndex, as: UInt64.self)
    else { return invalidReceived(.malformedStamp, topic, from: peer) }

    // Known ones first: there are several copies of each message, and one check of a signature costs more
    // than all the rest.
    let id = rules.messageID.id(of: author, sequence: sequence)
    if seen.contains(id) {
      counters.duplicates += 1
      if let index = peers.index(forKey: peer) {
        peers.values[index].noteHas(id, limit: configuration.dontWantIDsMax)
      }
      if let topic = deliveries.duplicate(id, from: peer, at: now) { scores.deliveredInTime(peer, topic) }
      return true
    }
    guard author.peer != identity.peerID else {
      counters.selfAuthored += 1  // from before a restart, perhaps: nobody is to blame
      return true
    }
    guard let key = author.key else {
      counters.unverifiable += 1
      return true
    }
    guard wire.isCanonical else { return invalidReceived(.notCanonical, topic, from: peer) }
    if let sent = wire.key, !sent.readableBytesView.elementsEqual(key.protobuf) {
      return invalidReceived(.foreignKey, topic, from: peer)
    }
    guard key.isValid(signature: [UInt8](signature.readableBytesView), of: Signing.signedBytes(of: wire))
    else {
      return invalidReceived(.invalidSignature, topic, from: peer)
    }
    let shared = SharedMessage(
      id: id, otherID: rules.messageID.other.id(of: author, sequence: sequence), author: author.peer,
      frame: WireMessage.frame(raw))
    let message = Message(
      id: id, topic: topic, author: author.peer, sequence: sequence, data: wire.data(in: shared.frame),
      receivedFrom: peer)
    return genuineReceived(message, shared, from: author, rules)
  }

  /// The signature is right. Only now may the id count as seen, or garbage in an author's name would keep the
  /// true message out; and only now may others be told not to send it.
  private mutating func genuineReceived(
    _ message: Message, _ shared: SharedMessage, from author: Author, _ rules: TopicConfiguration
  ) -> Bool {
    let sender = message.receivedFrom
    promises.fulfil(shared.id)
    promises.fulfil(shared.otherID)
    if rules.validation == .application, deliveries.isFull {
      counters.validationFull += 1
      return true
    }
    markSeen(shared)
    guard authors.take(from: author, at: now) else {
      counters.overRate += 1
      guard sender == author.peer else { return true }
      scores.penalise(sender, by: 0.01)
      guard isGraylisted(sender) else { return true }
      hold(.tooManyMessages(message.topic), against: sender, penalty: 0)
      return false
    }
    if shared.frame.readableBytes >= configuration.dontWantBytesMin {
      tellMesh(of: message.topic, dontWant: shared.id, except: sender)
    }
    switch rules.validation {
    case .signature:
      accept(message, shared, from: [sender])
      events.append(.message(message))
    case .application:
      deliveries.insert(
        shared.id, .awaiting(message, shared), from: [sender], until: now + configuration.verdictPatience)
      events.append(.validate(message))
    }
    return true
  }

  /// Answers `.validate`. Nothing happens when the message is no longer waited for.
  package mutating func validated(_ id: MessageID, _ verdict: Verdict, at now: Instant) {
    advance(to: now)
    guard let (message, shared, senders) = deliveries.takeAwaiting(id) else { return }
    switch verdict {
    case .accept:
      accept(message, shared, from: senders)
    case .reject:
      counters.rejected += 1
      for sender in senders {
        scores.deliveredInvalid(sender, message.topic)
        hold(.invalidMessage(.rejected, message.topic), against: sender, penalty: 0)
      }
    case .ignore:
      counters.ignored += 1
    }
  }

  private mutating func accept(_ message: Message, _ shared: SharedMessage, from senders: [PeerID]) {
    counters.accepted += 1
    for (index, sender) in senders.enumerated() {
      if index == 0 {
        scores.deliveredFirst(sender, message.topic)
      } else {
        scores.deliveredInTime(sender, message.topic)
      }
    }
    guard let rules = topics[message.topic]?.configuration else { return }  // left meanwhile
    if rules.scores.tracksMeshDeliveries, !deliveries.isFull {
      let end = now + rules.scores.meshDeliveriesWindow
      deliveries.insert(shared.id, .accepted(message.topic, until: end), from: senders, until: end)
    }
    cache.insert(shared, topic: message.topic)
    forward(shared, to: message.topic, except: senders)
  }

  /// To the mesh, to explicit peers and to peers that flood; not to who sent or wrote it.
  private mutating func forward(_ shared: SharedMessage, to topic: Topic, except senders: [PeerID]) {
    for peer in topics[topic]?.mesh ?? [] { forward(shared, toPeer: peer, except: senders) }
    for peer in explicitPeers where peers[peer]?.topics.contains(topic) ?? false {
      forward(shared, toPeer: peer, except: senders)
    }
    for peer in floodPeers where !isExplicit(peer) && peers[peer]?.topics.contains(topic) ?? false {
      if hearsPublishes(peer) { forward(shared, toPeer: peer, except: senders) }
    }
  }

  private mutating func forward(_ shared: SharedMessage, toPeer peer: PeerID, except senders: [PeerID]) {
    guard peer != shared.author, !senders.contains(peer), let index = peers.index(forKey: peer) else {
      return
    }
    if peers.values[index].unwanted.contains(shared) {
      counters.unwanted += 1
      return
    }
    counters.forwarded += 1
    counters.droppedForwards += peers.values[index].outbound.forward(shared)
    list(peer, at: index)
  }

  mutating func markSeen(_ shared: SharedMessage) {
    seen.insert(shared.id, at: now)
    // Peers that make ids the other way speak of it by that name.
    seen.insert(shared.otherID, at: now)
  }

  private mutating func tellMesh(of topic: Topic, dontWant id: MessageID, except sender: PeerID) {
    for peer in topics[topic]?.mesh ?? [] where peer != sender {
      if peers[peer]?.version.hasDontWant ?? false { queue(to: peer) { $0.say(dontWant: id) } }
    }
  }

  private mutating func invalidReceived(_ fault: InvalidMessage, _ topic: Topic, from peer: PeerID) -> Bool {
    counters.rejected += 1
    scores.deliveredInvalid(peer, topic)
    hold(.invalidMessage(fault, topic), against: peer, penalty: 0)
    return !isGraylisted(peer)
  }
}
