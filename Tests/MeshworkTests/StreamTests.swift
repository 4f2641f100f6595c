import NIOCore
import Testing

@testable import Meshwork

@Suite struct StreamTests {
  static let echo = "/echo/1.0.0"
  static let sink = "/sink/1.0.0"

  /// Sends back what comes.
  static func serveEcho(_ node: MeshNode) async {
    await node.handle(echo) { stream in
      do {
        while let bytes = try await stream.read() { try await stream.write(bytes) }
      } catch {
        stream.reset()
      }
    }
  }

  /// Bytes in which nothing can be missing or swapped unnoticed: a pattern of 251 after a number of their
  /// own.
  static func bytes(_ count: Int, seed: Int = 0) -> ByteBuffer {
    let pattern = (0..<251).map { UInt8($0) }
    var buffer = ByteBuffer(integer: seed)
    while buffer.readableBytes < count { buffer.writeBytes(pattern) }
    return buffer.getSlice(at: 0, length: count) ?? buffer
  }

  static func readAll(_ stream: MeshStream) async throws -> ByteBuffer {
    var all = ByteBuffer()
    while var bytes = try await stream.read() { all.writeBuffer(&bytes) }
    return all
  }

  // MARK: Both ways

  @Test func echoOfAMegabyte() async throws {
    let pair = try await Pair.connected()
    await Self.serveEcho(pair.bob)
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: [Self.echo])
    }
    #expect(stream.protocolName == Self.echo && stream.direction == .outbound)
    let sent = Self.bytes(1 << 20)
    async let received = within { try await Self.readAll(stream) }
    try await within { try await stream.write(sent) }
    stream.finish()
    #expect(try await received == sent)
    #expect(try await stream.read() == nil)
    await pair.shutdown()
  }

  @Test func twoHundredAtOnce() async throws {
    let pair = try await Pair.connected()
    await Self.serveEcho(pair.bob)
    let ok = try await within(.seconds(60)) {
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<200 {
          group.addTask {
            let stream = try await pair.ann.openStream(to: pair.bob.peerID, protocols: [Self.echo])
            let sent = Self.bytes(10_000, seed: index)
            try await stream.write(sent)
            stream.finish()
            return try await Self.readAll(stream) == sent
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
    }
    #expect(ok == 200)
    try await eventually { await pair.ann.openStreamCount == 0 }
    try await eventually { await pair.bob.openStreamCount == 0 }
    await pair.shutdown()
  }

  @Test func theFirstProtocolThePeerSpeaks() async throws {
    let pair = try await Pair.connected()
    await Self.serveEcho(pair.bob)
    let names = ["/none/1", Self.echo, "/none/2"]
    let stream = try await within { try await pair.ann.openStream(to: pair.bob.peerID, protocols: names) }
    #expect(stream.protocolName == Self.echo)
    let none = ["/none/1", "/none/2"]
    await #expect(throws: MeshError.unsupportedProtocol(none)) {
      try await within { try await pair.ann.openStream(to: pair.bob.peerID, protocols: none) }
    }
    await pair.shutdown()
  }

  // MARK: Pushing back

  @Test func aSlowReaderHoldsItsWriterUp() async throws {
    let pair = try await Pair.connected()
    let gate = Gate<Int>()
    let digest = Gate<Int>()
    let total = 16 << 20
    await pair.bob.handle(Self.sink) { stream in
      await gate.passed()
      var count = 0
      while let bytes = try? await stream.read() { count += bytes.readableBytes }
      await digest.open(count)
    }
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: [Self.sink])
    }
    let progress = Progress()
    let writer = Task {
      let chunk = Self.bytes(64 * 1024)
      for _ in 0..<total / chunk.readableBytes {
        try await stream.write(chunk)
        await progress.add(chunk.readableBytes)
      }
      stream.finish()
    }
    // The writer waits, and what it has written stands in the window and in the queue.
    try await eventually { await pair.ann.waitingWriters == 1 }
    let ahead = await progress.count
    #expect(ahead > 0 && ahead <= 2 << 20)
    #expect(await pair.bob.unreadBytes <= 1 << 20)
    await gate.open(0)
    try await within { try await writer.value }
    #expect(await digest.passed() == total)
    await pair.shutdown()
  }

  @Test func writersOfOneStreamDoNotMixTheirBytes() async throws {
    let pair = try await Pair.connected()
    let result = Gate<ByteBuffer>()
    await pair.bob.handle(Self.sink) { stream in
      await result.open((try? await Self.readAll(stream)) ?? ByteBuffer())
    }
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: [Self.sink])
    }
    try await within {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<8 {
          group.addTask { try await stream.write(ByteBuffer(repeating: UInt8(index), count: 300_000)) }
        }
        try await group.waitForAll()
      }
    }
    stream.finish()
    var received = try await within { await result.passed() }
    #expect(received.readableBytes == 8 * 300_000)
    var writers: Set<UInt8> = []
    while let run = received.readSlice(length: 300_000), let writer = run.readableBytesView.first {
      #expect(run == ByteBuffer(repeating: writer, count: 300_000))
      writers.insert(writer)
    }
    #expect(writers.count == 8)
    await pair.shutdown()
  }

  // MARK: Cancelling

  @Test func aCancelledReadLosesNothing() async throws {
    let pair = try await Pair.connected()
    await Self.serveEcho(pair.bob)
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: [Self.echo])
    }
    let reading = Task { try await stream.read() }
    try await eventually { await pair.ann.waitingReaders == 1 }
    reading.cancel()
    await #expect(throws: CancellationError.self) { try await reading.value }
    try await stream.write("still there")
    #expect(try await within { try await stream.read() } == ByteBuffer(string: "still there"))
    await pair.shutdown()
  }

  @Test func aCancelledWriteLetsTheNextOneThrough() async throws {
    let pair = try await Pair.connected()
    await pair.bob.handle(Self.sink) { stream in _ = try? await Self.readAll(stream) }
    let gate = Gate<Int>()
    await pair.bob.handle("/stuck/1") { _ in _ = await gate.passed() }
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: ["/stuck/1"])
    }
    let writing = Task { try await stream.write(ByteBuffer(repeating: 1, count: 8 << 20)) }
    try await eventually { await pair.ann.waitingWriters == 1 }
    let second = Task { try await stream.write("second") }
    try await eventually { await pair.ann.waitingWriters == 2 }
    writing.cancel()
    await #expect(throws: CancellationError.self) { try await writing.value }
    try await eventually { await pair.ann.waitingWriters == 1 }
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    await gate.open(0)
    await pair.shutdown()
  }

  @Test func twoReadersAreOneTooMany() async throws {
    let pair = try await Pair.connected()
    await Self.serveEcho(pair.bob)
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: [Self.echo])
    }
    let reading = Task { try await stream.read() }
    try await eventually { await pair.ann.waitingReaders == 1 }
    await #expect(throws: MeshError.concurrentRead) { try await stream.read() }
    try await stream.write("one")
    #expect(try await within { try await reading.value } == ByteBuffer(string: "one"))
    await pair.shutdown()
  }

  // MARK: Ending

  @Test func resetsCarryTheirCode() async throws {
    let pair = try await Pair.connected()
    await pair.bob.handle("/refuse/1") { $0.reset(code: 42) }
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: ["/refuse/1"])
    }
    await #expect(throws: MeshError.streamReset(code: 42)) { try await within { try await stream.read() } }
    await #expect(throws: MeshError.self) { try await stream.write("too late") }
    await pair.shutdown()
  }

  @Test func afterFinishingNothingIsWritten() async throws {
    let pair = try await Pair.connected()
    await Self.serveEcho(pair.bob)
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: [Self.echo])
    }
    try await stream.write("a")
    stream.finish()
    stream.finish()
    await #expect(throws: MeshError.streamClosed) { try await stream.write("b") }
    #expect(try await within { try await Self.readAll(stream) } == ByteBuffer(string: "a"))
    stream.reset()
    #expect(try await stream.read() == nil)
    await pair.shutdown()
  }

  @Test func droppedStreamsEnd() async throws {
    let pair = try await Pair.connected()
    let heard = Gate<Int>()
    await pair.bob.handle("/drop/1") { stream in
      do {
        _ = try await Self.readAll(stream)
        await heard.open(1)
      } catch {
        await heard.open(2)
      }
    }
    await pair.bob.handle("/keep/1") { stream in
      let all = (try? await Self.readAll(stream)) ?? ByteBuffer()
      await heard.open(all.readableBytes)
    }
    // Dropped in the middle: a reset.
    _ = try await within { try await pair.ann.openStream(to: pair.bob.peerID, protocols: ["/drop/1"]) }
    #expect(try await within { await heard.passed() } == 2)
    await heard.close()
    // Finished and dropped: everything arrives.
    do {
      let stream = try await within {
        try await pair.ann.openStream(to: pair.bob.peerID, protocols: ["/keep/1"])
      }
      try await within { try await stream.write(Self.bytes(1 << 20)) }
      stream.finish()
    }
    #expect(try await within { await heard.passed() } == 1 << 20)
    try await eventually { await pair.ann.openStreamCount == 0 }
    await pair.shutdown()
  }

  @Test func aLostConnectionEndsItsStreams() async throws {
    let pair = try await Pair.connected()
    await Self.serveEcho(pair.bob)
    let stream = try await within {
      try await pair.ann.openStream(to: pair.bob.peerID, protocols: [Self.echo])
    }
    let reading = Task { try await stream.read() }
    try await eventually { await pair.ann.waitingReaders == 1 }
    await pair.bob.shutdown()
    await #expect(throws: MeshError.self) { try await within { try await reading.value } }
    await #expect(throws: MeshError.self) { try await stream.write("gone") }
    await pair.ann.shutdown()
  }
}
