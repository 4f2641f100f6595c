import OrderedCollections
import DequeModule
package import Identity
package import SansIO
package import Wire

// What is kept, and what follows from it.
extension Machine {
  // MARK: Commands

  /// Everything up to and with this message has been read.
  package mutating func markRead(_ conversation: Conversation, upTo key: MessageKey, at now: Instant) {
    self.now = now
    saves.append(.read(conversation, upTo: key), .nothing)
  }

  /// The highest gossip sequence number seen of an author. Gathered for a while; what a crash takes of it
  /// costs no message.
  package mutating func remember(author: PeerID, sequence: UInt64, at now: Instant) {
    self.now = now
    rememberedAuthors[author] = max(sequence, rememberedAuthors[author] ?? 0)
    gather()
  }

  /// A peer worth dialling again. Gathered for a while.
  package mutating func remember(peer: PeerID, addresses: [Multiaddr], seenMs: Int64, at now: Instant) {
    self.now = now
    rememberedPeers[peer] = (addresses, seenMs)
    gather()
  }

  /// Before the end: keeps at once what is being gathered. When no save is on its way any more, all is kept.
  package mutating func finish(at now: Instant) {
    self.now = now
    keepRemembered()
  }

  // MARK: Inputs

  /// A batch has been kept.
  /// - Parameter outcomes: one for each write, in the same order.
  package mutating func saved(_ id: SaveID, _ outcomes: [Outcome], at now: Instant) {
    self.now = now
    for (purpose, outcome) in saves.saved(id, outcomes) { follow(purpose, outcome) }
  }

  private mutating func follow(_ purpose: Saves.Purpose, _ outcome: Outcome) {
    switch purpose {
    case .outgoing(let message):
      events.append(.kept(message.key))
      if outcome == .duplicate { refusedByStore(message) } else { release(message) }
    case .room(let message, let room):
      guard outcome != .duplicate else {
        counters.duplicates += 1
        return
      }
      noteSequence(of: message, in: room)
      events.append(.received(message))
    case .direct(let message):
      if outcome == .duplicate { counters.directDuplicates += 1 } else { events.append(.received(message)) }
      events.append(.acknowledge(message.key.author, id: message.key.id, .kept))
    case .state(let key, let state):
      events.append(.stateChanged(key, state))
    case .nothing:
      break
    }
  }

  private mutating func noteSequence(of message: Message, in room: String) {
    // In `global` numbers are times, and all that an author says counts, presence too.
    guard room != RoomName.global, rooms[room] != nil else { return }
    gaps.received(message.sequence, of: message.key.author, in: room, at: now)
    counters.jumps = gaps.jumps
    counters.forgottenGaps = gaps.forgotten
  }

  // MARK: Remembering

  private mutating func gather() {
    if rememberDue == nil { rememberDue = now + configuration.rememberInterval }
    if rememberedAuthors.count + rememberedPeers.count >= configuration.rememberedMax { keepRemembered() }
  }

  mutating func keepRemembered() {
    rememberDue = nil
    for (author, sequence) in rememberedAuthors {
      saves.append(.author(author, sequence: sequence), .nothing)
    }
    for (peer, known) in rememberedPeers {
      saves.append(.peer(peer, addresses: known.addresses, seenMs: known.seenMs), .nothing)
    }
    rememberedAuthors = [:]
    rememberedPeers = [:]
  }
}
