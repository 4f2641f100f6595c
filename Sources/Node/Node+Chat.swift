package import Chat
import Connection
import GossipSub
import Identity
import NIOCore
package import SansIO
import Wire

// Rooms and direct messages: the chat machine's words carried to gossip, to streams, to the store, and back.
extension Node {
  // MARK: Commands

  /// Writes a message. `.stateChanged` tells how far it comes.
  package func send(
    _ text: String, to conversation: Conversation, at now: Instant
  ) throws(ChatError) -> Chat.Message {
    self.now = now
    defer { pumpChat() }
    guard chat != nil, let sequence = gossip?.reserveSequence() else { throw .notAMessenger }
    let nowMs = nowMs
    return try chat!.send(text, to: conversation, gossipSequence: sequence, nowMs: nowMs, at: now)
  }

  /// Joins a room, for good; gives its name in its one spelling.
  @discardableResult
  package func join(_ room: String, at now: Instant) throws(ChatError) -> String {
    self.now = now
    defer { pumpChat() }
    guard chat != nil else { throw .notAMessenger }
    return try chat!.join(room, at: now)
  }

  package func leave(_ room: String, at now: Instant) throws(ChatError) {
    self.now = now
    defer { pumpChat() }
    guard chat != nil else { throw .notAMessenger }
    try chat!.leave(room, at: now)
  }

  /// Everything up to and with this message has been read.
  package func markRead(_ conversation: Conversation, upTo key: MessageKey, at now: Instant) {
    self.now = now
    chat?.markRead(conversation, upTo: key, at: now)
    pumpChat()
  }

  /// The rooms that are joined, `global` first.
  package var rooms: [String] { chat?.joinedRooms ?? [] }

  // MARK: Inputs

  /// What `Output.save` asked for has been done: one outcome for each write.
  package func saved(_ id: SaveID, _ outcomes: [Outcome], at now: Instant) {
    self.now = now
    chat?.saved(id, outcomes, at: now)
    pumpChat()
  }

  // MARK: What follows

  func advanceChat() {
    let nowMs = nowMs
    chat?.advance(to: now, nowMs: nowMs)
    pumpChat()
  }

  func pumpChat() {
    while let event = chat?.nextEvent() { handle(event) }
    deadlines.set(.chat, to: chat?.deadline)
  }

  private func handle(_ event: Chat.Machine.Event) {
    switch event {
    case .save(let id, let writes): outputs.append(.save(id, writes))
    case .kept(let key): outputs.append(.event(.messageKept(key)))
    case .received(let message): outputs.append(.event(.messageReceived(message)))
    case .stateChanged(let key, let state): outputs.append(.event(.messageState(key, state)))
    case .gap(let room, let author, let missing):
      outputs.append(.event(.messagesMissing(room: room, author: author, missing)))
    case .flooding(let author, let room): floodBegan(by: author, in: room)
    case .calmed(let author): gossip?.setApplicationScore(0, of: author)
    case .joined(_, let topic): joinTopic(Topic(topic))
    case .left(_, let topic):
      gossip?.unsubscribe(Topic(topic), at: now)
      pumpGossip()
    case .publish(let publication): publish(publication)
    case .openDirect(let peer): openDirect(to: peer)
    case .directWaiting(let peer): feedDirect(to: peer)
    case .acknowledge(let peer, let id, let acknowledgement): acknowledge(id, acknowledgement, to: peer)
    case .connectionWanted(let peer): keepConnected(peer)
    }
  }

  // MARK: Rooms

  private func joinTopic(_ topic: Topic) {
    subscribe(to: topic, TopicConfiguration(messageID: messageIDForm(of: topic), validation: .application))
    companyChanged(on: topic)
    pumpGossip()
  }

  private func publish(_ publication: Chat.Machine.Publication) {
    var recipients = 0
    do throws(RouterError) {
      let published = try gossip?.publish(
        publication.data, to: Topic(publication.topic), sequence: publication.gossipSequence, at: now)
      recipients = published?.recipients ?? 0
    } catch {
      counters.publishesRefused += 1
    }
    chat?.published(publication.key, to: recipients, at: now)
    pumpGossip()
  }

  /// Somebody writes more than is taken. A neighbour's score falls until it is calm again, to where its
  /// gossip is no longer heard.
  private func floodBegan(by author: PeerID, in room: String) {
    gossip?.setApplicationScore(-2, of: author)
    outputs.append(
      .event(
        .warning(
          "too many messages in \(room)", detail: "\(author) writes faster than is shown; the rest is dropped"
        )
      ))
  }

  // MARK: Direct messages, ours

  private func openDirect(to peer: PeerID) {
    guard let entry = preferredConnection(to: peer), !entry.isClosing else {
      chat?.directClosed(peer, .closed, at: now)
      return
    }
    let slot = StreamSlot(.chat, .talking(peer), DirectTalk(DirectSender(at: now)))
    directSlots[peer] = slot
    fill(slot, for: peer)
    do throws(NodeError) {
      try open(slot, on: entry)
    } catch {
      directSlots[peer] = nil
      chat?.directClosed(peer, .closed, at: now)
    }
    settle(entry)
  }

  /// Gives the stream to a peer what waits for it, while it has room.
  private func feedDirect(to peer: PeerID) {
    guard let slot = directSlots[peer], let (entry, stream) = place(of: slot) else { return }
    fill(slot, for: peer)
    drive(slot, on: stream, of: entry)
    settle(entry)
  }

  private func fill(_ slot: StreamSlot, for peer: PeerID) {
    guard var talk = slot.machine as? DirectTalk else { return }
    while talk.sender.hasRoom, let message = chat?.nextDirect(for: peer, at: now) {
      talk.sender.send(message, at: now)
    }
    slot.machine = talk
  }

  /// The connection and stream that a slot lives on.
  private func place(of slot: StreamSlot) -> (ConnectionEntry, Connection.StreamID)? {
    guard let handle = slot.place, let entry = entries[handle.connection] else { return nil }
    return (entry, Connection.StreamID(number: handle.stream))
  }

  /// A stream of ours for direct messages is gone.
  func directEnded(_ slot: StreamSlot, _ end: Chat.Machine.DirectEnd, with peer: PeerID) {
    guard directSlots[peer] === slot else { return }
    directSlots[peer] = nil
    chat?.directClosed(peer, end, at: now)
    pumpChat()
  }

  /// Another connection became the one to keep: our stream moves there, and what is not acknowledged is sent
  /// again. Whoever has it already says so.
  func moveDirect(of peer: PeerID) {
    guard let slot = directSlots[peer], let handle = slot.place, let entry = preferredConnection(to: peer),
      entry.id != handle.connection, !entry.isClosing
    else { return }
    directSlots[peer] = nil
    deadlines.set(.stream(handle), to: nil)
    if let old = entries[handle.connection] {
      let stream = Connection.StreamID(number: handle.stream)
      old.streams[stream] = nil
      old.connection.reset(stream)
      settle(old)
    }
    chat?.directClosed(peer, .closed, at: now)
    chat?.connected(peer, at: now)
    pumpChat()
  }

  // MARK: Direct messages, theirs

  /// The machine for a stream that a peer opened; its last one is given up for it.
  func hearDirect(from peer: PeerID) -> StreamSlot {
    let slot = StreamSlot(.chat, .hearing(peer), DirectHearing(DirectReceiver(at: now)))
    if let old = hearingSlots.updateValue(slot, forKey: peer), let (entry, stream) = place(of: old) {
      entry.streams[stream] = nil
      entry.connection.reset(stream)
      settle(entry)
    }
    return slot
  }

  private func acknowledge(_ id: String, _ acknowledgement: Acknowledgement, to peer: PeerID) {
    guard let slot = hearingSlots[peer], var hearing = slot.machine as? DirectHearing,
      let (entry, stream) = place(of: slot)
    else { return }
    hearing.receiver.acknowledge(id, acknowledgement, at: now)
    slot.machine = hearing
    drive(slot, on: stream, of: entry)
    settle(entry)
  }

  // MARK: What streams tell

  func handle(_ outcome: DirectOutcome, with peer: PeerID) {
    switch outcome {
    case .sent(let id): chat?.sent(id, to: peer, at: now)
    case .acknowledged(let id, let acknowledgement):
      chat?.acknowledged(id, by: peer, acknowledgement, at: now)
      if let slot = directSlots[peer] { fill(slot, for: peer) }
    case .received(let message):
      let nowMs = nowMs
      chat?.directReceived(message, from: peer, nowMs: nowMs, at: now)
    }
    pumpChat()
  }
}
