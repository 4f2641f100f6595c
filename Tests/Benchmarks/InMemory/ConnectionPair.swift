import Connection
import Identity
import MallocCount
import NIOCore
import SansIO
import Wire
import Yamux

/// Two connections joined in memory, one thread, no sockets. Each direction has one buffer, filled and
/// emptied over and over, as a shell with a socket would use it. Time is virtual, or how windows grow, and
/// with them what is allocated, would depend on the machine.
final class ConnectionPair {
  /// What the pump counted.
  struct Counts {
    var bytes = 0
    var frames = 0
    var sendingAllocations = 0
    var receivingAllocations = 0
  }

  static let protocolName: ProtocolName = "/meshwork/bench/1"
  /// Sealed before each flush, as Runtime does.
  static let flushBytes = 220 * 1024

  private(set) var counts = Counts()
  private var left: Connection
  private var right: Connection
  private var now = Instant.zero
  private var toRight = ByteBuffer()
  private var toLeft = ByteBuffer()
  private var streams: [StreamID] = []

  /// Both ends established. `seed` makes the entropy of both.
  init(_ leftKeys: KeyPair, _ rightKeys: KeyPair, seed: UInt64) throws {
    var entropy = SeededGenerator(seed: seed)
    left = Connection(
      role: .initiator, identity: leftKeys, expectedPeer: rightKeys.peerID, supported: [],
      configuration: .init(), entropy: entropy.bytes(64), now: .zero)
    right = Connection(
      role: .responder, identity: rightKeys, expectedPeer: nil, supported: [Self.protocolName],
      configuration: .init(), entropy: entropy.bytes(64), now: .zero)
    while !left.isEstablished || !right.isEstablished { try turn() }
  }

  func open(streams count: Int) throws {
    for _ in 0..<count { streams.append(try left.openStream([Self.protocolName])) }
    try turn()
  }

  /// Moves this much from left to right in messages of one size, on all streams, and counts.
  func pump(_ bytes: Int, messageBytes: Int) throws {
    let message = ByteBuffer(repeating: 0, count: messageBytes)
    counts = Counts()
    while counts.bytes < bytes {
      let before = malloc_count()
      for stream in streams {
        // As much as one stream takes, but no more than one flush: then it is the next one's turn.
        var room = min(left.writableBytes(stream), Self.flushBytes)
        while room > 0 {
          try left.write(message, to: stream)
          room -= messageBytes
        }
      }
      counts.sendingAllocations += Int(malloc_count() - before)
      try turn()
    }
  }

  /// What both have to say, once each way.
  private func turn() throws {
    now += .microseconds(100)
    let start = malloc_count()
    toRight.clear()
    _ = left.drainOutbound(into: &toRight, maxBytes: Self.flushBytes)
    let sealed = malloc_count()
    try right.receive(toRight, at: now)
    while let event = try right.nextEvent() { take(event) }
    _ = right.deadline
    toLeft.clear()
    _ = right.drainOutbound(into: &toLeft, maxBytes: Self.flushBytes)
    let taken = malloc_count()
    if toLeft.readableBytes > 0 { try left.receive(toLeft, at: now) }
    while try left.nextEvent() != nil {}
    _ = left.deadline
    counts.sendingAllocations += Int(sealed - start) + Int(malloc_count() - taken)
    counts.receivingAllocations += Int(taken - sealed)
    countFrames()
  }

  private func take(_ event: Connection.Event) {
    guard case .data(let stream, let bytes) = event else { return }
    counts.bytes += bytes.readableBytes
    right.consumed(bytes.readableBytes, on: stream)
  }

  /// Frames of Noise in the last flush: a length of two bytes and that many bytes, each.
  private func countFrames() {
    var index = toRight.readerIndex
    while let length = toRight.getInteger(at: index, as: UInt16.self) {
      counts.frames += 1
      index += 2 + Int(length)
    }
  }
}
