import GossipSub
import Identity
import NIOCore
import SansIO

/// What it costs to take a signed message of another's, check it and pass it on, beside the check alone.
enum GossipFigures {
  private static let neighbours = 6
  private static let messageBytes = 200

  static func figures(_ effort: Effort) throws -> [Figure] {
    let rounds = 10
    let load = try Load(messages: effort.count(20_000) / rounds, bytes: messageBytes)
    let samples = try interleaved(
      rounds: rounds,
      [
        {
          var router = try router()
          let seconds = Clock.timed(Clock.thread) { load.forward(through: &router, to: neighbours) }
          guard router.counters.accepted == UInt64(load.count) else {
            throw BenchError("\(router.counters.accepted) of \(load.count) messages were passed on")
          }
          return Double(load.count) / seconds
        },
        { Double(load.count) / Clock.timed(Clock.thread) { load.check() } },
      ])
    return [
      Figure(
        "gossip: signed messages checked and passed to \(neighbours - 1) peers", samples[0], "/s",
        boundBy: "Ed25519 verify alone", samples[1], goal: .ratioAtLeast(0.70))
    ]
  }

  private static func router() throws -> Router {
    var configuration = Configuration()
    configuration.authorRate = nil
    configuration.seenIDsMax = 1 << 20
    var router = Router(
      identity: try KeyPair(seed: [UInt8](repeating: 200, count: 32)), configuration: configuration,
      firstSequence: 1, generator: SeededGenerator(seed: 1), now: .zero)
    try router.subscribe(Load.topic, at: .zero)
    return router
  }
}

/// Messages of one author as they come from a neighbour, 50 in each read.
private struct Load {
  static let topic: Topic = "bench"
  private let author: KeyPair
  private let reads: [ByteBuffer]
  private let signed: [(bytes: [UInt8], signature: [UInt8])]

  var count: Int { signed.count }

  init(messages: Int, bytes: Int) throws {
    author = try KeyPair(seed: [UInt8](repeating: 202, count: 32))
    var sender = Router(
      identity: author, firstSequence: 1, generator: SeededGenerator(seed: 2), now: .zero)
    let reader = try KeyPair(seed: [UInt8](repeating: 201, count: 32)).peerID
    sender.peerConnected(reader, version: .gossipSub12, direction: .outbound)
    try sender.subscribe(Self.topic, at: .zero)
    var hello = Self.subscription
    sender.receive(&hello, from: reader, at: .zero)
    var reads: [ByteBuffer] = []
    var signed: [(bytes: [UInt8], signature: [UInt8])] = []
    for number in 0..<messages {
      let data = ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: bytes)
      _ = try sender.publish(data, to: Self.topic, at: .zero)
      let content = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: bytes + 80)
      signed.append((content, author.sign(content)))
      guard number % 50 == 49 || number == messages - 1 else { continue }
      var wire = ByteBuffer()
      while sender.drainOutbound(for: reader, into: &wire, maxBytes: 1 << 20) {}
      reads.append(wire)
      while sender.nextEvent() != nil {}
    }
    self.reads = reads
    self.signed = signed
  }

  /// An RPC with a subscription to the topic, length first.
  private static var subscription: ByteBuffer {
    let topic = Array("bench".utf8)
    let body: [UInt8] = [0x08, 0x01, 0x12, UInt8(topic.count)] + topic
    return ByteBuffer(bytes: [UInt8(body.count + 2), 0x0A, UInt8(body.count)] + body)
  }

  func forward(through router: inout Router, to neighbours: Int) {
    var peers: [PeerID] = []
    for index in 0..<neighbours {
      guard let peer = try? KeyPair(seed: [UInt8](repeating: UInt8(100 + index), count: 32)).peerID else {
        return
      }
      router.peerConnected(peer, version: .gossipSub12, direction: .outbound)
      var hello = Self.subscription
      router.receive(&hello, from: peer, at: .zero)
      peers.append(peer)
    }
    var wire = ByteBuffer()
    for read in reads {
      var read = read
      router.receive(&read, from: peers[0], at: .zero)
      while router.nextEvent() != nil {}
      for peer in peers {
        wire.clear()
        while router.drainOutbound(for: peer, into: &wire, maxBytes: 1 << 20) {}
      }
    }
  }

  func check() {
    let key = author.publicKey
    for (bytes, signature) in signed {
      precondition(key.isValid(signature: signature, of: bytes), "a signature of our own")
    }
  }
}
