import NIOCore
import SansIO
import Testing
import Wire

@testable import Yamux

/// Bytes that are cut, flipped or noise. Nothing traps, nothing grows, and a cut changes nothing.
@Suite struct MalformedInputTests {
  /// A bit of everything a peer may say to a responder.
  static let transcript: [Message] = [
    .data(1, "open and speak", .syn), .syn(3), .window(1, 70_000), .ping(42), .data(3, "half", .fin),
    .data(1, ""),
    .data(5, "whole life", [.syn, .fin]), .data(9, "stranger"), .pong(0), .window(7, 9, .syn),
    .rst(7, code: 12),
    .data(1, zeros: 300), .data(1, "end", .fin), .goAway(0), .fin(3),
  ]

  static var wire: ByteBuffer {
    var wire = ByteBuffer()
    for message in transcript { message.encode(into: &wire) }
    return wire
  }

  /// Events with a stream's consecutive data joined, so that cuts do not show.
  static func joined(_ events: [Session.Event]) -> [Session.Event] {
    events.reduce(into: []) { joined, event in
      if case .data(let id, let slice) = event, case .data(id, var before)? = joined.last {
        before.writeImmutableBuffer(slice)
        joined[joined.count - 1] = .data(id, before)
      } else {
        joined.append(event)
      }
    }
  }

  @Test func cuttingAtEveryByteChangesNothing() throws {
    var whole = Bench()
    let expected = Self.joined(try whole.receive(Self.wire))
    let answer = try whole.sent()
    #expect(expected.count == 14)
    for cut in 0...Self.wire.readableBytes {
      var us = Bench()
      var rest = Self.wire
      let first = try us.receive(rest.readSlice(length: cut)!)
      let second = try us.receive(rest)
      #expect(Self.joined(first + second) == expected, "cut at \(cut)")
      #expect(try us.sent() == answer, "cut at \(cut)")
    }
  }

  @Test func byteByByteChangesNothing() throws {
    var whole = Bench()
    let expected = Self.joined(try whole.receive(Self.wire))
    var us = Bench()
    let events = try Self.wire.readableBytesView.flatMap { try us.receive(ByteBuffer(bytes: [$0])) }
    #expect(Self.joined(events) == expected)
  }

  @Test func flippingEveryBitIsSurvived() throws {
    let count = Self.wire.readableBytes
    var violations = 0
    for bit in 0..<(count * 8) {
      var us = Bench()
      var wire = Self.wire
      wire.setInteger(wire.getInteger(at: bit / 8, as: UInt8.self)! ^ (1 << UInt8(bit % 8)), at: bit / 8)
      us.session.receive(wire, at: us.now)
      do {
        while try us.session.nextEvent() != nil {}
      } catch {
        violations += 1
        #expect(us.session.isFailed)
      }
      Self.checkBounds(us.session)
      try us.flush()
    }
    #expect(violations > 100)
  }

  @Test(arguments: UInt64(0)..<200)
  func noiseIsSurvived(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var us = Bench(Bool.random(using: &random) ? .initiator : .responder)
    for _ in 0..<200 {
      // Version zero and a known type keep the noise alive for a while.
      var noise = random.bytes(Int.random(in: 1...80, using: &random))
      if Int.random(in: 0..<4, using: &random) > 0 {
        noise.replaceSubrange(0..<1, with: [0, UInt8.random(in: 0...3, using: &random)])
      }
      us.session.receive(ByteBuffer(bytes: noise), at: us.now)
      do { while try us.session.nextEvent() != nil {} } catch { break }
      Self.checkBounds(us.session)
    }
    try us.flush()
  }

  /// Whole frames with random fields from small ranges, which reach deep, with random commands among them.
  @Test(arguments: UInt64(0)..<300)
  func framesAtRandomAreSurvived(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var us = Bench(Bool.random(using: &random) ? .initiator : .responder) {
      $0.streamsMax = 12
      $0.inboundStreamsMax = 8
      $0.ackBacklogMax = 6
      $0.refusalsMax = 5
      $0.sendBufferTotalBytes = 5000
      $0.keepAliveInterval = .seconds(30)
    }
    var unread: [StreamID: Int] = [:]
    for _ in 0..<400 {
      us.now += random.duration(upTo: .seconds(1))
      us.session.receive(Self.randomFrames(&random), at: us.now)
      do {
        while let event = try us.session.nextEvent() {
          switch event {
          case .data(let id, let slice): unread[id, default: 0] += slice.readableBytes
          case .closed(let id): unread[id] = nil
          default: break
          }
        }
      } catch {
        #expect(us.session.isFailed)
        break
      }
      Self.command(&us, &unread, &random)
      Self.checkBounds(us.session)
    }
    try us.flush()
  }

  static func randomFrames(_ random: inout SeededGenerator) -> ByteBuffer {
    var wire = ByteBuffer()
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let id = StreamID(rawValue: UInt32.random(in: 1...30, using: &random))
      let flags: Frame.Flags = [[], [], .syn, .syn, .ack, .fin, .rst, [.syn, .fin]].randomElement(
        using: &random)!
      switch Int.random(in: 0..<20, using: &random) {
      case 0: Message.ping(1).encode(into: &wire)
      case 1: Message.pong(UInt32.random(in: 0...3, using: &random)).encode(into: &wire)
      case 2...8:
        Message.window(id, UInt32.random(in: 0...100_000, using: &random), flags).encode(into: &wire)
      default: Message.data(id, zeros: Int.random(in: 0...3000, using: &random), flags).encode(into: &wire)
      }
    }
    return wire
  }

  static func command(_ us: inout Bench, _ unread: inout [StreamID: Int], _ random: inout SeededGenerator) {
    let id = StreamID(rawValue: UInt32.random(in: 1...30, using: &random))
    switch Int.random(in: 0..<9, using: &random) {
    case 0: _ = try? us.session.open()
    case 1, 2: try? us.write(zeros: Int.random(in: 0...2000, using: &random), to: id)
    case 3: us.session.finish(id)
    case 4:
      us.session.reset(id, code: 3)
    case 5:
      us.session.consumed(unread[id] ?? 0, on: id)
      unread[id] = nil
    case 6: us.session.ping(at: us.now)
    default: _ = try? us.sent(maxBytes: Int.random(in: 0...4000, using: &random))
    }
  }

  static func checkBounds(_ session: Session) {
    let limits = session.configuration
    expect(session.streamCount <= limits.streamsMax)
    expect(session.inboundStreamCount <= limits.inboundStreamsMax)
    expect(session.outboundUnacknowledged <= limits.ackBacklogMax && session.outboundUnacknowledged >= 0)
    expect(session.inboundUnacknowledged <= limits.ackBacklogMax && session.inboundUnacknowledged >= 0)
    expect(session.receiveWindowBytes <= limits.receiveBudgetBytes)
    expect(session.pongs.count <= limits.pongsMax)
    expect(session.refusals.count <= limits.refusalsMax)
    // The running totals are what the table says.
    let streams = session.streams.ids.compactMap { session.streams.slot(of: $0) }.map { session.streams[$0] }
    expect(session.sendBufferedBytes == streams.map(\.queuedBytes).reduce(0, +))
    expect(session.grownBytes == streams.map(\.receiveWindow.grownBytes).reduce(0, +))
    expect(session.inboundStreamCount == streams.filter { !session.isOurs($0.id) }.count)
    let waiting = streams.filter(\.state.isUnacknowledged)
    expect(session.outboundUnacknowledged == waiting.filter { session.isOurs($0.id) }.count)
    expect(session.inboundUnacknowledged == waiting.filter { !session.isOurs($0.id) }.count)
  }
}
