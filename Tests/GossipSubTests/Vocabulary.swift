// The words the GossipSub tests are written in. What peers say and hear goes through the generated messages,
// which share no line with the router's own reader and writer.

import GossipSub
import Identity
import NIOCore
import SansIO
import SwiftProtobuf
import Testing
import Wire

typealias RPC = Gossipsub_RPC

let chat: Topic = "p2p-chat-global"
let other: Topic = "other"

/// Somebody with a key.
struct Peer: Sendable {
  let keys: KeyPair
  var id: PeerID { keys.peerID }

  init(_ number: Int) throws {
    keys = try KeyPair(
      seed: [UInt8(number % 256), UInt8(number / 256)] + [UInt8](repeating: 0xA5, count: 30))
  }

  /// A message as another implementation signs it.
  func message(
    _ sequence: UInt64, _ text: String = "hello", on topic: Topic = chat,
    _ change: (inout Gossipsub_Message) -> Void = { _ in }
  ) -> Gossipsub_Message {
    var message = Gossipsub_Message()
    message.from = id.bytes.protobufBytes()
    message.data = [UInt8](text.utf8).protobufBytes()
    message.seqno = sequence.bytes.protobufBytes()
    message.topic = topic.description
    change(&message)
    message.signature = keys.sign([UInt8]("libp2p-pubsub:".utf8) + message.encodedBytes()).protobufBytes()
    return message
  }

  func messageID(_ sequence: UInt64) -> [UInt8] { id.bytes + sequence.bytes }
}

func peers(_ numbers: ClosedRange<Int>) throws -> [Peer] { try numbers.map { try Peer($0) } }

extension UInt64 {
  var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * UInt64($0))) } }
}

/// One router and peers whose every word the test chooses.
struct Rig {
  var router: Router
  var now = Instant.zero
  static let own = 1000

  init(
    _ topics: [Topic] = [chat], _ rules: TopicConfiguration = TopicConfiguration(), seed: UInt64 = 1,
    _ change: (inout Configuration) -> Void = { _ in }
  ) throws {
    var configuration = Configuration()
    change(&configuration)
    router = Router(
      identity: try Peer(Self.own).keys, configuration: configuration, firstSequence: 1,
      generator: SeededGenerator(seed: seed), now: now)
    for topic in topics { try router.subscribe(topic, rules, at: now) }
  }

  var ownID: PeerID {
    get throws { try Peer(Self.own).id }
  }

  // MARK: Peers

  mutating func connect(
    _ peer: Peer, _ version: GossipSub.Version = .gossipSub12, _ direction: Direction = .inbound,
    on topics: [Topic] = [chat],
    group: [UInt8]? = nil
  ) {
    router.peerConnected(peer.id, version: version, direction: direction, addressGroup: group)
    if !topics.isEmpty { hear(.subscribe(topics), from: peer) }
  }

  /// Peers connected, and what was said at it not looked at.
  mutating func connect(_ peers: [Peer], _ direction: Direction = .inbound, on topics: [Topic] = [chat]) {
    for peer in peers { connect(peer, .gossipSub12, direction, on: topics) }
    clear()
  }

  mutating func hear(_ rpc: RPC, from peer: Peer) {
    var wire = ByteBuffer()
    LengthPrefixedFrames.encode(rpc, into: &wire)
    router.receive(&wire, from: peer.id, at: now)
  }

  mutating func hear(_ messages: [Gossipsub_Message], from peer: Peer) {
    hear(RPC.with { $0.publish = messages }, from: peer)
  }

  /// All that waits for a peer, as one RPC.
  mutating func said(to peer: Peer) throws -> RPC {
    var wire = ByteBuffer()
    while router.drainOutbound(for: peer.id, into: &wire, maxBytes: 1 << 20) {}
    return try RPC(merging: &wire)
  }

  /// What each peer was told, in their order.
  mutating func said(to peers: [Peer]) throws -> [RPC] {
    var all: [RPC] = []
    for peer in peers { all.append(try said(to: peer)) }
    return all
  }

  // MARK: Time and events

  mutating func wait(_ duration: Duration) {
    let end = now + duration
    while router.deadline <= end {
      now = router.deadline
      router.advance(to: now)
    }
    now = end
    router.advance(to: now)
  }

  mutating func heartbeat() {
    now = max(now, router.deadline)
    router.advance(to: now)
  }

  mutating func events() -> [Router.Event] {
    var all: [Router.Event] = []
    while let event = router.nextEvent() { all.append(event) }
    return all
  }

  mutating func messages() -> [GossipSub.Message] {
    events().compactMap { event in
      switch event {
      case .message(let message), .validate(let message): message
      default: nil
      }
    }
  }

  /// Throws away what was said and what happened.
  mutating func clear() {
    _ = events()
    while let peer = router.nextPeerWithOutbound() {
      var wire = ByteBuffer()
      while router.drainOutbound(for: peer, into: &wire, maxBytes: 1 << 20) {}
    }
  }

  func isInMesh(_ peer: Peer, of topic: Topic = chat) -> Bool { router.mesh(of: topic).contains(peer.id) }
  func score(_ peer: Peer) -> Double { router.score(of: peer.id) }

  mutating func publish(_ text: String, on topic: Topic = chat) throws -> MessageID {
    try router.publish(ByteBuffer(string: text), to: topic, at: now).id
  }
}

extension RPC {
  /// Frames of a stream, together.
  init(merging wire: inout ByteBuffer) throws {
    var frames = LengthPrefixedFrames(maxBytes: 1 << 20)
    frames.receive(&wire)
    self.init()
    while let frame = try frames.nextFrame() {
      let part = try RPC(decoding: frame)
      subscriptions += part.subscriptions
      publish += part.publish
      guard part.hasControl else { continue }
      control.ihave += part.control.ihave
      control.iwant += part.control.iwant
      control.graft += part.control.graft
      control.prune += part.control.prune
      control.idontwant += part.control.idontwant
    }
    #expect(frames.isAtBoundary)
  }

  static func subscribe(_ topics: [Topic], _ isSubscribed: Bool = true) -> RPC {
    RPC.with { rpc in
      rpc.subscriptions = topics.map { topic in
        SubOpts.with {
          $0.subscribe = isSubscribed
          $0.topicID = topic.description
        }
      }
    }
  }

  static func graft(_ topic: Topic = chat) -> RPC {
    RPC.with { $0.control.graft = [.with { $0.topicID = topic.description }] }
  }

  static func prune(_ topic: Topic = chat, backoff: UInt64? = 60) -> RPC {
    RPC.with { rpc in
      rpc.control.prune = [
        .with {
          $0.topicID = topic.description
          if let backoff { $0.backoff = backoff }
        }
      ]
    }
  }

  static func ihave(_ ids: [[UInt8]], on topic: Topic = chat) -> RPC {
    RPC.with { rpc in
      rpc.control.ihave = [
        .with {
          $0.topicID = topic.description
          $0.messageIds = ids.map { $0.protobufBytes() }
        }
      ]
    }
  }

  static func iwant(_ ids: [[UInt8]]) -> RPC {
    RPC.with { rpc in rpc.control.iwant = [.with { $0.messageIds = ids.map { $0.protobufBytes() } }] }
  }

  static func idontwant(_ ids: [[UInt8]]) -> RPC {
    RPC.with { rpc in rpc.control.idontwant = [.with { $0.messageIds = ids.map { $0.protobufBytes() } }] }
  }

  var texts: [String] { publish.map { String(decoding: $0.data, as: UTF8.self) } }
  var grafts: [String] { control.graft.map(\.topicID) }
  var prunes: [String] { control.prune.map(\.topicID) }
  var asked: [[UInt8]] { control.iwant.flatMap { $0.messageIds.map { [UInt8]($0) } } }
  var told: [[UInt8]] { control.ihave.flatMap { $0.messageIds.map { [UInt8]($0) } } }
  var unwanted: [[UInt8]] { control.idontwant.flatMap { $0.messageIds.map { [UInt8]($0) } } }
}

extension GossipSub.Message {
  var text: String { String(buffer: data) }
}
