// Limits, and peers that keep no rules.

import DCUtR
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@Suite struct HostileTests {
  // MARK: State × input

  enum State: CaseIterable { case asking, answering, synchronising, done }
  enum Input: CaseIterable { case connect, sync, garbage, unknownType, tooLong, finished, ended, late }
  /// What becomes of the stream; for B's also of the attempt.
  enum Effect: Equatable {
    case answered, synchronised, acted, finished, nothing
    case reset(Failure?)
    case failed(Failure)
  }

  @Test func `every input in every state of a stream`() throws {
    let table: [State: [Input: Effect]] = [
      .asking: [
        .connect: .synchronised, .sync: .reset(.unexpectedMessage), .garbage: .reset(.malformedMessage),
        .unknownType: .reset(.unexpectedMessage), .tooLong: .reset(.malformedMessage),
        .finished: .reset(.refusedByPeer), .ended: .failed(.refusedByPeer), .late: .reset(.noAnswer),
      ],
      .answering: [
        .connect: .answered, .sync: .reset(nil), .garbage: .reset(nil), .unknownType: .reset(nil),
        .tooLong: .reset(nil), .finished: .reset(nil), .ended: .nothing, .late: .reset(nil),
      ],
      .synchronising: [
        .connect: .reset(nil), .sync: .acted, .garbage: .reset(nil), .unknownType: .reset(nil),
        .tooLong: .reset(nil), .finished: .finished, .ended: .nothing, .late: .reset(nil),
      ],
      .done: [
        .connect: .nothing, .sync: .nothing, .garbage: .nothing, .unknownType: .nothing,
        .tooLong: .nothing, .finished: .nothing, .ended: .nothing, .late: .reset(nil),
      ],
    ]
    for state in State.allCases {
      for input in Input.allCases {
        let expected = try #require(table[state]?[input])
        let found = try effect(of: input, in: state)
        #expect(found == expected, "\(input) when \(state)")
      }
    }
  }

  private func effect(of input: Input, in state: State) throws -> Effect {
    var rig = Rig()
    let stream: StreamHandle
    switch state {
    case .asking: stream = try rig.asks()
    case .answering, .synchronising, .done:
      rig.circuit(20, isInbound: false)
      stream = rig.freshStream(20)
      rig.machine.streamOpened(stream, by: peers[20], at: .zero)
      if state != .answering { rig.send(.connect([theirAddress]), on: stream, at: .zero) }
      if state == .done {
        rig.send(.sync, on: stream, at: .zero)
        guard let punch = rig.said().compactMap(\.punch).first else { return .nothing }
        rig.machine.punched(punch.id, as: .initiator, at: .zero)
      }
    }
    _ = rig.said()
    switch input {
    case .connect: rig.send(.connect([theirAddress]), on: stream, at: .zero)
    case .sync: rig.send(.sync, on: stream, at: .zero)
    case .garbage: rig.send(ByteBuffer(bytes: [3, 0xFF, 0xFF, 0xFF]), on: stream, at: .zero)
    case .unknownType: rig.send(ByteBuffer(bytes: [2, 0x08, 0x07]), on: stream, at: .zero)
    case .tooLong: rig.send(ByteBuffer(bytes: [0x81, 0x20]), on: stream, at: .zero)
    case .finished: rig.machine.remoteFinished(stream, at: .zero)
    case .ended: rig.machine.streamEnded(stream, at: .zero)
    case .late: rig.machine.advance(to: ms(60_000))
    }
    let events = rig.said()
    let failure = events.failures.first
    if events.contains(.reset(stream)) { return .reset(failure) }
    if let failure { return .failed(failure) }
    if events.compactMap(\.punch).count == 1 { return .acted }
    if events.contains(.write(Message.sync.encoded, on: stream)) { return .synchronised }
    if events.contains(.write(Message.connect([ourAddress]).encoded, on: stream)) { return .answered }
    return events.contains(.finish(stream)) ? .finished : .nothing
  }

  @Test func `malformed bytes are refused wherever they are cut, and counted`() throws {
    let good = [UInt8](Message.connect([theirAddress]).encoded.readableBytesView)
    var generator = SeededGenerator(seed: 3)
    for bytes in good.bitFlips + good.truncations {
      for _ in 0..<3 {
        let cut = Int.random(in: 0...bytes.count, using: &generator)
        var rig = Rig()
        let stream = try rig.asks()
        for piece in [bytes[..<cut], bytes[cut...]] where !piece.isEmpty {
          rig.send(ByteBuffer(bytes: piece), on: stream, at: .zero)
        }
        rig.machine.streamEnded(stream, at: .zero)
        let counters = rig.machine.counters
        let events = rig.said()
        let isTaken = events.contains(.write(Message.sync.encoded, on: stream))
        let isRefused = events.contains(.reset(stream))
        #expect(!(isTaken && isRefused))
        #expect(isRefused == (counters.malformedMessages + counters.unexpectedMessages == 1))
        if !isTaken { #expect(events.failures.count == 1) }
      }
    }
  }

  @Test func `ten thousand addresses do not fit, and as many as fit come to twenty`() throws {
    var rig = Rig()
    rig.circuit(20, isInbound: false)
    let many = (0..<10_000).map { address("/ip4/46.\($0 / 250).\($0 % 250).1/tcp/1") }
    let stream = rig.freshStream(20)
    rig.machine.streamOpened(stream, by: peers[20], at: .zero)
    rig.send(.connect(many), on: stream, at: .zero)
    #expect(rig.said() == [.reset(stream)])
    #expect(rig.machine.counters.malformedMessages == 1)
    let punch = try rig.answers(to: [Multiaddr](many.prefix(400)))
    #expect(punch.addresses == [Multiaddr](many.prefix(20)))
    #expect(rig.machine.counters.addressesDropped == 236, "of the 256 that are read")
  }

  // MARK: Streams

  @Test func `a stream on anything but a circuit that we dialled is refused`() {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    rig.circuit(21, isInbound: false)
    let unknown = StreamHandle(connection: rig.connection(99), stream: 1)
    let wrongWay = StreamHandle(connection: rig.connection(20), stream: 1)
    let another = StreamHandle(connection: rig.connection(21), stream: 1)
    for (stream, peer) in [(unknown, 20), (wrongWay, 20), (another, 20), (another, 50)] {
      rig.machine.streamOpened(stream, by: peers[peer], at: .zero)
      #expect(rig.said() == [.reset(stream)])
    }
    #expect(rig.machine.counters.streamsOutOfPlace == 4)
  }

  @Test func `a peer has six streams at once, and then one in ten seconds`() {
    var rig = Rig()
    rig.circuit(20, isInbound: false)
    func refused(_ count: Int, at now: Instant) -> Int {
      (0..<count).count { _ in
        let stream = rig.freshStream(20)
        rig.machine.streamOpened(stream, by: peers[20], at: now)
        return rig.said() == [.reset(stream)]
      }
    }
    #expect(refused(10, at: .zero) == 4)
    #expect(refused(10, at: ms(20_000)) == 8)
    // Another circuit changes nothing.
    rig.machine.relayedClosed(rig.connection(20), to: peers[20], at: ms(20_000))
    rig.circuit(20, isInbound: false, at: ms(20_000))
    #expect(refused(3, at: ms(20_000)) == 3)
    #expect(rig.machine.counters.streamsLimited == 15)
  }

  @Test func `streams that say nothing end after a minute, and there are never more than 64`() {
    var rig = Rig { $0.upgradesMax = 1000 }
    var refused = 0
    for number in 20..<40 {
      rig.circuit(number, isInbound: false)
      for _ in 0..<5 {
        let stream = rig.freshStream(number)
        rig.machine.streamOpened(stream, by: peers[number], at: .zero)
        if rig.said() == [.reset(stream)] { refused += 1 }
      }
    }
    #expect(refused == 36)
    #expect(rig.machine.counters.streamsTooMany == 36)
    #expect(rig.advance(to: ms(60_000)).compactMap(\.reset).count == 64)
    #expect(rig.machine.counters.timeouts == 64)
  }

  @Test func `a peer that refuses gets no more attempts by opening circuits anew`() throws {
    var rig = Rig()
    var series = 0
    for second: Int64 in 0..<120 {
      let now = ms(second * 1000)
      rig.circuit(20, isInbound: true, at: now)
      rig.describe(20, [theirAddress], at: now)
      for open in (rig.said() + rig.advance(to: now)).compactMap(\.open) {
        series += 1
        rig.machine.openFailed(open, isUnsupported: false, at: now)
      }
      rig.machine.relayedClosed(rig.connection(20), to: peers[20], at: now)
      _ = rig.said()
    }
    #expect(series >= 2 && series <= 5, "\(series) in two minutes")
    #expect(rig.machine.counters.promptsLimited > 60)
  }

  // MARK: Many

  @Test func `sixteen upgrades go on at once; ours wait, theirs are refused`() throws {
    var rig = Rig()
    var open: [OpenID] = []
    for number in 20..<40 {
      rig.circuit(number, isInbound: true)
      rig.describe(number)
      open += rig.said().compactMap(\.open)
    }
    #expect(open.count == 16)
    #expect(rig.machine.summary(of: peers[39])?.state == .trying)
    rig.circuit(50, isInbound: false)
    let stream = rig.freshStream(50)
    rig.machine.streamOpened(stream, by: peers[50], at: .zero)
    #expect(rig.said() == [.reset(stream)])
    rig.machine.openFailed(open[0], isUnsupported: false, at: ms(1))
    #expect(rig.said().compactMap(\.open).count == 1, "the next in line")
    // One that waits may be gone by then.
    rig.machine.relayedClosed(rig.connection(37), to: peers[37], at: ms(2))
    for id in open.dropFirst() { rig.machine.openFailed(id, isUnsupported: false, at: ms(3)) }
    #expect(rig.said().compactMap(\.open).count == 2)
  }

  @Test func `peers beyond the table are let be, and those without a circuit make room`() {
    var rig = Rig { $0.peersMax = 4 }
    for number in 20..<25 { rig.circuit(number, isInbound: true) }
    #expect(rig.machine.counters.connectionsIgnored == 1)
    rig.describe(24)
    #expect(rig.said() == [])
    rig.machine.relayedClosed(rig.connection(21), to: peers[21], at: ms(1))
    rig.circuit(24, isInbound: true, at: ms(2))
    rig.describe(24, at: ms(2))
    #expect(rig.said().compactMap(\.open).count == 1)
  }

  @Test func `one peer has eight circuits at most`() {
    var rig = Rig()
    for number: UInt64 in 0..<10 {
      rig.machine.relayedOpened(
        ConnectionID(rawValue: 100 + number), to: peers[20], isInbound: true, at: .zero)
    }
    #expect(rig.machine.counters.connectionsIgnored == 2)
  }

  @Test func `a circuit to ourselves is none`() {
    var rig = Rig()
    rig.circuit(Rig.own, isInbound: true)
    #expect(rig.machine.counters.connectionsIgnored == 1)
  }

  @Test func `answers to what nobody asked change nothing`() {
    var rig = Rig()
    let stream = rig.freshStream(20)
    rig.machine.opened(OpenID(rawValue: 7), as: stream, at: .zero)
    #expect(rig.said() == [.reset(stream)])
    rig.machine.openFailed(OpenID(rawValue: 7), isUnsupported: true, at: .zero)
    rig.machine.punched(AttemptID(rawValue: 7), as: .initiator, at: .zero)
    rig.machine.punchFailed(AttemptID(rawValue: 7), .timedOut, at: .zero)
    rig.machine.tcpConnected(AttemptID(rawValue: 7), at: .zero)
    rig.machine.remoteFinished(stream, at: .zero)
    rig.machine.streamEnded(stream, at: .zero)
    rig.machine.relayedClosed(rig.connection(20), to: peers[20], at: .zero)
    rig.machine.directLost(peers[20], at: .zero)
    rig.describe(20)
    #expect(rig.said() == [])
    #expect(rig.deadline == nil)
  }
}
