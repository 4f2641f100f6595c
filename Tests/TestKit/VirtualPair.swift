package import NIOCore
package import SansIO

private import DequeModule

/// A machine that talks over one ordered byte stream, as ``VirtualPair`` drives it.
package protocol StreamEnd: ~Copyable {
  mutating func receive(_ bytes: consuming ByteBuffer, at now: Instant)
  /// Pulls everything there is to pull. Called after every input.
  mutating func settle(at now: Instant)
  mutating func advance(to now: Instant)
  var deadline: Instant? { mutating get }
  mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool
}

/// How a link cuts the stream into pieces on its way.
package enum Chunking: Sendable {
  /// As it was sent.
  case whole
  /// Into pieces of this many bytes.
  case pieces(Int)
  /// Into pieces of random size up to this many bytes.
  case random(upTo: Int)
}

/// Two ends and an ordered link between them, in virtual time that jumps from one thing to the next.
///
/// Nothing waits and nothing sleeps: `run` delivers what arrives first, or advances whoever's deadline comes
/// first, until nothing is left to happen or the time is up.
package struct VirtualPair<Left: StreamEnd & ~Copyable, Right: StreamEnd & ~Copyable>: ~Copyable {
  package var left: Left
  package var right: Right
  package private(set) var now: Instant
  /// One way.
  package var latency: Duration
  package var chunking: Chunking
  /// Bytes carried so far, both ways together.
  package private(set) var bytesCarried = 0
  /// Bytes sent by the left end, for adversaries that replay or cut.
  package private(set) var sentByLeft = ByteBuffer()
  package var recordsLeft = false
  private var generator: SeededGenerator
  private var toLeft: Deque<(arrival: Instant, bytes: ByteBuffer)> = []
  private var toRight: Deque<(arrival: Instant, bytes: ByteBuffer)> = []

  package init(
    _ left: consuming Left, _ right: consuming Right, latency: Duration = .milliseconds(10),
    chunking: Chunking = .whole, seed: UInt64 = 1, now: Instant = .zero
  ) {
    self.left = left
    self.right = right
    self.latency = latency
    self.chunking = chunking
    self.now = now
    generator = SeededGenerator(seed: seed)
  }

  /// Runs until nothing is left to happen within `limit` of now. Ends at the time of the last thing that
  /// happened.
  package mutating func run(for limit: Duration) {
    let end = now + limit
    exchange()
    while let next = nextInstant, next <= end { step(to: next) }
  }

  /// Runs until `isDone`, which looks at both ends after every step. False: it did not come true within
  /// `limit`.
  package mutating func run(
    within limit: Duration, until isDone: (borrowing Left, borrowing Right) -> Bool
  ) -> Bool {
    let end = now + limit
    exchange()
    while !isDone(left, right) {
      guard let next = nextInstant, next <= end else { return false }
      step(to: next)
    }
    return true
  }

  private var nextInstant: Instant? {
    mutating get {
      [toLeft.first?.arrival, toRight.first?.arrival, left.deadline, right.deadline].compactMap { $0 }.min()
    }
  }

  private mutating func step(to next: Instant) {
    now = max(now, next)
    while let first = toRight.first, first.arrival <= now {
      toRight.removeFirst()
      right.receive(first.bytes, at: now)
      right.settle(at: now)
    }
    while let first = toLeft.first, first.arrival <= now {
      toLeft.removeFirst()
      left.receive(first.bytes, at: now)
      left.settle(at: now)
    }
    if let deadline = left.deadline, deadline <= now {
      left.advance(to: now)
      left.settle(at: now)
    }
    if let deadline = right.deadline, deadline <= now {
      right.advance(to: now)
      right.settle(at: now)
    }
    exchange()
  }

  /// Puts what both ends want to say on the link.
  package mutating func exchange() {
    var wire = ByteBuffer()
    while left.drainOutbound(into: &wire) { left.settle(at: now) }
    if recordsLeft { sentByLeft.writeImmutableBuffer(wire) }
    for piece in cut(wire) { toRight.append((now + latency, piece)) }
    wire = ByteBuffer()
    while right.drainOutbound(into: &wire) { right.settle(at: now) }
    for piece in cut(wire) { toLeft.append((now + latency, piece)) }
  }

  private mutating func cut(_ wire: ByteBuffer) -> [ByteBuffer] {
    var wire = wire
    var pieces: [ByteBuffer] = []
    bytesCarried += wire.readableBytes
    while wire.readableBytes > 0 {
      let size =
        switch chunking {
        case .whole: wire.readableBytes
        case .pieces(let count): count
        case .random(let count): Int.random(in: 1...count, using: &generator)
        }
      // A copy of its own: receivers decrypt in place.
      pieces.append(ByteBuffer(bytes: wire.readBytes(length: min(size, wire.readableBytes)) ?? []))
    }
    return pieces
  }
}
