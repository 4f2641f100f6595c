import DequeModule
import Identity
import NIOCore
import OrderedCollections

/// The messages of the last few heartbeats, whole, for peers that ask (gossipsub v1.0, "Message Cache").
struct MessageCache: Sendable {
  private struct Entry {
    let message: SharedMessage
    /// How often each peer was sent it for asking.
    var answers: [PeerID: Int] = [:]
  }

  private struct Slot {
    let id: MessageID
    let topic: Topic
    let window: Int
    let bytes: Int
  }

  enum Answer {
    case unknown
    /// The peer asked often enough.
    case exhausted
    case message(SharedMessage)
  }

  private let history: Int
  private let gossip: Int
  private let messagesMax: Int
  private let bytesMax: Int
  private var entries: [MessageID: Entry] = [:]
  /// In the order they came, oldest first.
  private var slots: Deque<Slot> = []
  private var window = 0
  private(set) var bytes = 0

  init(_ configuration: Configuration) {
    history = configuration.historyWindows
    gossip = configuration.gossipWindows
    messagesMax = configuration.cachedMessagesMax
    bytesMax = configuration.cachedBytesMax
  }

  var count: Int { entries.count }

  /// Nothing if it is there already.
  mutating func insert(_ message: SharedMessage, topic: Topic) {
    guard entries[message.id] == nil else { return }
    let size = message.frame.readableBytes
    entries[message.id] = Entry(message: message)
    slots.append(Slot(id: message.id, topic: topic, window: window, bytes: size))
    bytes += size
    while entries.count > messagesMax || bytes > bytesMax { removeOldest() }
  }

  /// The message for a peer that asks for it, counting how often it does.
  mutating func answer(_ id: MessageID, to peer: PeerID, answersMax: Int) -> Answer {
    guard let index = entries.index(forKey: id) else { return .unknown }
    let count = entries.values[index].answers[peer, default: 0]
    guard count < answersMax else { return .exhausted }
    entries.values[index].answers[peer] = count + 1
    return .message(entries.values[index].message)
  }

  /// What to tell of, by topic, newest first.
  func gossipIDs(limit: Int) -> OrderedDictionary<Topic, [MessageID]> {
    var ids: OrderedDictionary<Topic, [MessageID]> = [:]
    for slot in slots.reversed() {
      if slot.window <= window - gossip { break }
      if ids[slot.topic, default: []].count < limit { ids[slot.topic, default: []].append(slot.id) }
    }
    return ids
  }

  /// The same for one topic.
  func gossipIDs(of topic: Topic, limit: Int) -> [MessageID] {
    var ids: [MessageID] = []
    for slot in slots.reversed() {
      if slot.window <= window - gossip || ids.count == limit { break }
      if slot.topic == topic { ids.append(slot.id) }
    }
    return ids
  }

  /// Begins a new window and forgets what is older than the history.
  mutating func shift() {
    window += 1
    while let oldest = slots.first, oldest.window <= window - history { removeOldest() }
  }

  private mutating func removeOldest() {
    guard let oldest = slots.popFirst() else { return }
    entries[oldest.id] = nil
    bytes -= oldest.bytes
  }
}
