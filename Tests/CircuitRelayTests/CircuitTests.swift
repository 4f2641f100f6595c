// The relay's circuits: how they come, what they carry, how they end.

import CircuitRelay
import Identity
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct CircuitTests {
  /// A desk with peers 1, 2 and 3, of whom 2 and 3 hold reservations.
  func ready(_ change: (inout ServiceConfiguration) -> Void = { _ in }) throws -> Desk {
    var desk = Desk(change)
    for number in 1...3 { desk.connect(number) }
    #expect(try desk.status(.reserve, by: 2) == .ok)
    #expect(try desk.status(.reserve, by: 3) == .ok)
    return desk
  }

  // Coming.

  @Test func `bytes go both ways once the target has agreed, and early ones are not lost`() throws {
    var desk = try ready()
    let hop = desk.open(1)
    desk.send(HopMessage.connect(to: peer(2)).encoded + buffer("early"), on: hop)
    _ = desk.pump()
    guard case .openStop(let open, _)? = desk.events.last else { return }
    let stop = StreamHandle(connection: ConnectionID(rawValue: 2), stream: 9)
    desk.service.opened(open, as: stop, at: .zero)
    #expect(desk.events.contains(.consumed(45, on: hop)))
    #expect(desk.pump()[stop] == StopMessage.connect(from: peer(1), .unlimited).encoded)
    desk.send(StopMessage.status(.ok).encoded + buffer("hello"), on: stop)
    let sent = desk.pump()
    #expect(sent[stop] == buffer("early"))
    #expect(sent[hop] == HopMessage.status(.ok, nil, .unlimited).encoded + buffer("hello"))
    #expect(desk.events.contains(.consumed(5, on: hop)) && desk.events.contains(.consumed(5, on: stop)))
    #expect(desk.events.contains(.circuitOpened(CircuitID(rawValue: 1), from: peer(1), to: peer(2))))
    #expect(desk.service.heldByteCount == 0)
  }

  @Test func `a target without a reservation, and one's own self`() throws {
    var desk = try ready()
    desk.connect(4)
    #expect(try desk.status(.connect(to: peer(4)), by: 1) == .noReservation)
    #expect(try desk.status(.connect(to: desk.relay.peerID), by: 1) == .noReservation)
    #expect(try desk.status(.connect(to: peer(2)), by: 2) == .permissionDenied)
    desk.service.advance(to: ms(3_600_000))
    #expect(try desk.status(.connect(to: peer(2)), by: 1, at: ms(3_600_000)) == .noReservation)
    #expect(desk.service.counters.connectsWithoutReservation == 3)
  }

  @Test func `a target that refuses, cannot be asked, answers nonsense or nothing`() throws {
    for answer in [
      StopMessage.status(.permissionDenied).encoded, StopMessage.connect(from: peer(2), .unlimited).encoded,
      ByteBuffer(repeating: 0xFF, count: 10), ByteBuffer(bytes: [1, 0xFF]),
    ] {
      try expectFailure { desk, stop in desk.send(answer, on: stop) }
    }
    try expectFailure { desk, stop in desk.service.streamEnded(stop, wasReset: true, at: .zero) }
    try expectFailure { desk, stop in desk.service.remoteFinished(stop, at: .zero) }
    try expectFailure { desk, _ in desk.service.peerDisconnected(ConnectionID(rawValue: 2), at: .zero) }
    try expectFailure { desk, _ in desk.service.advance(to: ms(30_000)) }
  }

  /// What the target does makes the initiator's wish fail.
  func expectFailure(
    at location: SourceLocation = #_sourceLocation, _ target: (inout Desk, StreamHandle) -> Void
  ) throws {
    var desk = try ready()
    let (hop, stop) = try desk.asks(1, for: 2)
    target(&desk, stop)
    let answer = try #require(desk.pump(at: ms(30_000))[hop], sourceLocation: location)
    let message = try HopMessage(decoding: body(answer))
    #expect(message == .status(.connectionFailed, nil, .unlimited), sourceLocation: location)
    #expect(desk.events.contains(.finish(hop)) && desk.service.circuitCount == 0, sourceLocation: location)
    #expect(desk.service.counters.connectsFailed == 1, sourceLocation: location)
  }

  @Test func `a stop stream that cannot be opened, or comes too late`() throws {
    var desk = try ready()
    let hop = desk.open(1)
    desk.send(HopMessage.connect(to: peer(2)).encoded, on: hop)
    _ = desk.pump()
    guard case .openStop(let open, _)? = desk.events.last else { return }
    desk.service.openFailed(open, at: .zero)
    let answer = try #require(desk.pump()[hop])
    #expect(try HopMessage(decoding: body(answer)) == .status(.connectionFailed, nil, .unlimited))
    let late = StreamHandle(connection: ConnectionID(rawValue: 2), stream: 99)
    desk.service.opened(open, as: late, at: .zero)
    _ = desk.pump()
    #expect(desk.events == [.reset(late)])
  }

  @Test func `an initiator that goes away takes the wish with it`() throws {
    var desk = try ready()
    let (hop, stop) = try desk.asks(1, for: 2)
    desk.service.streamEnded(hop, wasReset: true, at: .zero)
    _ = desk.pump()
    #expect(desk.events == [.reset(stop)] && desk.service.circuitCount == 0)
  }

  @Test func `circuits of a peer and in all are limited, at either end`() throws {
    var desk = try ready {
      $0.circuitsPerPeerMax = 2
      $0.circuitsMax = 3
    }
    desk.connect(4)
    let first = try desk.circuit(from: 1, to: 2)
    _ = try desk.circuit(from: 1, to: 3)
    #expect(try desk.status(.connect(to: peer(2)), by: 1) == .resourceLimitExceeded)
    _ = try desk.circuit(from: 4, to: 2)
    #expect(try desk.status(.connect(to: peer(2)), by: 3) == .resourceLimitExceeded)
    #expect(try desk.status(.connect(to: peer(3)), by: 4) == .resourceLimitExceeded)
    desk.service.streamEnded(first.hop, wasReset: true, at: .zero)
    _ = desk.pump()
    _ = try desk.circuit(from: 4, to: 3)
    #expect(desk.service.counters.connectsOverLimit == 3)
  }

  @Test func `asking for circuits too often is refused`() throws {
    var desk = try ready { $0.circuitRatePerPeer = Rate(burst: 2, interval: .seconds(10)) }
    for _ in 0..<2 { #expect(try desk.status(.connect(to: peer(9)), by: 1) == .noReservation) }
    #expect(try desk.status(.connect(to: peer(9)), by: 1) == .resourceLimitExceeded)
    #expect(try desk.status(.connect(to: peer(9)), by: 1, at: ms(10_000)) == .noReservation)
  }

  // Carrying.

  @Test func `bytes are consumed when they are handed on, so a reader that stops stops the writer`() throws {
    var desk = try ready()
    let (hop, stop) = try desk.circuit(from: 1, to: 2)
    desk.send(ByteBuffer(repeating: 7, count: 200_000), on: hop)
    #expect(desk.service.nextStreamWithOutbound() == stop)
    #expect(desk.service.nextChunk(for: stop, maxBytes: 0, at: .zero) == nil)
    #expect(desk.service.nextStreamWithOutbound() == nil && desk.service.nextEvent() == nil)
    #expect(desk.service.heldByteCount == 200_000)
    desk.service.streamWritable(stop)
    #expect(desk.service.nextStreamWithOutbound() == stop)
    #expect(desk.service.nextChunk(for: stop, maxBytes: 1000, at: .zero)?.readableBytes == 1000)
    #expect(desk.service.nextEvent() == .consumed(1000, on: hop))
    #expect(desk.pump()[stop]?.readableBytes == 199_000)
    #expect(desk.service.counters.bytesRelayed == 200_000)
  }

  @Test func `streams take turns`() throws {
    var desk = try ready { $0.quantumBytes = 1000 }
    let (firstHop, firstStop) = try desk.circuit(from: 1, to: 2)
    let (secondHop, secondStop) = try desk.circuit(from: 1, to: 3)
    desk.send(ByteBuffer(repeating: 7, count: 100_000), on: firstHop)
    desk.send(ByteBuffer(repeating: 8, count: 3000), on: secondHop)
    var turns: [StreamHandle] = []
    for _ in 0..<8 {
      guard let stream = desk.service.nextStreamWithOutbound() else { break }
      #expect(desk.service.nextChunk(for: stream, maxBytes: 1 << 20, at: .zero)?.readableBytes == 1000)
      turns.append(stream)
    }
    let pair = [firstStop, secondStop]
    #expect(turns == pair + pair + pair + [firstStop, firstStop])
  }

  @Test func `a paced circuit is slow, and whole`() throws {
    var desk = try ready { $0.circuitBytesPerSecond = 10_000 }
    let (hop, stop) = try desk.circuit(from: 1, to: 2)
    desk.send(ByteBuffer(repeating: 7, count: 50_000), on: hop)
    var carried: [Int] = [desk.pump()[stop]?.readableBytes ?? 0]
    var now = Instant.zero
    while desk.service.heldByteCount > 0, let due = desk.service.deadline, due <= ms(10_000) {
      now = due
      desk.service.advance(to: now)
      carried.append(desk.pump(at: now)[stop]?.readableBytes ?? 0)
    }
    #expect(carried.first == 20_000 && carried.reduce(0, +) == 50_000)
    #expect((2990...3010).contains((now - .zero).milliseconds), "\(now)")
    #expect(carried.count < 20 && desk.service.circuitCount == 1)
  }

  @Test func `the byte limit holds in each direction, to the byte`() throws {
    var desk = try ready { $0.circuitLimit = Limit(bytes: 1000) }
    let (hop, stop) = try desk.circuit(from: 1, to: 2)
    desk.send(ByteBuffer(repeating: 1, count: 1000), on: hop)
    desk.send(ByteBuffer(repeating: 2, count: 999), on: stop)
    let sent = desk.pump()
    #expect(sent[stop]?.readableBytes == 1000 && sent[hop]?.readableBytes == 999)
    desk.send(ByteBuffer(repeating: 2, count: 1), on: stop)
    #expect(desk.pump()[hop]?.readableBytes == 1)
    desk.send(ByteBuffer(repeating: 1, count: 1), on: hop)
    _ = desk.pump()
    let end = Service.Event.circuitClosed(
      CircuitID(rawValue: 1), .bytesLimit, bytesToTarget: 1000, bytesFromTarget: 1000)
    #expect(desk.events == [.reset(hop), .reset(stop), end])
    #expect(desk.service.counters.circuitsOverBytes == 1 && desk.service.circuitCount == 0)
  }

  @Test func `the time limit begins with the circuit`() throws {
    var desk = try ready { $0.circuitLimit = Limit(duration: .seconds(120)) }
    let (hop, stop) = try desk.circuit(from: 1, to: 2, at: ms(5000))
    desk.service.advance(to: ms(124_999))
    _ = desk.pump()
    #expect(desk.events.isEmpty)
    desk.service.advance(to: ms(125_000))
    _ = desk.pump()
    #expect(desk.events.prefix(2) == [.reset(hop), .reset(stop)])
    #expect(desk.service.counters.circuitsOverTime == 1)
  }

  @Test func `who never reads loses the circuit, and who is only slow does not`() throws {
    var desk = try ready()
    let (hop, stop) = try desk.circuit(from: 1, to: 2)
    desk.send(ByteBuffer(repeating: 7, count: 10), on: hop)
    for second in 1...10 as ClosedRange<Int64> {
      let now = ms(second * 100_000)
      desk.service.advance(to: now)
      #expect(desk.service.nextChunk(for: stop, maxBytes: 1, at: now) != nil || second > 9)
      if second < 9 { #expect(desk.service.circuitCount == 1) }
    }
    // All was taken: an idle circuit is not a stalled one.
    desk.service.advance(to: ms(2_000_000))
    #expect(desk.service.circuitCount == 1)
    desk.send(ByteBuffer(repeating: 7, count: 10), on: stop, at: ms(2_000_000))
    desk.service.advance(to: ms(2_120_000))
    _ = desk.pump(at: ms(2_120_000))
    #expect(desk.events.contains(.reset(hop)) && desk.service.counters.circuitsStalled == 1)
    #expect(desk.service.heldByteCount == 0)
  }

  /// Slices of a large buffer, mixed by their sender with much that somebody else reads.
  @Test func `what waits for a reader keeps nothing else alive`() throws {
    for (pieceBytes, count) in [(1, 3000), (5000, 30)] {
      var desk = try ready()
      let (hop, stop) = try desk.circuit(from: 1, to: 2)
      for _ in 0..<count {
        var received = ByteBuffer(repeating: 7, count: 256 * 1024)
        let piece = received.readSlice(length: pieceBytes)
        desk.send(try #require(piece), on: hop)
      }
      #expect(desk.service.heldByteCount == pieceBytes * count)
      var chunks: [ByteBuffer] = []
      while let chunk = desk.service.nextChunk(for: stop, maxBytes: 1 << 20, at: .zero) {
        chunks.append(chunk)
      }
      #expect(chunks.map(\.readableBytes).reduce(0, +) == pieceBytes * count)
      // All but the first, which did not have to wait.
      let keptBytes = chunks.dropFirst().map(\.storageCapacity).reduce(0, +)
      #expect(keptBytes <= 3 * pieceBytes * count, "\(keptBytes) bytes are kept for \(pieceBytes * count)")
    }
  }

  @Test func `too much held in all costs the circuit that holds most`() throws {
    var desk = try ready { $0.heldBytesMax = 10_000 }
    let heavy = try desk.circuit(from: 1, to: 2)
    let light = try desk.circuit(from: 1, to: 3)
    desk.send(ByteBuffer(repeating: 1, count: 8000), on: heavy.hop)
    desk.send(ByteBuffer(repeating: 2, count: 2001), on: light.hop)
    #expect(desk.pump()[light.stop]?.readableBytes == 2001)
    #expect(desk.events.contains(.reset(heavy.hop)) && desk.service.counters.circuitsOverMemory == 1)
  }

  // Ending.

  @Test func `a half that ends is ended for the other when its bytes have gone`() throws {
    var desk = try ready()
    let (hop, stop) = try desk.circuit(from: 1, to: 2)
    desk.send(buffer("last"), on: hop)
    desk.service.remoteFinished(hop, at: .zero)
    #expect(desk.service.nextEvent() == nil)
    #expect(desk.pump()[stop] == buffer("last"))
    #expect(desk.events == [.consumed(4, on: hop), .finish(stop)])
    desk.send(buffer("answer"), on: stop)
    #expect(desk.pump()[hop] == buffer("answer"))
    desk.service.remoteFinished(stop, at: .zero)
    _ = desk.pump()
    let end = Service.Event.circuitClosed(
      CircuitID(rawValue: 1), .finished, bytesToTarget: 4, bytesFromTarget: 6)
    #expect(desk.events == [.finish(hop), end])
    desk.service.streamEnded(hop, wasReset: false, at: .zero)
    desk.service.streamEnded(stop, wasReset: false, at: .zero)
    _ = desk.pump()
    #expect(desk.events.isEmpty && desk.service.counters.circuitsFinished == 1)
  }

  @Test func `a reset passes to the other end, and so does a lost connection`() throws {
    for isFirst in [true, false] {
      var desk = try ready()
      let (hop, stop) = try desk.circuit(from: 1, to: 2)
      desk.service.streamEnded(isFirst ? hop : stop, wasReset: true, at: .zero)
      _ = desk.pump()
      #expect(desk.events.first == .reset(isFirst ? stop : hop))
      #expect(desk.service.counters.circuitsBroken == 1)

      let other = try desk.circuit(from: 1, to: 2)
      desk.service.peerDisconnected(ConnectionID(rawValue: isFirst ? 1 : 2), at: .zero)
      _ = desk.pump()
      #expect(desk.events.contains(.reset(isFirst ? other.stop : other.hop)))
      #expect(desk.service.circuitCount == 0)
    }
  }

  @Test func `no order of things does harm`() throws {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var desk = try ready { $0.circuitLimit = Limit(duration: .seconds(90), bytes: 5000) }
      var now = Instant.zero
      var streams: [StreamHandle] = []
      var opens: [OpenID] = []
      for _ in 0..<150 {
        now += generator.duration(upTo: .seconds(2))
        let stream = streams.randomElement(using: &generator) ?? desk.open(1, at: now)
        switch Int.random(in: 0..<11, using: &generator) {
        case 0: streams.append(desk.open(Int.random(in: 1...3, using: &generator), at: now))
        case 1: desk.send(HopMessage.connect(to: peer(2)).encoded, on: stream, at: now)
        case 2: desk.send(HopMessage.reserve.encoded, on: stream, at: now)
        case 3: desk.send(StopMessage.status(.ok).encoded, on: stream, at: now)
        case 4: desk.send(ByteBuffer(bytes: generator.bytes(20)), on: stream, at: now)
        case 5: desk.service.remoteFinished(stream, at: now)
        case 6: desk.service.streamEnded(stream, wasReset: Bool.random(using: &generator), at: now)
        case 7:
          desk.service.advance(to: now)
          let deadline = desk.service.deadline
          #expect(deadline.map { $0 > now } ?? true)
        case 8:
          if let open = opens.popLast() {
            let stop = StreamHandle(
              connection: ConnectionID(rawValue: 2), stream: UInt32(1000 + streams.count))
            desk.service.opened(open, as: stop, at: now)
            streams.append(stop)
          }
        case 9:
          let number = Int.random(in: 1...3, using: &generator)
          desk.service.peerDisconnected(ConnectionID(rawValue: UInt64(number)), at: now)
          desk.connect(number)
        default: desk.send(ByteBuffer(repeating: 1, count: 2000), on: stream, at: now)
        }
        _ = desk.pump(at: now)
        opens += desk.events.compactMap { if case .openStop(let open, _) = $0 { open } else { nil } }
      }
      for number in 1...3 { desk.service.peerDisconnected(ConnectionID(rawValue: UInt64(number)), at: now) }
      _ = desk.pump(at: now)
      #expect(desk.service.circuitCount == 0 && desk.service.heldByteCount == 0)
      #expect(desk.service.reservationCount == 0)
      let deadline = desk.service.deadline
      #expect(deadline == nil, "seed \(seed)")
    }
  }
}

func + (left: ByteBuffer, right: ByteBuffer) -> ByteBuffer {
  var sum = left
  sum.writeImmutableBuffer(right)
  return sum
}
