// The words the chat tests are written in.

import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import Chat

/// Peers by number; the machine under test is number 0.
func peer(_ number: UInt32) -> PeerID { peerIDs[Int(number)] }

private let peerIDs: [PeerID] = (0..<40 as Range<UInt32>).map { number in
  var seed = [UInt8](repeating: 9, count: 32)
  withUnsafeBytes(of: number.bigEndian) { seed.replaceSubrange(0..<4, with: $0) }
  do { return try KeyPair(seed: seed).peerID } catch { preconditionFailure("32 bytes are a seed: \(error)") }
}

let noon: Int64 = 1_700_000_000_000

extension Conversation {
  static let garden = Conversation.room("garden")
}

/// A message of a peer as it lies on a topic.
func published(
  _ text: String, id: UInt8 = 1, by author: PeerID = peer(1), sequence: UInt64 = 1, sentMs: Int64? = noon,
  in room: String = "garden"
) -> ByteBuffer {
  let key = MessageKey(author: author, idBytes: [UInt8](repeating: id, count: 16))
  let message = Message(
    key: key, conversation: .room(room), sequence: sequence, text: text, sentMs: sentMs, receivedMs: noon,
    state: .received)
  return RoomForm.encode(message, in: room) ?? ByteBuffer()
}

/// A direct message of a peer as a stream gives it.
func direct(_ text: String?, id: UInt8 = 1, sequence: UInt64 = 1, sentMs: Int64? = noon) -> DirectMessage {
  let id = Hexadecimal.text([UInt8](repeating: id, count: 16))
  return DirectMessage(id: id, sequence: sequence, sentMs: sentMs, text: text)
}

/// A machine, its clocks, and somebody who keeps and publishes what it asks to.
struct Stage {
  var machine: Machine
  var now = Instant.zero
  var nowMs = noon
  /// Whether saves are answered at once.
  var keeps = true
  /// How many peers a publish reaches; nil: nobody answers.
  var reach: Int? = 1
  var unanswered: [(id: SaveID, writes: [Write])] = []
  var kept: Set<MessageKey> = []
  var log: [Machine.Event] = []
  var gossipSequence: UInt64 = 1000

  init(
    seed: UInt64 = 1, snapshot: Snapshot = Snapshot(), _ configure: (inout Configuration) -> Void = { _ in }
  ) {
    var configuration = Configuration()
    configure(&configuration)
    machine = Machine(
      own: peer(0), snapshot: snapshot, configuration: configuration, generator: SeededGenerator(seed: seed),
      now: .zero)
    collect()
  }

  // MARK: Driving

  /// Lets time pass, stopping at every deadline on the way.
  mutating func pass(_ duration: Duration) {
    let (start, startMs, end) = (now, nowMs, now + duration)
    while let deadline = machine.deadline, deadline <= end {
      now = max(now, deadline)
      nowMs = startMs + Int64((now - start).milliseconds)
      machine.advance(to: now, nowMs: nowMs)
      collect()
    }
    now = end
    nowMs = startMs + Int64(duration.milliseconds)
  }

  mutating func collect() {
    while let event = machine.nextEvent() {
      log.append(event)
      switch event {
      case .save(let id, let writes):
        unanswered.append((id, writes))
        if keeps { answer() }
      case .publish(let publication):
        if let reach { machine.published(publication.key, to: reach, at: now) }
      default: break
      }
    }
  }

  /// Answers the oldest save as a database would.
  mutating func answer() {
    guard !unanswered.isEmpty else { return }
    let (id, writes) = unanswered.removeFirst()
    let outcomes = writes.map { write in
      if case .insert(let message) = write {
        return kept.insert(message.key).inserted ? Outcome.inserted : .duplicate
      }
      return .done
    }
    machine.saved(id, outcomes, at: now)
    if keeps { collect() }
  }

  // MARK: Acting

  @discardableResult
  mutating func send(_ text: String, to conversation: Conversation) throws -> Message {
    gossipSequence += 1
    let sequence = gossipSequence
    let message = try machine.send(
      text, to: conversation, gossipSequence: sequence, nowMs: nowMs, at: now)
    collect()
    return message
  }

  mutating func join(_ room: String) throws {
    try machine.join(room, at: now)
    collect()
  }

  mutating func hear(
    _ data: ByteBuffer, of author: PeerID = peer(1), in room: String = "garden", sequence: UInt64? = nil
  ) {
    gossipSequence += 1
    machine.accepted(
      data, topic: RoomName.topic(of: room), author: author, sequence: sequence ?? gossipSequence,
      nowMs: nowMs, at: now)
    collect()
  }

  mutating func subscribers(_ count: Int, of room: String) {
    machine.subscribers(of: RoomName.topic(of: room), count: count, at: now)
    collect()
  }

  mutating func take(_ message: DirectMessage, from peer: PeerID) {
    machine.directReceived(message, from: peer, nowMs: nowMs, at: now)
    collect()
  }

  mutating func connect(_ peer: PeerID) {
    machine.connected(peer, at: now)
    collect()
  }

  /// What the stream to a peer is given: everything there is room for.
  mutating func give(to peer: PeerID) -> [String] {
    var texts: [String] = []
    while let message = machine.nextDirect(for: peer, at: now) {
      texts.append(message.text)
      machine.sent(message.key.id, to: peer, at: now)
    }
    collect()
    return texts
  }

  mutating func acknowledge(_ message: Message, by peer: PeerID, _ outcome: Acknowledgement = .kept) {
    machine.acknowledged(message.key.id, by: peer, outcome, at: now)
    collect()
  }

  mutating func close(_ peer: PeerID, _ end: Machine.DirectEnd = .closed) {
    machine.directClosed(peer, end, at: now)
    collect()
  }

  // MARK: Looking

  var received: [String] {
    log.compactMap { if case .received(let message) = $0 { message.text } else { nil } }
  }

  var publishedTexts: [String] {
    log.compactMap { event in
      guard case .publish(let publication) = event else { return nil }
      guard publication.topic != RoomName.globalTopic else { return String(buffer: publication.data) }
      return try? Chat_Envelope(decoding: publication.data).text
    }
  }

  func states(of message: Message) -> [DeliveryState] {
    log.compactMap {
      if case .stateChanged(message.key, let state) = $0 { state } else { nil }
    }
  }

  func count(_ event: Machine.Event) -> Int { log.count { $0 == event } }
}

/// `text` with a body of this many bytes.
func text(bytes: Int) -> String { String(repeating: "x", count: bytes) }

func ms(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }
