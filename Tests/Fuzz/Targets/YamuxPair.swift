import NIOCore
import SansIO
import Wire
@testable import Yamux

/// Two honest sessions whose owners do anything: nothing fails, and every byte of a stream that nobody reset
/// arrives.
struct YamuxPair {
  private var input: FuzzInput
  private var sides: [Side]
  private var now = Instant.zero
  /// Streams that either side reset, or that were refused.
  private var resets: Set<StreamID> = []

  private struct Side {
    var session: Session
    var wire = ByteBuffer()
    var streams: [StreamID: Flow] = [:]
    var closed: Set<StreamID> = []

    mutating func drain(upTo maxBytes: Int) {
      _ = session.drainOutbound(into: &wire, maxBytes: maxBytes)
    }
  }

  private struct Flow {
    var written = 0
    var received = 0
    var unread = 0
    var isFinished = false
    var isRemoteFinished = false
  }

  init(_ input: FuzzInput) {
    self.input = input
    var configuration = Configuration()
    configuration.streamsMax = 8
    configuration.inboundStreamsMax = 5
    configuration.sendBufferBytes = 300_000
    configuration.sendBufferTotalBytes = 700_000
    configuration.keepAliveInterval = nil
    sides = [Role.initiator, .responder].map {
      Side(session: Session(role: $0, configuration: configuration, now: .zero))
    }
  }

  mutating func run() {
    while !input.isEmpty { move() }
    // Everybody says all there is to say and hears all there is to hear.
    for side in 0...1 {
      for id in sides[side].streams.keys.sorted() { finish(id, side) }
    }
    var rounds = 0
    while sides.contains(where: { $0.session.hasOutbound || $0.wire.readableBytes > 0 }) {
      rounds += 1
      expect(rounds < 10_000, "two sessions come to rest")
      for side in 0...1 {
        drain(side, upTo: 1 << 20)
        deliver(from: side, upTo: .max)
        for id in sides[1 - side].streams.keys.sorted() {
          consume(id, 1 - side, .max)
          finish(id, 1 - side)
        }
      }
    }
    for side in 0...1 { check(side) }
  }

  // MARK: Moves

  private mutating func move() {
    let choice = input.byte()
    let side = Int(choice >> 7)
    switch choice & 15 {
    case 0, 1: open(side)
    case 2, 3, 4: write(side)
    case 5: finish(anyStream(side), side)
    case 6: if input.byte() & 3 == 0 { reset(side) }
    case 7, 8: consume(anyStream(side), side, 1 + Int(input.number()))
    case 9: drain(side, upTo: Int(input.short()))
    case 10: drain(side, upTo: 1 << 17)
    case 11: deliver(from: side, upTo: Int(input.short()))
    case 12: deliver(from: side, upTo: .max)
    case 13:
      now += .milliseconds(Int64(input.byte()))
      for side in 0...1 { sides[side].session.advance(to: now) }
    case 14: sides[side].session.ping(at: now)
    default: sides[side].session.releaseIdleStorage()
    }
    pull(side)
  }

  private mutating func anyStream(_ side: Int) -> StreamID {
    let ids = sides[side].streams.keys.sorted()
    let choice = Int(input.byte())
    return ids.isEmpty ? StreamID(rawValue: 1) : ids[choice % ids.count]
  }

  private mutating func open(_ side: Int) {
    guard let id = attempt({ () throws(YamuxError) in try sides[side].session.open() }) else { return }
    sides[side].streams[id] = Flow()
  }

  private mutating func write(_ side: Int) {
    let id = anyStream(side)
    let count = Int(input.number() % 200_000)
    guard let flow = sides[side].streams[id], !flow.isFinished else { return }
    let bytes = Self.bytes(at: flow.written, count, of: id)
    guard attempt({ () throws(YamuxError) in try sides[side].session.write(bytes, to: id) }) != nil else {
      return
    }
    sides[side].streams[id]?.written += count
  }

  private mutating func finish(_ id: StreamID, _ side: Int) {
    guard let flow = sides[side].streams[id], !flow.isFinished else { return }
    sides[side].session.finish(id)
    sides[side].streams[id]?.isFinished = true
  }

  private mutating func reset(_ side: Int) {
    let id = anyStream(side)
    guard sides[side].streams[id] != nil else { return }
    sides[side].session.reset(id, code: 1)
    resets.insert(id)
  }

  private mutating func consume(_ id: StreamID, _ side: Int, _ most: Int) {
    guard let unread = sides[side].streams[id]?.unread, unread > 0 else { return }
    let count = min(unread, most)
    sides[side].session.consumed(count, on: id)
    sides[side].streams[id]?.unread -= count
  }

  private mutating func drain(_ side: Int, upTo maxBytes: Int) {
    sides[side].drain(upTo: maxBytes)
    pull(side)
  }

  private mutating func deliver(from side: Int, upTo maxBytes: Int) {
    let count = min(maxBytes, sides[side].wire.readableBytes)
    guard count > 0, let bytes = sides[side].wire.readSlice(length: count) else { return }
    sides[1 - side].session.receive(bytes, at: now)
    pull(1 - side)
  }

  // MARK: Events

  private mutating func pull(_ side: Int) {
    certain("nothing honest fails") { () throws(YamuxError) in
      while let event = try sides[side].session.nextEvent() { note(event, side) }
    }
  }

  private mutating func note(_ event: Session.Event, _ side: Int) {
    switch event {
    case .opened(let id): sides[side].streams[id] = Flow()
    case .data(let id, let bytes):
      guard let flow = sides[side].streams[id] else { fatalError("violated: data of \(id), which is gone") }
      let sent = Self.bytes(at: flow.received, bytes.readableBytes, of: id)
      expect(bytes == sent, "\(id) from \(flow.received)")
      sides[side].streams[id]?.received += bytes.readableBytes
      sides[side].streams[id]?.unread += bytes.readableBytes
    case .remoteFinished(let id): sides[side].streams[id]?.isRemoteFinished = true
    case .reset(let id, _): resets.insert(id)
    case .closed(let id): expect(sides[side].closed.insert(id).inserted, "\(id) closes once")
    case .writable, .roundTrip, .goAway: break
    }
  }

  // MARK: Invariants

  private func check(_ side: Int) {
    let here = sides[side]
    expect(here.session.streamCount == 0, "every stream came to its end: \(here.session.streams)")
    expect(here.session.sendBufferedBytes == 0 && here.session.grownBytes == 0, "and gave back what it held")
    for (id, flow) in here.streams {
      expect(here.closed.contains(id), "\(id) was told to be closed")
      if resets.contains(id) { continue }
      guard let there = sides[1 - side].streams[id] else {
        fatalError("violated: \(id) is known to one side only")
      }
      expect(flow.received == there.written && flow.isRemoteFinished, "\(id): \(flow) \(there)")
    }
  }

  /// What is written on a stream, from an offset on: a pattern that tells offsets and streams apart.
  private static func bytes(at offset: Int, _ count: Int, of id: StreamID) -> ByteBuffer {
    guard let bytes = pattern.getSlice(at: (offset + Int(id.rawValue) * 13) % 251, length: count) else {
      preconditionFailure("\(count) bytes of a pattern of \(pattern.readableBytes)")
    }
    return bytes
  }

  private static let pattern = ByteBuffer(bytes: (0..<1 << 20).map { UInt8($0 % 251) })
}
