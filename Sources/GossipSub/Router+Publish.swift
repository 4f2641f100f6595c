import Identity
package import NIOCore
import OrderedCollections
package import SansIO

// Topics and messages of our own.

extension Router {
  /// Joins a topic: says so to every peer and begins a mesh. For a topic joined already, changes its
  /// configuration.
  package mutating func subscribe(
    _ topic: Topic, _ rules: TopicConfiguration = TopicConfiguration(), at now: Instant
  ) throws(RouterError) {
    advance(to: now)
    try check(topic)
    rules.scores.validate()
    scores.configure(topic, rules.scores)
    if topics[topic] != nil {
      topics[topic]?.configuration = rules
      return
    }
    guard topics.count < configuration.topicsMax else { throw .tooManyTopics(limit: configuration.topicsMax) }
    topics[topic] = TopicState(configuration: rules)
    for peer in sortedPeers { queue(to: peer) { $0.announce(topic, isSubscribed: true) } }
    let fanout = fanouts.removeValue(forKey: topic)?.peers ?? []
    for peer in fanout where wanted(in: topic) > 0 && canGraft(peer, in: topic) { graft(peer, in: topic) }
    graft(wanted(in: topic), of: candidates(for: topic), in: topic)
  }

  /// Leaves a topic.
  package mutating func unsubscribe(_ topic: Topic, at now: Instant) {
    advance(to: now)
    guard let state = topics[topic] else { return }
    for peer in state.mesh { prune(peer, from: topic, .unsubscribed) }
    topics[topic] = nil
    scores.configure(topic, nil)
    for peer in sortedPeers { queue(to: peer) { $0.announce(topic, isSubscribed: false) } }
  }

  /// Signs and sends a message. `form` is for a topic that is not subscribed; others have theirs.
  ///
  /// It is not an error to publish to nobody: peers that subscribe within the next heartbeats are told of it.
  ///
  /// With a `sequence` that was reserved, a message is the same one however often it is published: who has it
  /// does not take it again.
  package mutating func publish(
    _ data: ByteBuffer, to topic: Topic, form: MessageIDForm = .go, sequence: UInt64? = nil, at now: Instant
  ) throws(RouterError) -> Published {
    advance(to: now)
    try check(topic)
    guard data.readableBytes <= configuration.publishedBytesMax else {
      throw .messageTooLarge(bytes: data.readableBytes, limit: configuration.publishedBytesMax)
    }
    let shared = seal(
      data, to: topic, sequence ?? reserveSequence(), topics[topic]?.configuration.messageID ?? form)
    markSeen(shared)
    cache.insert(shared, topic: topic)
    counters.published += 1
    if topics[topic] == nil {
      fanouts[topic, default: Fanout(lastPublished: self.now)].lastPublished = self.now
    }
    let recipients = recipients(of: topic)
    for peer in recipients {
      counters.droppedPublishes += queue(to: peer) { $0.publish(shared) } ?? 0
    }
    return Published(id: shared.id, recipients: recipients.count)
  }

  /// What became of a message of ours.
  package struct Published: Hashable, Sendable {
    package let id: MessageID
    /// Peers that it was put into the queue of.
    package let recipients: Int
  }

  /// A number for a message that is published later, perhaps more than once, perhaps by a later run.
  package mutating func reserveSequence() -> UInt64 {
    defer { nextSequence &+= 1 }
    return nextSequence
  }

  private mutating func seal(
    _ data: ByteBuffer, to topic: Topic, _ sequence: UInt64, _ form: MessageIDForm
  ) -> SharedMessage {
    let author = Author(identity.peerID)
    let raw = Signing.sealed(data, to: topic, sequence: sequence, by: identity)
    return SharedMessage(
      id: form.id(of: author, sequence: sequence), otherID: form.other.id(of: author, sequence: sequence),
      author: author.peer, frame: WireMessage.frame(raw))
  }

  private mutating func recipients(of topic: Topic) -> OrderedSet<PeerID> {
    let everyone = subscribers[topic] ?? []
    if configuration.floodPublish { return everyone.filter { hearsPublishes($0) } }
    var recipients = everyone.filter { isExplicit($0) || (floodPeers.contains($0) && hearsPublishes($0)) }
    if let mesh = topics[topic]?.mesh {
      recipients.formUnion(mesh)
      // A mesh still small leaves the message to few; others of the topic help out, as in Rust.
      let missing = configuration.meshPeers - mesh.count
      recipients.formUnion(fanoutCandidates(for: topic, count: missing, besides: mesh))
    } else {
      fillFanout(of: topic)
      recipients.formUnion(fanouts[topic]?.peers ?? [])
    }
    return recipients
  }

  /// Chooses peers for messages to a topic that is not ours.
  mutating func fillFanout(of topic: Topic) {
    guard let present = fanouts[topic]?.peers else { return }
    let more = fanoutCandidates(for: topic, count: configuration.meshPeers - present.count, besides: present)
    fanouts[topic]?.peers.formUnion(more)
  }

  private mutating func fanoutCandidates(
    for topic: Topic, count: Int, besides present: OrderedSet<PeerID>
  ) -> [PeerID] {
    guard count > 0, let everyone = subscribers[topic] else { return [] }
    let free = everyone.filter { peer in
      !present.contains(peer) && !isExplicit(peer) && hearsPublishes(peer)
        && peers[peer]?.version.hasMesh ?? false
    }
    return [PeerID](free.shuffled(using: &generator).prefix(count))
  }

  /// Whether a peer is worth sending our own messages to.
  func hearsPublishes(_ peer: PeerID) -> Bool {
    isExplicit(peer) || scores.score(of: peer) >= configuration.scores.publishThreshold
  }

  private func check(_ topic: Topic) throws(RouterError) {
    guard !topic.bytes.isEmpty else { throw .emptyTopicName }
    guard topic.bytes.count <= configuration.topicBytesMax else {
      throw .topicNameTooLong(bytes: topic.bytes.count, limit: configuration.topicBytesMax)
    }
  }

  /// All connected peers in an order that does not depend on a hash table.
  var sortedPeers: [PeerID] { peers.keys.sorted() }
}
