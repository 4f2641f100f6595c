import NIOCore
import SansIO
import Testing
import Wire

@testable import Yamux

/// Two sessions joined by a link with delay, in time that jumps to whatever happens next. The link keeps
/// order and cuts the bytes at random places. Every byte of every stream is known in advance, and a naive
/// model of each stream says what its two ends may see.
struct Pair {
  struct Link {
    /// One way.
    var delay: ClosedRange<Duration> = .zero ... .milliseconds(40)
    var pieceBytesMax = 20_000
    var drainBytesMax = 30_000
  }

  /// What one end has done with, and seen of, one stream.
  struct End: Hashable {
    var written = 0
    var finished = false
    var received = 0
    var unread = 0
    var remoteFinished = false
    var closed = false
  }

  struct Side {
    var session: Session
    /// On their way here, in order.
    var arriving: [(at: Instant, bytes: ByteBuffer)] = []
    var nextArrival = 0
    var lastArrival = Instant.zero
    var ends: [StreamID: End] = [:]
    /// In the order they came to be, for choices that must not depend on a dictionary.
    var known: [StreamID] = []
    var writableEvents = 0
    var roundTrips: [Duration] = []
    var goAwayCode: UInt32?
  }

  var now = Instant.seconds(1)
  var random: SeededGenerator
  var link: Link
  var sides: [Side]
  /// Reset by either end: the other may see less than was written, never anything else.
  var reset: Set<StreamID> = []

  static let initiator = 0
  static let responder = 1

  init(seed: UInt64, link: Link = Link(), _ change: (inout Configuration) -> Void = { _ in }) {
    var configuration = Configuration()
    change(&configuration)
    self.link = link
    random = SeededGenerator(seed: seed)
    sides = [Role.initiator, .responder].map {
      Side(session: Session(role: $0, configuration: configuration, now: .seconds(1)))
    }
  }

  // MARK: Commands, mirrored in the model

  mutating func open(_ side: Int) throws -> StreamID? {
    guard sides[side].session.canOpen else { return nil }
    let id = try sides[side].session.open()
    know(id, side)
    return id
  }

  mutating func write(_ count: Int, to id: StreamID, _ side: Int) throws {
    guard let end = sides[side].ends[id], !end.closed, !end.finished, !reset.contains(id) else { return }
    guard sides[side].session.writableBytes(id) > 0 else { return }
    try sides[side].session.write(Pair.content(id, side, end.written, count), to: id)
    sides[side].ends[id]?.written += count
  }

  mutating func finish(_ id: StreamID, _ side: Int) {
    sides[side].session.finish(id)
    sides[side].ends[id]?.finished = true
  }

  mutating func reset(_ id: StreamID, _ side: Int) throws {
    guard let end = sides[side].ends[id], !end.closed else { return }
    sides[side].session.reset(id, code: UInt32(side) + 40)
    reset.insert(id)
    try pull(side)
  }

  mutating func consume(_ count: Int, of id: StreamID, _ side: Int) {
    guard let end = sides[side].ends[id], !end.closed else { return }
    let count = min(count, end.unread)
    sides[side].session.consumed(count, on: id)
    sides[side].ends[id]?.unread -= count
  }

  mutating func consumeAll(_ side: Int) {
    for id in sides[side].known { consume(.max, of: id, side) }
  }

  // MARK: Time

  /// Lets the next thing happen: an arrival or a deadline. False when nothing ever would again before
  /// `limit`.
  mutating func step(until limit: Instant = .distantFuture) throws -> Bool {
    for side in 0..<2 { try drain(side) }
    var next = limit
    for side in sides {
      if side.nextArrival < side.arriving.count { next = min(next, side.arriving[side.nextArrival].at) }
      if let deadline = side.session.deadline { next = min(next, deadline) }
    }
    guard next < limit else {
      now = max(now, limit == .distantFuture ? now : limit)
      return false
    }
    now = max(now, next)
    for side in 0..<2 {
      sides[side].session.advance(to: now)
      try pull(side)
      while let bytes = takeArrival(side) {
        sides[side].session.receive(bytes, at: now)
        try pull(side)
      }
    }
    return true
  }

  mutating func run(for duration: Duration) throws {
    let limit = now + duration
    while try step(until: limit) {}
  }

  private mutating func takeArrival(_ side: Int) -> ByteBuffer? {
    let index = sides[side].nextArrival
    guard index < sides[side].arriving.count, sides[side].arriving[index].at <= now else { return nil }
    sides[side].nextArrival += 1
    let bytes = sides[side].arriving[index].bytes
    if sides[side].nextArrival == sides[side].arriving.count {
      sides[side].arriving.removeAll(keepingCapacity: true)
      sides[side].nextArrival = 0
    }
    return bytes
  }

  /// Sends what there is to send.
  mutating func drain(_ side: Int) throws {
    var wire = ByteBuffer()
    while sides[side].session.hasOutbound {
      let before = wire.writerIndex
      let maxBytes = Int.random(in: 13...link.drainBytesMax, using: &random)
      let wrote = sides[side].session.drainOutbound(into: &wire, maxBytes: maxBytes)
      expect(wrote && wire.writerIndex - before <= maxBytes)
      guard wrote else { break }
    }
    try pull(side)
    let other = 1 - side
    while wire.readableBytes > 0 {
      let piece = wire.readSlice(
        length: Int.random(in: 1...min(link.pieceBytesMax, wire.readableBytes), using: &random))!
      let delay = link.delay.lowerBound + random.duration(upTo: link.delay.upperBound - link.delay.lowerBound)
      sides[other].lastArrival = max(sides[other].lastArrival, now + delay)
      sides[other].arriving.append((sides[other].lastArrival, piece))
    }
  }

  // MARK: Events, checked against the model

  private mutating func know(_ id: StreamID, _ side: Int) {
    expect(sides[side].ends[id] == nil, "stream \(id) opened twice")
    sides[side].ends[id] = End()
    sides[side].known.append(id)
  }

  mutating func pull(_ side: Int) throws {
    let other = 1 - side
    while let event = try sides[side].session.nextEvent() {
      switch event {
      case .opened(let id):
        know(id, side)
        expect(id.isOdd == (side == Pair.responder))
      case .data(let id, let slice):
        let received = sides[side].ends[id]!.received
        expect(sides[side].ends[id]?.closed == false && sides[side].ends[id]?.remoteFinished == false)
        expect(slice == Pair.content(id, other, received, slice.readableBytes), "stream \(id) at \(received)")
        expect(received + slice.readableBytes <= sides[other].ends[id]!.written)
        sides[side].ends[id]?.received += slice.readableBytes
        sides[side].ends[id]?.unread += slice.readableBytes
      case .remoteFinished(let id):
        expect(sides[other].ends[id]?.finished == true)
        expect(sides[side].ends[id]?.received == sides[other].ends[id]?.written, "stream \(id) ended early")
        sides[side].ends[id]?.remoteFinished = true
      case .reset(let id, let code):
        expect(reset.contains(id) && code == UInt32(other) + 40)
      case .closed(let id):
        let end = sides[side].ends[id]!
        expect(!end.closed, "closed twice")
        expect(reset.contains(id) || (end.finished && end.remoteFinished), "stream \(id) closed as \(end)")
        sides[side].ends[id]?.closed = true
      case .writable(let id):
        expect(sides[side].ends[id]?.closed == false)
        sides[side].writableEvents += 1
      case .roundTrip(let sample):
        sides[side].roundTrips.append(sample)
      case .goAway(let code):
        expect(sides[side].goAwayCode == nil)
        sides[side].goAwayCode = code
      }
    }
  }

  /// Holds at any time.
  func checkBounds() {
    for side in sides {
      MalformedInputTests.checkBounds(side.session)
      let unread = side.ends.values.filter { !$0.closed }.map(\.unread).reduce(0, +)
      expect(unread <= side.session.receiveWindowBytes)
    }
  }

  /// Holds when everything was finished, consumed and delivered.
  func checkDone() {
    for (index, side) in sides.enumerated() {
      expect(
        side.session.streamCount == 0 && side.session.sendBufferedBytes == 0 && !side.session.hasOutbound)
      expect(side.session.grownBytes == 0 && side.session.outboundUnacknowledged == 0)
      for (id, end) in side.ends {
        expect(end.closed, "stream \(id) of side \(index): \(end)")
        let other = sides[1 - index].ends[id]
        if !reset.contains(id) { expect(end.received == other?.written, "stream \(id)") }
      }
    }
  }

  /// The bytes at an offset of one direction of a stream: a function of all three, so that bytes gone astray
  /// show.
  static func content(_ id: StreamID, _ writer: Int, _ offset: Int, _ count: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(count)
    var position = (offset + 40_503 * (2 * Int(id.rawValue) + writer)) % noise.readableBytes
    while buffer.readableBytes < count {
      let length = min(count - buffer.readableBytes, noise.readableBytes - position)
      buffer.writeImmutableBuffer(noise.getSlice(at: position, length: length)!)
      position = 0
    }
    return buffer
  }

  /// A prime number of bytes, so that no round number of them brings the same ones back.
  private static let noise: ByteBuffer = {
    var random = SeededGenerator(seed: 0)
    return ByteBuffer(bytes: random.bytes(65_521))
  }()
}
