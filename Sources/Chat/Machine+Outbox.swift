import OrderedCollections
import DequeModule
package import SansIO

// Our own messages: written, kept, waiting, done.
extension Machine {
  // MARK: Commands

  /// Writes a message. It is told and shown as `queued` from now on, and leaves once it has been kept.
  /// - Parameters:
  ///   - gossipSequence: in `global`, a number reserved from gossipsub for this message alone, under which it
  ///     will be published however often; elsewhere unused.
  ///   - nowMs: by the wall clock, in milliseconds since the Unix epoch.
  package mutating func send(
    _ text: String, to conversation: Conversation, gossipSequence: UInt64, nowMs: Int64, at now: Instant
  ) throws(ChatError) -> Message {
    self.now = now
    let (conversation, text) = try checked(text, to: conversation)
    guard outbox.count < configuration.outboxMax else { throw .outboxFull(limit: configuration.outboxMax) }
    let message = Message(
      key: key(for: conversation, gossipSequence), conversation: conversation,
      sequence: number(for: conversation, gossipSequence), text: text,
      sentMs: conversation == .global ? nil : nowMs, receivedMs: nowMs, state: .queued)
    enlist(message)
    saves.append(.insert(message), .outgoing(message))
    return message
  }

  private func checked(
    _ text: String, to conversation: Conversation
  ) throws(ChatError) -> (Conversation, String) {
    var (conversation, text) = (conversation, text)
    guard !text.isEmpty else { throw .emptyText }
    switch conversation {
    case .room(let name):
      let room = try RoomName.normalised(name)
      guard rooms[room] != nil else { throw .notInRoom(room) }
      conversation = .room(room)
      text = RoomForm.writable(text, in: room)
    case .peer(let peer):
      guard peer != own else { throw .toOurselves }
      guard (correspondents[peer]?.count ?? 0) < configuration.peerQueueMax else {
        throw .peerQueueFull(limit: configuration.peerQueueMax)
      }
    }
    let bytes = text.utf8.count
    guard bytes <= Configuration.textBytesMax else {
      throw .textTooLong(bytes: bytes, limit: Configuration.textBytesMax)
    }
    return (conversation, text)
  }

  private mutating func key(for conversation: Conversation, _ gossipSequence: UInt64) -> MessageKey {
    conversation == .global
      ? MessageKey(author: own, gossipSequence: gossipSequence)
      : MessageKey(author: own, idBytes: generator.bytes(MessageKey.idBytes))
  }

  private mutating func number(for conversation: Conversation, _ gossipSequence: UInt64) -> UInt64 {
    let next = (sequences[conversation] ?? 0).addingReportingOverflow(1)
    let number = conversation == .global ? gossipSequence : next.overflow ? .max : next.partialValue
    sequences[conversation] = number
    return number
  }

  // MARK: The way of a message

  private mutating func enlist(_ message: Message) {
    outbox[message.key.id] = message
    if case .peer(let peer) = message.conversation {
      correspondents[peer, default: Correspondent()].count += 1
    }
    if patienceDue == nil { patienceDue = now + configuration.patienceInterval }
  }

  /// It has been kept: it may leave.
  mutating func release(_ message: Message) {
    let id = message.key.id
    guard outbox[id] != nil else { return }
    switch message.conversation {
    case .room(let room):
      guard rooms[room] != nil else { return fail(id, Reason.roomLeft) }
      rooms[room]?.waiting.append(id)
      publishWaiting()
    case .peer(let peer):
      correspondents[peer]?.waiting.append(id)
      pursue(peer)
    }
  }

  /// Another message of ours has this key: a number of gossipsub's was given out twice. The other one is what
  /// is kept, so nothing is written of this one.
  mutating func refusedByStore(_ message: Message) {
    guard outbox[message.key.id] != nil else { return }
    dismiss(message.key.id)
    events.append(.stateChanged(message.key, .failed(reason: Reason.keyTaken)))
  }

  /// Moves a message on. A final state takes it out of the outbox.
  mutating func setState(_ state: DeliveryState, of id: String) {
    guard let message = outbox[id], message.state != state else { return }
    outbox[id]?.state = state
    saves.append(.state(message.key, state), .state(message.key, state))
    switch state {
    case .received, .queued: break
    case .sent: if case .room = message.conversation { dismiss(id) }
    case .delivered, .failed: dismiss(id)
    }
  }

  mutating func fail(_ id: String, _ reason: String) { setState(.failed(reason: reason), of: id) }

  private mutating func dismiss(_ id: String) {
    guard let message = outbox.removeValue(forKey: id) else { return }
    if case .peer(let peer) = message.conversation {
      correspondents[peer]?.remove(id)
      forgetIfDone(peer)
    }
    if outbox.isEmpty { patienceDue = nil }
  }

  // MARK: Starting and waiting

  /// Messages of an earlier run, in the order they were written.
  mutating func takeUp(_ kept: [Message]) {
    counters.outboxLeftBehind += UInt64(max(0, kept.count - configuration.outboxMax))
    for message in kept.prefix(configuration.outboxMax) {
      guard message.key.author == own, outbox[message.key.id] == nil, message.isSendable else {
        counters.damagedOutbox += 1
        let failed = DeliveryState.failed(reason: Reason.damaged)
        saves.append(.state(message.key, failed), .state(message.key, failed))
        continue
      }
      enlist(message)
      release(message)
    }
  }

  /// Gives up what nobody could be given for too long. What is on a stream is not: its answer may be on the
  /// way.
  mutating func expire(nowMs: Int64) {
    patienceDue = outbox.isEmpty ? nil : now + configuration.patienceInterval
    let patienceMs = configuration.patience.clampedNanoseconds / 1_000_000
    for (id, message) in outbox {
      let (age, overflow) = nowMs.subtractingReportingOverflow(message.receivedMs)
      guard !overflow, age >= patienceMs, isWaiting(id, in: message.conversation) else { continue }
      counters.expired += 1
      switch message.conversation {
      case .room(let room):
        rooms[room]?.waiting.removeAll { $0 == id }
        fail(id, "nobody was in the room for \(configuration.patience.inWords)")
      case .peer:
        fail(id, "the peer could not be reached for \(configuration.patience.inWords)")
      }
    }
  }

  private func isWaiting(_ id: String, in conversation: Conversation) -> Bool {
    switch conversation {
    case .room(let room): rooms[room]?.waiting.contains(id) ?? false
    case .peer(let peer): correspondents[peer]?.waiting.contains(id) ?? false
    }
  }
}

/// Why messages of ours fail, for people.
enum Reason {
  static let roomLeft = "the room was left"
  static let unsupported = "the peer does not take direct messages"
  static let damaged = "the message was damaged while it was kept"
  static let keyTaken = "another message has its number; send it again"
  static func refused(_ reason: String) -> String {
    reason.isEmpty ? "the peer refused it" : "the peer refused it: \(reason)"
  }
}

extension Message {
  /// What comes from a file may be anything.
  fileprivate var isSendable: Bool {
    guard !text.isEmpty, text.utf8.count <= Configuration.textBytesMax, sequence > 0 else { return false }
    guard state == .queued || state == .sent else { return false }
    switch conversation {
    case .global: return key == MessageKey(author: key.author, gossipSequence: sequence)
    case .peer(key.author): return false
    case .room, .peer: return Hexadecimal.bytes(key.id, count: MessageKey.idBytes) != nil
    }
  }
}

extension Duration {
  /// In the largest unit that fits: 7 days, 36 hours.
  fileprivate var inWords: String {
    let seconds = components.seconds
    for (length, name) in [(86_400, "day"), (3600, "hour"), (60, "minute")] as [(Int64, String)] {
      guard seconds >= length, seconds % length == 0 else { continue }
      return "\(seconds / length) \(name)\(seconds == length ? "" : "s")"
    }
    return "\(seconds) seconds"
  }
}
