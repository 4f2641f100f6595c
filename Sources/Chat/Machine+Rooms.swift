import OrderedCollections
import DequeModule
package import Identity
package import NIOCore
package import SansIO

// Rooms: who is in them, what is said in them.
extension Machine {
  // MARK: Commands

  /// Joins a room, for good. Nothing happens in a room that is joined already.
  /// - Returns: the room's name in its one spelling.
  @discardableResult
  package mutating func join(_ room: String, at now: Instant) throws(ChatError) -> String {
    self.now = now
    let room = try RoomName.normalised(room)
    guard rooms[room] == nil else { return room }
    guard rooms.count < configuration.roomsMax else { throw .tooManyRooms(limit: configuration.roomsMax) }
    enter(room)
    saves.append(.room(room, isJoined: true), .nothing)
    return room
  }

  /// Leaves a room. Messages of ours that wait for somebody in it have failed.
  package mutating func leave(_ room: String, at now: Instant) throws(ChatError) {
    self.now = now
    let room = try RoomName.normalised(room)
    guard room != RoomName.global else { throw .cannotLeaveGlobal }
    guard let left = rooms.removeValue(forKey: room) else { throw .notInRoom(room) }
    gaps.forget(room: room)
    saves.append(.room(room, isJoined: false), .nothing)
    for id in [left.publishing].compactMap({ $0 }) + left.waiting { fail(id, Reason.roomLeft) }
    events.append(.left(room: room, topic: RoomName.topic(of: room)))
  }

  mutating func enter(_ room: String) {
    guard rooms[room] == nil else { return }
    rooms[room] = Room()
    events.append(.joined(room: room, topic: RoomName.topic(of: room)))
  }

  // MARK: Inputs

  /// A message that gossipsub has validated by our `verdict` and not seen before. Announcements of presence
  /// are not for us.
  package mutating func accepted(
    _ data: ByteBuffer, topic: String, author: PeerID, sequence: UInt64, nowMs: Int64, at now: Instant
  ) {
    self.now = now
    guard author != own else {
      counters.ownEchoes += 1
      return
    }
    guard let room = RoomName.room(ofTopic: topic), rooms[room] != nil else {
      counters.notJoined += 1
      return
    }
    let content: RoomForm.Content
    do throws(Flaw) {
      content = try RoomForm.decode(data, room: room, author: author, gossipSequence: sequence)
    } catch {
      counters.count(error)
      return
    }
    guard
      !Machine.isFutureDated(content.sentMs, nowMs: nowMs, tolerance: configuration.futureTolerance)
    else {
      counters.futureDated += 1
      return
    }
    guard mayWrite(author, sequence: sequence, in: room) else { return }
    guard saves.incomingCount < configuration.unsavedMax else {
      counters.unsaved += 1
      return
    }
    let message = Message(
      key: content.key, conversation: .room(room), sequence: content.sequence, text: content.text,
      sentMs: content.sentMs, receivedMs: nowMs, state: .received)
    saves.append(.insert(message), .room(message, room))
  }

  private mutating func mayWrite(_ author: PeerID, sequence: UInt64, in room: String) -> Bool {
    switch authors.take(from: author, sequence: sequence, at: now) {
    case .taken: return true
    case .excess(let begins):
      counters.excess += 1
      if begins { events.append(.flooding(author: author, room: room)) }
      return false
    }
  }

  /// How many connected peers are subscribed to a topic.
  package mutating func subscribers(of topic: String, count: Int, at now: Instant) {
    self.now = now
    guard let room = RoomName.room(ofTopic: topic), rooms[room] != nil else { return }
    rooms[room]?.subscribers = count
    rooms[room]?.retryAt = nil
    publishWaiting()
  }

  /// A message was handed to this many peers.
  package mutating func published(_ key: MessageKey, to count: Int, at now: Instant) {
    self.now = now
    guard key.author == own, let message = outbox[key.id], case .room(let room) = message.conversation,
      rooms[room]?.publishing == key.id
    else { return }
    rooms[room]?.publishing = nil
    if count > 0 {
      setState(.sent, of: key.id)
    } else {
      rooms[room]?.waiting.prepend(key.id)
      rooms[room]?.retryAt = now + configuration.republishInterval
    }
    publishWaiting()
  }

  // MARK: Publishing

  /// Publishes what may be, the longest waiting first.
  mutating func publishWaiting() {
    while let (room, id) = nextToPublish() {
      guard publishBudget.take(at: now) else {
        publishPausedUntil = now + configuration.publishRate.interval
        return
      }
      publishPausedUntil = nil
      rooms[room]?.waiting.removeFirst()
      guard let message = outbox[id], let data = RoomForm.encode(message, in: room) else { continue }
      rooms[room]?.publishing = id
      let number = room == RoomName.global ? message.sequence : nil
      let topic = RoomName.topic(of: room)
      events.append(
        .publish(Publication(key: message.key, topic: topic, data: data, gossipSequence: number)))
    }
    publishPausedUntil = nil
  }

  private func nextToPublish() -> (room: String, id: String)? {
    var oldest: (room: String, id: String, place: Int)?
    for (name, room) in rooms where room.isReady {
      guard room.retryAt.map({ $0 <= now }) ?? true, let id = room.waiting.first else { continue }
      guard let place = outbox.index(forKey: id) else { continue }
      if let known = oldest, known.place < place { continue }
      oldest = (name, id, place)
    }
    return oldest.map { ($0.room, $0.id) }
  }

  /// When `publishWaiting` may have something to do.
  var publishDue: Instant? {
    publishPausedUntil ?? rooms.values.compactMap { $0.isReady ? $0.retryAt : nil }.min()
  }
}

extension Machine.Room {
  var isReady: Bool { subscribers > 0 && publishing == nil && !waiting.isEmpty }
}
