// The words the perf tests are written in.

import NIOCore
import Perf
import SansIO
import Testing

func ms(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

func zeros(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0, count: count) }

func u64(_ values: UInt64...) -> ByteBuffer {
  var bytes = ByteBuffer()
  for value in values { bytes.writeInteger(value) }
  return bytes
}

let acknowledgement = ByteBuffer(integer: UInt8(0x06))

func report(_ up: UInt64, _ down: UInt64, upMs: Int64, downMs: Int64) -> Report {
  Report(
    uploadedBytes: up, downloadedBytes: down,
    uploadElapsed: .milliseconds(upMs), downloadElapsed: .milliseconds(downMs))
}

extension Client {
  mutating func receives(_ bytes: ByteBuffer, at now: Instant) {
    var bytes = bytes
    receive(&bytes, at: now)
    #expect(bytes.readableBytes == 0)
  }

  /// Everything there is to send now, in pieces of `maxBytes`.
  mutating func sends(maxBytes: Int = 1 << 20, at now: Instant) -> ByteBuffer {
    var sent = ByteBuffer()
    while let chunk = nextChunk(maxBytes: maxBytes, at: now) {
      #expect((1...maxBytes).contains(chunk.readableBytes))
      sent.writeImmutableBuffer(chunk)
    }
    return sent
  }

  mutating func expect(_ event: Event?, at location: SourceLocation = #_sourceLocation) throws {
    #expect(try nextEvent() == event, sourceLocation: location)
  }

  mutating func expectFailure(_ error: PerfError, at location: SourceLocation = #_sourceLocation) throws {
    #expect(throws: error, sourceLocation: location) { try nextEvent() }
    #expect(try nextEvent() == nil, sourceLocation: location)
    #expect(deadline == nil && !outboundFinished, sourceLocation: location)
    #expect(nextChunk(maxBytes: 1000, at: .zero) == nil, sourceLocation: location)
  }
}

extension Server {
  mutating func receives(_ bytes: ByteBuffer, at now: Instant) {
    var bytes = bytes
    receive(&bytes, at: now)
    #expect(bytes.readableBytes == 0)
  }

  mutating func sends(maxBytes: Int = 1 << 20, at now: Instant) -> ByteBuffer {
    var sent = ByteBuffer()
    while let chunk = nextChunk(maxBytes: maxBytes, at: now) {
      #expect((1...maxBytes).contains(chunk.readableBytes))
      sent.writeImmutableBuffer(chunk)
    }
    return sent
  }

  mutating func expect(_ event: Event?, at location: SourceLocation = #_sourceLocation) throws {
    #expect(try nextEvent() == event, sourceLocation: location)
  }

  mutating func expectFailure(_ error: PerfError, at location: SourceLocation = #_sourceLocation) throws {
    #expect(throws: error, sourceLocation: location) { try nextEvent() }
    #expect(try nextEvent() == nil, sourceLocation: location)
    #expect(deadline == nil && !outboundFinished, sourceLocation: location)
    #expect(nextChunk(maxBytes: 1000, at: .zero) == nil, sourceLocation: location)
  }
}
