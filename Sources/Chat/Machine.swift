import DequeModule
package import Identity
package import NIOCore
import OrderedCollections
package import SansIO
import Wire

/// What becomes of messages. Chat.swift says how to drive it.
package struct Machine: Sendable {
  package enum Event: Hashable, Sendable {
    /// Keep these, all or none, and answer with `saved`.
    case save(SaveID, [Write])

    /// A message of ours has been kept: whatever happens now, it is not lost.
    case kept(MessageKey)
    /// Another's message, kept and not told before.
    case received(Message)
    /// A message of ours has come further. Kept.
    case stateChanged(MessageKey, DeliveryState)
    /// Messages of an author that others have and we do not. Told once; late ones still come by `received`.
    case gap(room: String, author: PeerID, missing: ClosedRange<UInt64>)
    /// An author writes more than is taken; until `calmed`, the excess is dropped. Lower the application's
    /// score (P5) of the peer meanwhile.
    case flooding(author: PeerID, room: String)
    case calmed(author: PeerID)

    /// Subscribe to the room's topic, and tell how many peers are.
    case joined(room: String, topic: String)
    case left(room: String, topic: String)
    /// Publish this, and answer with `published`.
    case publish(Publication)

    /// Messages wait for a connected peer: open a stream of `/meshwork/chat/1` to it for a `DirectSender`,
    /// give it what `nextDirect` has, and tell the stream's end with `directClosed`.
    case openDirect(PeerID)
    /// More messages wait for a peer with such a stream: `nextDirect` has them.
    case directWaiting(PeerID)
    /// Tell the `DirectReceiver` that took it what became of a peer's message.
    case acknowledge(PeerID, id: String, Acknowledgement)
    /// Messages wait for a peer that is not connected. Dial it; `connected` tells of success, and of failure
    /// nothing need be told.
    case connectionWanted(PeerID)
  }

  /// A message for a topic.
  package struct Publication: Hashable, Sendable {
    package let key: MessageKey
    package let topic: String
    package let data: ByteBuffer
    /// In `global` the message must bear this number of gossipsub's; elsewhere any.
    package let gossipSequence: UInt64?
  }

  /// How a stream for direct messages of ours came to its end.
  package enum DirectEnd: Hashable, Sendable {
    /// The peer does not speak the protocol.
    case unsupported
    /// By either side, in good order or not; or it could not be opened.
    case closed
  }

  struct Room: Sendable {
    var subscribers = 0
    /// Ours, kept and not published, by identifier; oldest first.
    var waiting: Deque<String> = []
    /// Asked to be published, and not answered.
    var publishing: String?
    /// After a publish that reached nobody.
    var retryAt: Instant?
  }

  package let configuration: Configuration
  package internal(set) var counters = Counters()

  let own: PeerID
  var generator: SeededGenerator
  var now: Instant
  var events: Deque<Event> = []
  var saves: Saves

  // Rooms.
  var rooms: OrderedDictionary<String, Room> = [:]
  var authors: Authors
  var gaps: Gaps
  var publishBudget: TokenBucket
  /// While the budget is spent and something waits.
  var publishPausedUntil: Instant?

  // Direct messages.
  var connected: Set<PeerID> = []
  var correspondents: [PeerID: Correspondent] = [:]
  var retries = DeadlineQueue<PeerID>()
  var dialBudget: TokenBucket
  var directBudgets: Budgets
  var refusals: [PeerID: String] = [:]

  // The outbox.
  /// Ours that are neither delivered nor failed nor, in a room, sent. By identifier, oldest first.
  var outbox: OrderedDictionary<String, Message> = [:]
  /// The highest of our own numbers. An entry for each conversation that we have written in.
  var sequences: [Conversation: UInt64]
  var patienceDue: Instant?

  // To be remembered.
  var rememberedAuthors: OrderedDictionary<PeerID, UInt64> = [:]
  var rememberedPeers: OrderedDictionary<PeerID, (addresses: [Multiaddr], seenMs: Int64)> = [:]
  var rememberDue: Instant?

  /// - Parameter generator: for identifiers and delays; a fork of the node's.
  package init(
    own: PeerID, snapshot: Snapshot = Snapshot(), configuration: Configuration = Configuration(),
    generator: SeededGenerator, now: Instant
  ) {
    self.own = own
    self.configuration = configuration
    self.generator = generator
    self.now = now
    saves = Saves(batchMax: configuration.batchWritesMax)
    authors = Authors(configuration)
    gaps = Gaps(configuration)
    publishBudget = configuration.publishRate.bucket(at: now)
    dialBudget = configuration.dialRate.bucket(at: now)
    directBudgets = Budgets(limit: configuration.authorsMax, rate: configuration.directRate)
    sequences = snapshot.sequences
    for (author, sequence) in snapshot.authors { authors.remember(author, newest: sequence, at: now) }
    enter(RoomName.global)
    for room in snapshot.rooms where RoomName.isNormalised(room) && rooms.count < configuration.roomsMax {
      enter(room)
    }
    takeUp(snapshot.outbox)
  }

  // MARK: Time

  package var deadline: Instant? {
    mutating get {
      var earliest = [authors.deadline, gaps.deadline, retries.earliest, patienceDue, rememberDue]
        .compactMap { $0 }.min()
      if let due = publishDue { earliest = min(earliest ?? due, due) }
      return earliest
    }
  }

  /// - Parameter nowMs: by the wall clock, in milliseconds since the Unix epoch.
  package mutating func advance(to now: Instant, nowMs: Int64) {
    self.now = now
    while let author = authors.popCalmed(at: now) { events.append(.calmed(author: author)) }
    for (key, missing) in gaps.popDue(at: now) {
      events.append(.gap(room: key.room, author: key.author, missing: missing))
    }
    while let peer = retries.popExpired(at: now) { pursue(peer) }
    if let due = rememberDue, due <= now { keepRemembered() }
    if let due = patienceDue, due <= now { expire(nowMs: nowMs) }
    publishWaiting()
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? {
    if let event = events.popFirst() { return event }
    return saves.nextBatch().map { .save($0.id, $0.writes) }
  }

  // MARK: What holds now

  package var joinedRooms: [String] { [String](rooms.keys) }
  /// Ours that wait, oldest first.
  package var waitingMessages: [Message] { [Message](outbox.values) }
  package func missing(of author: PeerID, in room: String) -> [ClosedRange<UInt64>] {
    gaps.missing(of: author, in: room)
  }
  /// True when everything has been kept that was to be.
  package var isSaved: Bool { saves.isIdle && rememberedAuthors.isEmpty && rememberedPeers.isEmpty }
}
