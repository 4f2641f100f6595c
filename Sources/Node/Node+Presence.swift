import Chat
import GossipSub
import Identity
import NIOCore
import Presence
package import SansIO
import Wire

// Being present: what is said and heard on the chat topic, and the topic of goodbyes.
extension Node {
  static let chatTopic = Topic(Announcement.chatTopic)
  static let leaveTopic = Topic(Announcement.leaveTopic)

  func startMessenger(_ snapshot: Snapshot) {
    guard let gossipConfiguration = configuration.gossip else {
      precondition(configuration.messenger == nil, "a messenger needs gossip")
      return
    }
    // Nanoseconds since the epoch, as other implementations number: above every number of an earlier run.
    let (firstSequence, overflows) = recordSequence.multipliedReportingOverflow(by: 1_000_000)
    gossip = Router(
      identity: identity, configuration: gossipConfiguration,
      firstSequence: overflows ? recordSequence : firstSequence,
      generator: SeededGenerator(seed: secrets.next()), now: now)
    if let messenger = configuration.messenger {
      presence = Presence.Machine(
        own: identity.peerID, known: snapshot.authors, configuration: messenger.presence,
        generator: SeededGenerator(seed: secrets.next()), now: now)
      chat = Chat.Machine(
        own: identity.peerID, snapshot: snapshot, configuration: messenger.chat,
        generator: SeededGenerator(seed: secrets.next()), now: now)
      subscribe(to: Self.leaveTopic, TopicConfiguration())
    }
    if configuration.forwardsGossip { for topic in [Self.chatTopic, Self.leaveTopic] { forward(topic) } }
    pumpPresence()
    pumpChat()
    pumpGossip()
    returnTo(snapshot.peers)
  }

  /// Whom we were connected with in an earlier run: the latest ones are tried where they were.
  private func returnTo(_ peers: [(peer: PeerID, addresses: [Multiaddr])]) {
    for (peer, addresses) in peers {
      book.add(addresses, of: peer, lifetime: configuration.timeouts.addressLifetime, at: now)
    }
    for (peer, _) in peers.prefix(configuration.limits.returnPeersMax) { keepConnected(peer) }
  }

  func subscribe(to topic: Topic, _ rules: TopicConfiguration) {
    do throws(RouterError) {
      try gossip?.subscribe(topic, rules, at: now)
    } catch {
      preconditionFailure("a topic of our own: \(error)")
    }
  }

  /// Passes a topic's messages on for others, whatever they say.
  private func forward(_ topic: Topic) {
    subscribe(to: topic, TopicConfiguration(messageID: messageIDForm(of: topic)))
  }

  /// The original's nodes name messages of their one topic as Rust does.
  func messageIDForm(of topic: Topic) -> MessageIDForm { topic == Self.chatTopic ? .rust : .go }

  /// Passes on what peers are subscribed to, within a limit, and stops when nobody is.
  private func follow(_ topic: Topic, subscribers count: Int) {
    guard topic != Self.chatTopic, topic != Self.leaveTopic, let subscriptions = gossip?.subscriptions else {
      return
    }
    let isForwarded = subscriptions.contains(topic)
    if count == 0, isForwarded {
      gossip?.unsubscribe(topic, at: now)
    } else if count > 0, !isForwarded, subscriptions.count < configuration.limits.forwardedTopicsMax {
      forward(topic)
    }
  }

  // MARK: Commands

  /// A person asked to be announced now.
  package func refreshPresence(at now: Instant) {
    self.now = now
    presence?.refresh(at: now)
    pumpPresence()
  }

  /// Tells those who understand it that we leave. False when nobody is there to hear it.
  func sayLeave() -> Bool {
    guard presence != nil, !(gossip?.subscribers(of: Self.leaveTopic).isEmpty ?? true) else { return false }
    publish(Announcement.leaveText, to: Self.leaveTopic)
    return true
  }

  // MARK: What is heard

  /// A message of a topic where a signature is all that is asked for.
  func accepted(_ message: GossipSub.Message) {
    guard message.topic == Self.leaveTopic,
      message.data.readableBytesView.elementsEqual(Announcement.leaveText.utf8)
    else { return }
    presence?.left(message.author, sequence: message.sequence, at: now)
    pumpPresence()
  }

  /// A message that is passed on only if it is what its topic is for.
  func judge(_ message: GossipSub.Message) {
    let topic = "\(message.topic)"
    let nowMs = nowMs
    switch chat?.judge(message.data, topic: topic, author: message.author, nowMs: nowMs) {
    case .reject: gossip?.validated(message.id, .reject, at: now)
    case .ignore, nil: gossip?.validated(message.id, .ignore, at: now)
    case .accept:
      gossip?.validated(message.id, .accept, at: now)
      let announcement = message.topic == Self.chatTopic ? Announcement(String(buffer: message.data)) : nil
      if message.topic == Self.chatTopic {
        presence?.accepted(announcement, from: message.author, sequence: message.sequence, at: now)
        pumpPresence()
      }
      guard announcement == nil else { return }
      chat?.accepted(
        message.data, topic: topic, author: message.author, sequence: message.sequence, nowMs: nowMs, at: now)
      pumpChat()
    }
  }

  /// The number of a topic's subscribers that we are connected to has changed.
  func companyChanged(on topic: Topic) {
    let count = gossip?.subscribers(of: topic).count ?? 0
    if configuration.forwardsGossip { follow(topic, subscribers: count) }
    if topic == Self.chatTopic {
      presence?.subscribers(count, at: now)
      pumpPresence()
    }
    chat?.subscribers(of: "\(topic)", count: count, at: now)
    pumpChat()
  }

  /// A connection was opened: life, if the peer is known, and the way for what waits for it.
  func messengerConnected(_ peer: PeerID) {
    presence?.connected(peer, at: now)
    pumpPresence()
    chat?.connected(peer, at: now)
    pumpChat()
  }

  /// With a reservation there is somebody to be present for, even before others are met.
  func reservationsChanged(isAnyHeld: Bool) {
    presence?.reservation(isHeld: isAnyHeld, at: now)
    pumpPresence()
  }

  // MARK: What follows

  func advancePresence() {
    presence?.advance(to: now)
    pumpPresence()
  }

  private func pumpPresence() {
    while let event = presence?.nextEvent() {
      switch event {
      case .announce(let announcement):
        // After its LEAVE a node says nothing more, or it would be online again.
        guard phase == .running else { continue }
        publish(announcement.text, to: Self.chatTopic)
        outputs.append(.event(.announced(announcement)))
      case .online(let peer, let life):
        outputs.append(.event(.peerOnline(peer, via: life)))
        chat?.noticed(peer, at: now)
        pumpChat()
        acquainted(with: peer)
      case .offline(let peer, let reason, let silence):
        outputs.append(.event(.peerOffline(peer, reason, silence: silence)))
        companionLeft(peer)
      case .remember(let author, let sequence):
        chat?.remember(author: author, sequence: sequence, at: now)
        pumpChat()
      }
    }
    deadlines.set(.presence, to: presence?.deadline)
  }

  private func publish(_ text: String, to topic: Topic) {
    do throws(RouterError) {
      _ = try gossip?.publish(ByteBuffer(string: text), to: topic, at: now)
    } catch {
      counters.publishesRefused += 1
    }
    pumpGossip()
  }
}
