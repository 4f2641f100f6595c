// The words the ping tests are written in.

import NIOCore
import Ping
import SansIO
import Testing

func ms(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

/// Bytes 0, 1, 2 … so that a payload can be written down.
struct CountingGenerator: RandomNumberGenerator {
  var nextByte: UInt8 = 0

  mutating func next() -> UInt64 {
    var word: UInt64 = 0
    for shift in 0..<8 {
      word |= UInt64(nextByte) << (8 * UInt64(shift))
      nextByte &+= 1
    }
    return word
  }
}

extension Initiator {
  mutating func drained() -> ByteBuffer {
    var wire = ByteBuffer()
    _ = drainOutbound(into: &wire)
    return wire
  }

  mutating func receives(_ bytes: ByteBuffer, at now: Instant) {
    var bytes = bytes
    receive(&bytes, at: now)
    #expect(bytes.readableBytes == 0)
  }

  /// Sends a ping and gives its payload.
  mutating func pings(seed: UInt64 = 1, at now: Instant) -> ByteBuffer {
    var generator = SeededGenerator(seed: seed)
    #expect(ping(at: now, using: &generator))
    return drained()
  }

  mutating func expect(_ event: Event?, at location: SourceLocation = #_sourceLocation) throws {
    #expect(try nextEvent() == event, sourceLocation: location)
  }

  mutating func expectFailure(_ error: PingError, at location: SourceLocation = #_sourceLocation) throws {
    #expect(throws: error, sourceLocation: location) { try nextEvent() }
    #expect(try nextEvent() == nil, sourceLocation: location)
    #expect(deadline == nil && !outboundFinished && drained() == ByteBuffer(), sourceLocation: location)
  }
}

extension Responder {
  mutating func drained() -> ByteBuffer {
    var wire = ByteBuffer()
    _ = drainOutbound(into: &wire)
    return wire
  }

  mutating func receives(_ bytes: ByteBuffer, at now: Instant) {
    var bytes = bytes
    receive(&bytes, at: now)
    #expect(bytes.readableBytes == 0)
  }

  mutating func expect(_ event: Event?, at location: SourceLocation = #_sourceLocation) throws {
    #expect(try nextEvent() == event, sourceLocation: location)
  }

  mutating func expectFailure(_ error: PingError, at location: SourceLocation = #_sourceLocation) throws {
    #expect(throws: error, sourceLocation: location) { try nextEvent() }
    #expect(try nextEvent() == nil, sourceLocation: location)
    #expect(deadline == nil && !outboundFinished && drained() == ByteBuffer(), sourceLocation: location)
  }
}

extension ByteBuffer {
  func bytes(_ range: Range<Int>) -> ByteBuffer {
    getSlice(at: range.lowerBound, length: range.count) ?? ByteBuffer()
  }
}

func payload(_ byte: UInt8, count: Int = 32) -> ByteBuffer { ByteBuffer(repeating: byte, count: count) }
