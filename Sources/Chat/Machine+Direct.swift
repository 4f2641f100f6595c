import OrderedCollections
import DequeModule
package import Identity
package import SansIO

// Messages between two peers: ours to them, theirs to us.
extension Machine {
  // MARK: Commands

  /// Refuses direct messages of a peer from now on, and says so when one comes.
  package mutating func refuse(_ peer: PeerID, because reason: String = "", at now: Instant) throws(ChatError)
  {
    self.now = now
    guard refusals[peer] != nil || refusals.count < configuration.refusedPeersMax else {
      throw .tooManyRefusals(limit: configuration.refusedPeersMax)
    }
    refusals[peer] = reason
  }

  /// Takes direct messages of a peer again.
  package mutating func allow(_ peer: PeerID, at now: Instant) {
    self.now = now
    refusals[peer] = nil
  }

  // MARK: Inputs, of peers

  /// A peer is connected: the first of its connections, or a further one.
  package mutating func connected(_ peer: PeerID, at now: Instant) {
    self.now = now
    connected.insert(peer)
    guard correspondents[peer]?.hasStream == false else { return }
    correspondents[peer]?.failures = 0
    retries.set(peer, to: nil)
    pursue(peer)
  }

  /// The last connection to a peer has closed.
  package mutating func disconnected(_ peer: PeerID, at now: Instant) {
    self.now = now
    connected.remove(peer)
    guard correspondents[peer] != nil else { return }
    correspondents[peer]?.streamLost()
    correspondents[peer]?.failures = 0
    retryLater(peer)
    forgetIfDone(peer)
  }

  /// A peer has shown that it is there, by a word of presence: the next attempt is worth making now.
  package mutating func noticed(_ peer: PeerID, at now: Instant) {
    self.now = now
    guard !connected.contains(peer), correspondents[peer]?.waiting.isEmpty == false else { return }
    correspondents[peer]?.failures = 0
    retries.set(peer, to: nil)
    pursue(peer)
  }

  // MARK: Inputs, of streams that we open

  /// The next message for the stream to a peer; nil when none waits. Ask as long as the sender has room.
  package mutating func nextDirect(for peer: PeerID, at now: Instant) -> Message? {
    self.now = now
    guard correspondents[peer]?.hasStream == true, let id = correspondents[peer]?.waiting.popFirst() else {
      return nil
    }
    correspondents[peer]?.given.append(id)
    return outbox[id]
  }

  /// The whole of a message has been written to the peer's connection.
  package mutating func sent(_ id: String, to peer: PeerID, at now: Instant) {
    self.now = now
    guard correspondents[peer]?.given.contains(id) == true, outbox[id]?.state == .queued else { return }
    setState(.sent, of: id)
  }

  /// A peer has said what became of a message.
  package mutating func acknowledged(
    _ id: String, by peer: PeerID, _ acknowledgement: Acknowledgement, at now: Instant
  ) {
    self.now = now
    guard correspondents[peer]?.given.contains(id) == true else {
      counters.strayAcknowledgements += 1
      return
    }
    correspondents[peer]?.link = .stream(progress: true)
    correspondents[peer]?.failures = 0
    switch acknowledgement {
    case .kept: setState(.delivered, of: id)
    case .refused(let reason): fail(id, Reason.refused(reason))
    }
  }

  /// The stream to a peer has ended, or could not be opened.
  package mutating func directClosed(_ peer: PeerID, _ end: DirectEnd, at now: Instant) {
    self.now = now
    guard let link = correspondents[peer]?.link, link != .none else { return }
    correspondents[peer]?.streamLost()
    switch end {
    case .unsupported:
      for id in correspondents[peer]?.waiting ?? [] { fail(id, Reason.unsupported) }
    case .closed where link == .stream(progress: true):
      pursue(peer)
    case .closed:
      retryLater(peer)
    }
    forgetIfDone(peer)
  }

  // MARK: Inputs, of streams that peers open

  /// A message came on a stream of a peer's. The answer is an `.acknowledge`, once it has been kept; none
  /// means that the peer should try again later.
  package mutating func directReceived(
    _ incoming: DirectMessage, from peer: PeerID, nowMs: Int64, at now: Instant
  ) {
    self.now = now
    if let reason = refusal(of: incoming, from: peer) {
      counters.directRefused += 1
      events.append(.acknowledge(peer, id: incoming.id, .refused(reason: reason)))
      return
    }
    guard directBudgets.take(from: peer, at: now) else {
      counters.directExcess += 1
      return
    }
    guard saves.incomingCount < configuration.unsavedMax else {
      counters.directUnsaved += 1
      return
    }
    // A peer whose clock is wrong has something to say all the same.
    let isPlausible =
      (incoming.sentMs ?? 0) >= 0
      && !Machine.isFutureDated(incoming.sentMs, nowMs: nowMs, tolerance: configuration.futureTolerance)
    let message = Message(
      key: MessageKey(author: peer, id: incoming.id), conversation: .peer(peer), sequence: incoming.sequence,
      text: incoming.text ?? "", sentMs: isPlausible ? incoming.sentMs : nil, receivedMs: nowMs,
      state: .received)
    saves.append(.insert(message), .direct(message))
  }

  private func refusal(of incoming: DirectMessage, from peer: PeerID) -> String? {
    if let reason = refusals[peer] { return reason }
    guard let text = incoming.text else { return "this version cannot read this kind of message" }
    let (bytes, limit) = (text.utf8.count, Configuration.textBytesMax)
    if bytes == 0 { return "the message is empty" }
    return bytes > limit ? "a message of \(bytes) bytes is over the limit of \(limit)" : nil
  }

  // MARK: Reaching a peer

  /// Does what can be done now for what waits for a peer.
  mutating func pursue(_ peer: PeerID) {
    guard let correspondent = correspondents[peer], !correspondent.waiting.isEmpty else { return }
    if correspondent.hasStream {
      events.append(.directWaiting(peer))
    } else if retries.deadline(of: peer) == nil {
      if connected.contains(peer) {
        correspondents[peer]?.link = .stream(progress: false)
        events.append(.openDirect(peer))
      } else {
        want(peer)
      }
    }
  }

  private mutating func want(_ peer: PeerID) {
    guard dialBudget.take(at: now) else {
      let spread = generator.duration(upTo: configuration.retryDelayMin)
      return retries.set(peer, to: now + configuration.dialRate.interval + spread)
    }
    events.append(.connectionWanted(peer))
    retryLater(peer)
  }

  /// An attempt has brought nothing, or will have by then.
  private mutating func retryLater(_ peer: PeerID) {
    guard var correspondent = correspondents[peer], correspondent.count > 0 else { return }
    correspondent.failures += 1
    correspondents[peer] = correspondent
    retries.set(
      peer, to: now + configuration.retryDelay(after: correspondent.failures, using: &generator))
  }

  mutating func forgetIfDone(_ peer: PeerID) {
    guard let correspondent = correspondents[peer], correspondent.count == 0, !correspondent.hasStream else {
      return
    }
    correspondents[peer] = nil
    retries.set(peer, to: nil)
  }
}
