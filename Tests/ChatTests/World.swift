// Two nodes that may be killed at any step: machines, databases, streams and a topic between them.

import Identity
import NIOCore
import OrderedCollections
import SansIO
import Testing

@testable import Chat

/// What a database holds. Outlives its node.
struct Shelf {
  var messages: OrderedDictionary<MessageKey, Message> = [:]
  var rooms: [String] = []

  /// All or nothing, as a transaction.
  mutating func commit(_ writes: [Write]) -> [Outcome] {
    writes.map { write in
      switch write {
      case .insert(let message):
        guard messages[message.key] == nil else { return .duplicate }
        messages[message.key] = message
        return .inserted
      case .state(let key, let state):
        messages[key]?.state = state
        return .done
      case .room(let room, let isJoined):
        rooms.removeAll { $0 == room }
        if isJoined { rooms.append(room) }
        return .done
      case .read, .author, .peer: return .done
      }
    }
  }

  func snapshot(of own: PeerID) -> Snapshot {
    var snapshot = Snapshot()
    snapshot.rooms = rooms
    for message in messages.values where message.key.author == own {
      snapshot.sequences[message.conversation] =
        max(message.sequence, snapshot.sequences[message.conversation] ?? 0)
      switch (message.state, message.conversation) {
      case (.queued, _), (.sent, .peer): snapshot.outbox.append(message)
      default: break
      }
    }
    return snapshot
  }
}

/// A stream of one node to the other, and what is on its way.
struct Pipe {
  var sender: DirectSender
  var receiver: DirectReceiver
  var toReceiver = ByteBuffer()
  var toSender = ByteBuffer()
}

/// A process: dies with everything in it.
struct Process {
  var machine: Machine
  var saves: [(id: SaveID, writes: [Write])] = []
  var outcomes: (id: SaveID, outcomes: [Outcome])?
  var topic: [(topic: String, data: ByteBuffer, author: PeerID, sequence: UInt64)] = []
}

struct World {
  var generator: SeededGenerator
  var now = Instant.zero
  var nowMs: Int64 { noon + Int64((now - .zero).milliseconds) }
  var processes: [Process] = []
  var shelves = [Shelf(), Shelf()]
  var isConnected = false
  /// By the node that opened it.
  var pipes: [Pipe?] = [nil, nil]
  var gossipSequence: UInt64 = 1
  var steps = 0
  var kills = 0
  /// What each node's user has been told, and has read at a start.
  var told: [[MessageKey: Int]] = [[:], [:]]
  var read: [Set<MessageKey>] = [[], []]

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
    for node in 0..<2 {
      shelves[node].rooms = ["garden"]
      processes.append(Process(machine: machine(of: node)))
    }
  }

  func id(_ node: Int) -> PeerID { peer(UInt32(node)) }

  private mutating func machine(of node: Int) -> Machine {
    var configuration = Configuration()
    configuration.publishRate = .init(burst: 1000, interval: .milliseconds(1))
    configuration.authorRate = .init(burst: 1000, interval: .milliseconds(1))
    return Machine(
      own: id(node), snapshot: shelves[node].snapshot(of: id(node)), configuration: configuration,
      generator: SeededGenerator(seed: generator.next()), now: now)
  }

  // MARK: Steps

  mutating func write(_ text: String, by node: Int, to conversation: Conversation) {
    gossipSequence += 1
    let (sequence, nowMs, now) = (gossipSequence, nowMs, now)
    do throws(ChatError) {
      _ = try processes[node].machine.send(
        text, to: conversation, gossipSequence: sequence, nowMs: nowMs, at: now)
    } catch {
      Issue.record(error)
    }
  }

  mutating func kill(_ node: Int) {
    kills += 1
    disconnect(besides: node)
    // Whoever starts reads what there is.
    read[node].formUnion(shelves[node].messages.keys)
    processes[node] = Process(machine: machine(of: node))
  }

  private mutating func disconnect(besides dead: Int?) {
    guard isConnected else { return }
    isConnected = false
    for node in 0..<2 {
      if pipes[node] != nil, node != dead {
        processes[node].machine.directClosed(id(1 - node), .closed, at: now)
      }
      pipes[node] = nil
    }
    for node in 0..<2 where node != dead {
      processes[node].machine.disconnected(id(1 - node), at: now)
      for room in ["global", "garden"] { subscribers(of: room, 0, at: node) }
    }
  }

  private mutating func connect() {
    isConnected = true
    for node in 0..<2 {
      processes[node].machine.connected(id(1 - node), at: now)
      for room in ["global", "garden"] { subscribers(of: room, 1, at: node) }
    }
  }

  private mutating func subscribers(of room: String, _ count: Int, at node: Int) {
    processes[node].machine.subscribers(of: RoomName.topic(of: room), count: count, at: now)
  }

  /// One thing that could happen next, chosen by the seed. False: nothing is left to happen but time.
  mutating func step() -> Bool {
    steps += 1
    var deeds: [(inout World) -> Bool] = []
    for node in 0..<2 {
      deeds += [
        { $0.pull(node) }, { $0.commit(node) }, { $0.answer(node) }, { $0.gossip(node) },
        { $0.carry(node, toReceiver: true) }, { $0.carry(node, toReceiver: false) },
      ]
    }
    deeds.append {
      guard !$0.isConnected else { return false }
      $0.connect()
      return true
    }
    deeds.shuffle(using: &generator)
    return deeds.contains { $0(&self) }
  }

  mutating func passTime() {
    var next: Instant?
    for node in 0..<2 {
      next = [next, processes[node].machine.deadline].compactMap { $0 }.min()
      if let pipe = pipes[node] {
        next = [next, pipe.sender.deadline, pipe.receiver.deadline].compactMap { $0 }.min()
      }
    }
    now = max(now, next ?? now)
    for node in 0..<2 {
      processes[node].machine.advance(to: now, nowMs: nowMs)
      pipes[node]?.sender.advance(to: now)
      pipes[node]?.receiver.advance(to: now)
      settle(node)
    }
  }

  // MARK: What a node does

  private mutating func pull(_ node: Int) -> Bool {
    guard let event = processes[node].machine.nextEvent() else { return false }
    let other = 1 - node
    switch event {
    case .save(let id, let writes): processes[node].saves.append((id, writes))
    case .received(let message): told[node][message.key, default: 0] += 1
    case .publish(let publication):
      gossipSequence += 1
      let sequence = publication.gossipSequence ?? gossipSequence
      if isConnected {
        processes[other].topic.append((publication.topic, publication.data, id(node), sequence))
      }
      processes[node].machine.published(publication.key, to: isConnected ? 1 : 0, at: now)
    case .openDirect(let peer):
      guard isConnected else {
        processes[node].machine.directClosed(peer, .closed, at: now)
        return true
      }
      if pipes[node] == nil {
        pipes[node] = Pipe(sender: DirectSender(at: now), receiver: DirectReceiver(at: now))
      }
      feed(node)
    case .directWaiting: feed(node)
    case .acknowledge(_, let id, let acknowledgement):
      pipes[other]?.receiver.acknowledge(id, acknowledgement, at: now)
      settle(other)
    case .joined(let room, _): subscribers(of: room, isConnected ? 1 : 0, at: node)
    case .kept, .stateChanged, .gap, .flooding, .calmed, .left, .connectionWanted: break
    }
    return true
  }

  private mutating func feed(_ node: Int) {
    while pipes[node]?.sender.hasRoom ?? false,
      let message = processes[node].machine.nextDirect(for: id(1 - node), at: now)
    {
      pipes[node]?.sender.send(message, at: now)
    }
    settle(node)
  }

  private mutating func commit(_ node: Int) -> Bool {
    guard processes[node].outcomes == nil, !processes[node].saves.isEmpty else { return false }
    let (save, writes) = processes[node].saves.removeFirst()
    for case .insert(let message) in writes where message.key.author != id(node) {
      let author = message.key.author == id(0) ? 0 : 1
      #expect(shelves[author].messages[message.key] != nil, "what was never kept has left")
    }
    processes[node].outcomes = (save, shelves[node].commit(writes))
    return true
  }

  private mutating func answer(_ node: Int) -> Bool {
    guard let (save, outcomes) = processes[node].outcomes else { return false }
    processes[node].outcomes = nil
    processes[node].machine.saved(save, outcomes, at: now)
    return true
  }

  private mutating func gossip(_ node: Int) -> Bool {
    guard !processes[node].topic.isEmpty else { return false }
    let index = Int.random(in: 0..<processes[node].topic.count, using: &generator)
    let (topic, data, author, sequence) = processes[node].topic.remove(at: index)
    #expect(Machine.verdict(on: data, topic: topic, author: author, nowMs: nowMs) == .accept)
    processes[node].machine.accepted(
      data, topic: topic, author: author, sequence: sequence, nowMs: nowMs, at: now)
    return true
  }

  private mutating func carry(_ node: Int, toReceiver: Bool) -> Bool {
    guard var pipe = pipes[node] else { return false }
    let size = Int.random(in: 1...200, using: &generator)
    if toReceiver {
      guard var piece = pipe.toReceiver.readSlice(length: min(size, pipe.toReceiver.readableBytes)),
        piece.readableBytes > 0
      else { return false }
      pipe.receiver.receive(&piece, at: now)
    } else {
      guard var piece = pipe.toSender.readSlice(length: min(size, pipe.toSender.readableBytes)),
        piece.readableBytes > 0
      else { return false }
      pipe.sender.receive(&piece, at: now)
    }
    pipes[node] = pipe
    settle(node)
    return true
  }

  /// What a stream has to tell, and to write.
  private mutating func settle(_ node: Int) {
    guard var pipe = pipes[node] else { return }
    let other = 1 - node
    while var chunk = pipe.sender.nextChunk(maxBytes: 100, at: now) { pipe.toReceiver.writeBuffer(&chunk) }
    while var chunk = pipe.receiver.nextChunk(maxBytes: 100, at: now) { pipe.toSender.writeBuffer(&chunk) }
    do throws(DirectError) {
      while let event = try pipe.sender.nextEvent() {
        switch event {
        case .sent(let message): processes[node].machine.sent(message, to: id(other), at: now)
        case .acknowledged(let message, let acknowledgement):
          processes[node].machine.acknowledged(message, by: id(other), acknowledgement, at: now)
        case .ended: break
        }
      }
      while let event = try pipe.receiver.nextEvent() {
        guard case .received(let message) = event else { continue }
        processes[other].machine.directReceived(message, from: id(node), nowMs: nowMs, at: now)
      }
      pipes[node] = pipe
      // Idle: both halves close.
      if pipe.sender.outboundFinished { endPipe(node) }
    } catch {
      if error.fault == .peer { Issue.record(error) }
      endPipe(node)
    }
  }

  private mutating func endPipe(_ node: Int) {
    pipes[node] = nil
    processes[node].machine.directClosed(id(1 - node), .closed, at: now)
  }
}
