import DequeModule
import NIOCore
import OrderedCollections
import Wire

/// What waits for one peer: control, then messages of ours, then messages passed on.
///
/// Control is kept as what is to be said, not as bytes: a later word on the same thing replaces the earlier
/// one, so a peer that does not read makes it no longer than our topics and the limits on ids. Of messages
/// the oldest go first.
struct OutboundQueue: Sendable {
  enum MeshChange: Hashable, Sendable {
    case graft
    /// Backoff in seconds if the peer knows of it, and peers to turn to instead.
    case prune(backoff: UInt64?, peers: [PeerOffer])
  }

  private let publishesMax: Int
  private let forwardsMax: Int
  private let bytesMax: Int
  private let idsMax: Int
  private let controlBytesMax: Int

  /// The rest of a frame that was begun.
  private var begun = ByteBuffer()
  private var subscriptions: OrderedDictionary<Topic, Bool> = [:]
  private var meshChanges: OrderedDictionary<Topic, MeshChange> = [:]
  private var dontWants: Deque<MessageID> = []
  private var wants: Deque<MessageID> = []
  private var haves: OrderedDictionary<Topic, ArraySlice<MessageID>> = [:]
  private var publishes: Deque<SharedMessage> = []
  private var forwards: Deque<SharedMessage> = []
  private var publishedBytes = 0
  private var forwardedBytes = 0

  init(_ configuration: Configuration) {
    publishesMax = configuration.queuedPublishesMax
    forwardsMax = configuration.queuedForwardsMax
    bytesMax = configuration.queuedBytesMax
    idsMax = configuration.announcedIDsMax
    controlBytesMax = configuration.controlBytesMax
  }

  var isEmpty: Bool {
    begun.readableBytes == 0 && !hasControl && publishes.isEmpty && forwards.isEmpty
  }

  private var hasControl: Bool {
    !subscriptions.isEmpty || !meshChanges.isEmpty || !dontWants.isEmpty || !wants.isEmpty || !haves.isEmpty
  }

  /// Messages were asked for and the peer cannot know yet.
  var isAsking: Bool { !wants.isEmpty }

  /// Messages of others wait.
  var isForwarding: Bool { !forwards.isEmpty }

  func isTelling(of topic: Topic) -> Bool { haves[topic] != nil }

  var messageCount: Int { publishes.count + forwards.count }
  var messageBytes: Int { publishedBytes + forwardedBytes }

  // MARK: In

  mutating func announce(_ topic: Topic, isSubscribed: Bool) {
    subscriptions[topic] = isSubscribed
  }

  mutating func change(_ topic: Topic, _ change: MeshChange) {
    meshChanges[topic] = change
  }

  mutating func say(dontWant id: MessageID) {
    if dontWants.count >= idsMax { dontWants.removeFirst() }
    dontWants.append(id)
  }

  mutating func ask(for ids: some Sequence<MessageID>) {
    for id in ids where wants.count < idsMax { wants.append(id) }
  }

  /// Replaces what was to be told of that topic: the newer knows it all.
  mutating func tell(of ids: [MessageID], in topic: Topic) {
    haves[topic] = ids[...]
  }

  /// How many messages had to go.
  mutating func publish(_ message: SharedMessage) -> UInt64 {
    publishes.append(message)
    publishedBytes += message.frame.readableBytes
    var dropped: UInt64 = 0
    while publishes.count > publishesMax || (publishedBytes > bytesMax && publishes.count > 1) {
      guard let oldest = publishes.popFirst() else { break }
      publishedBytes -= oldest.frame.readableBytes
      dropped += 1
    }
    return dropped
  }

  /// How many messages had to go.
  mutating func forward(_ message: SharedMessage) -> UInt64 {
    forwards.append(message)
    forwardedBytes += message.frame.readableBytes
    var dropped: UInt64 = 0
    while forwards.count > forwardsMax || (forwardedBytes > bytesMax && forwards.count > 1) {
      guard let oldest = forwards.popFirst() else { break }
      forwardedBytes -= oldest.frame.readableBytes
      dropped += 1
    }
    return dropped
  }

  // MARK: Out

  /// Appends up to `maxBytes`; frames may be cut anywhere and go on with the next call.
  mutating func drain(
    into wire: inout ByteBuffer, maxBytes: Int, skipping unwanted: UnwantedIDs
  ) -> (written: Int, skipped: UInt64) {
    var room = maxBytes
    var skipped: UInt64 = 0
    while room > 0 {
      if begun.readableBytes == 0, !beginFrame(skipping: unwanted, &skipped) { break }
      let count = min(room, begun.readableBytes)
      if count == begun.readableBytes {
        wire.writeImmutableBuffer(begun)
        begun = ByteBuffer()
      } else if var part = begun.readSlice(length: count) {
        wire.writeBuffer(&part)
      }
      room -= count
    }
    return (maxBytes - room, skipped)
  }

  /// False when nothing is left.
  private mutating func beginFrame(skipping unwanted: UnwantedIDs, _ skipped: inout UInt64) -> Bool {
    if hasControl {
      begun = controlFrame()
      return true
    }
    if let next = publishes.popFirst() {
      publishedBytes -= next.frame.readableBytes
      begun = next.frame
      return true
    }
    while let next = forwards.popFirst() {
      forwardedBytes -= next.frame.readableBytes
      if unwanted.contains(next) {
        skipped += 1
        continue
      }
      begun = next.frame
      return true
    }
    return false
  }

  /// As much control as one RPC should hold.
  private mutating func controlFrame() -> ByteBuffer {
    var writer = ControlWriter(bytesMax: controlBytesMax)
    while let (topic, isSubscribed) = subscriptions.elements.first, writer.subscribe(topic, isSubscribed) {
      subscriptions.removeFirst()
    }
    while let (topic, change) = meshChanges.elements.first, writer.write(topic, change) {
      meshChanges.removeFirst()
    }
    dontWants.removeFirst(writer.writeIDs(dontWants, as: ControlField.idontwant))
    wants.removeFirst(writer.writeIDs(wants, as: ControlField.iwant))
    while let (topic, ids) = haves.elements.first {
      let count = writer.writeHaves(ids, of: topic)
      if count < ids.count {
        haves[topic] = ids.dropFirst(count)
        break
      }
      haves.removeFirst()
    }
    return writer.finish()
  }
}
