import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@testable import Chat

// One side of a stream at a time.

/// A message of ours to peer 1.
func outgoing(_ text: String, _ id: UInt8 = 1) -> Message {
  Message(
    key: MessageKey(author: peer(0), idBytes: [UInt8](repeating: id, count: 16)),
    conversation: .peer(peer(1)),
    sequence: UInt64(id), text: text, sentMs: noon, receivedMs: noon, state: .queued)
}

func name(_ id: UInt8) -> String { Hexadecimal.text([UInt8](repeating: id, count: 16)) }

func answer(_ id: UInt8, _ acknowledgement: Acknowledgement = .kept) -> ByteBuffer {
  var wire = ByteBuffer()
  LengthPrefixedFrames.encode(
    DirectForm.encode(acknowledgement, of: [UInt8](repeating: id, count: 16)), into: &wire)
  return wire
}

func frame(_ text: String, _ id: UInt8 = 1) -> ByteBuffer {
  var wire = ByteBuffer()
  guard let frame = DirectForm.encode(outgoing(text, id)) else { return wire }
  LengthPrefixedFrames.encode(frame, into: &wire)
  return wire
}

extension DirectSender {
  mutating func receives(_ bytes: ByteBuffer, at now: Instant = .zero) {
    var bytes = bytes
    receive(&bytes, at: now)
    #expect(bytes.readableBytes == 0)
  }

  mutating func drained(at now: Instant = .zero) -> ByteBuffer {
    var wire = ByteBuffer()
    while var chunk = nextChunk(maxBytes: 1000, at: now) {
      #expect((1...1000).contains(chunk.readableBytes))
      wire.writeBuffer(&chunk)
    }
    return wire
  }

  mutating func expect(_ expected: Event?..., at location: SourceLocation = #_sourceLocation) throws {
    for event in expected { #expect(try nextEvent() == event, sourceLocation: location) }
  }

  mutating func expectFailure(_ error: DirectError, at location: SourceLocation = #_sourceLocation) throws {
    #expect(throws: error, sourceLocation: location) { while try nextEvent() != nil {} }
    #expect(try nextEvent() == nil, sourceLocation: location)
    #expect(deadline == nil && !outboundFinished && !hasRoom, sourceLocation: location)
    #expect(drained() == ByteBuffer(), sourceLocation: location)
  }
}

extension DirectReceiver {
  mutating func receives(_ bytes: ByteBuffer, at now: Instant = .zero) {
    var bytes = bytes
    receive(&bytes, at: now)
    #expect(bytes.readableBytes == 0)
  }

  mutating func drained(at now: Instant = .zero) -> ByteBuffer {
    var wire = ByteBuffer()
    while var chunk = nextChunk(maxBytes: 10, at: now) { wire.writeBuffer(&chunk) }
    return wire
  }

  mutating func events() throws -> [Event] {
    var events: [Event] = []
    while let event = try nextEvent() { events.append(event) }
    return events
  }

  mutating func texts() throws -> [String] {
    try events().compactMap { if case .received(let message) = $0 { message.text } else { nil } }
  }

  mutating func expectFailure(_ error: DirectError, at location: SourceLocation = #_sourceLocation) throws {
    #expect(throws: error, sourceLocation: location) { while try nextEvent() != nil {} }
    #expect(try nextEvent() == nil, sourceLocation: location)
    #expect(deadline == nil && !outboundFinished, sourceLocation: location)
    #expect(drained() == ByteBuffer(), sourceLocation: location)
  }
}

@Suite struct DirectSenderTests {
  @Test func aMessageAndItsConfirmation() throws {
    var sender = DirectSender(at: .zero)
    sender.send(outgoing("hello"), at: .zero)
    try sender.expect(nil)
    #expect(sender.drained() == frame("hello"))
    try sender.expect(.sent(id: name(1)), nil)
    sender.receives(answer(1))
    try sender.expect(.acknowledged(id: name(1), .kept), nil)
    #expect(ProtocolName.chat.rawValue == "/meshwork/chat/1")
  }

  @Test func sentOnlyWhenTheLastByteHasLeft() throws {
    var sender = DirectSender(at: .zero)
    sender.send(outgoing("hello"), at: .zero)
    let count = frame("hello").readableBytes
    _ = sender.nextChunk(maxBytes: count - 1, at: .zero)
    try sender.expect(nil)
    _ = sender.nextChunk(maxBytes: count, at: .zero)
    try sender.expect(.sent(id: name(1)))
  }

  @Test func noMoreThanAWindow() throws {
    var sender = DirectSender(at: .zero)
    for id in 1...16 as ClosedRange<UInt8> {
      #expect(sender.hasRoom)
      sender.send(outgoing("x", id), at: .zero)
    }
    #expect(!sender.hasRoom)
    _ = sender.drained()
    sender.receives(answer(9))
    #expect(sender.hasRoom)
  }

  @Test func confirmationsInAnyOrderAndAnyPieces() throws {
    var wire = answer(2)
    wire.writeImmutableBuffer(answer(1, .refused(reason: "no\u{1B}[2J\nway")))
    for cut in 0...wire.readableBytes {
      var sender = DirectSender(at: .zero)
      for id in [1, 2] as [UInt8] { sender.send(outgoing("x", id), at: .zero) }
      _ = sender.drained()
      try sender.expect(.sent(id: name(1)), .sent(id: name(2)), nil)
      sender.receives(wire.getSlice(at: 0, length: cut) ?? ByteBuffer())
      sender.receives(wire.getSlice(at: cut, length: wire.readableBytes - cut) ?? ByteBuffer())
      try sender.expect(
        .acknowledged(id: name(2), .kept),
        .acknowledged(id: name(1), .refused(reason: "no\u{FFFD}[2J way")), nil)
    }
  }

  @Test func aLongReasonIsCut() throws {
    var ack = Chat_Ack()
    ack.id = [UInt8](repeating: 1, count: 16).protobufBytes()
    ack.refused.reason = text(bytes: 400)
    var wire = ByteBuffer()
    LengthPrefixedFrames.encode(ack, into: &wire)
    var sender = DirectSender(at: .zero)
    sender.send(outgoing("x"), at: .zero)
    _ = sender.drained()
    sender.receives(wire)
    try sender.expect(
      .sent(id: name(1)), .acknowledged(id: name(1), .refused(reason: text(bytes: 197) + "…")))
  }

  @Test func confirmationsOfNothing() throws {
    var sender = DirectSender(at: .zero)
    sender.receives(answer(1))
    try sender.expectFailure(.unexpectedAcknowledgement)

    var early = DirectSender(at: .zero)
    early.send(outgoing("x"), at: .zero)
    early.receives(answer(1))
    try early.expectFailure(.unexpectedAcknowledgement)

    var twice = DirectSender(at: .zero)
    twice.send(outgoing("x"), at: .zero)
    _ = twice.drained()
    twice.receives(answer(1))
    twice.receives(answer(1))
    try twice.expectFailure(.unexpectedAcknowledgement)
    #expect(DirectError.unexpectedAcknowledgement.fault == .peer)
  }

  @Test func whatIsNoConfirmation() throws {
    var empty = DirectSender(at: .zero)
    empty.receives(ByteBuffer(bytes: [0]))
    try empty.expectFailure(.malformedMessage)

    var long = DirectSender(at: .zero)
    long.receives(ByteBuffer(bytes: [0x81, 0x04]))
    try long.expectFailure(.malformedFrame(.frameTooLarge(bytes: 513, limit: 512)))

    let whole = [UInt8](answer(1).readableBytesView)
    for cut in whole.truncations {
      var sender = DirectSender(at: .zero)
      sender.send(outgoing("x"), at: .zero)
      _ = sender.drained()
      sender.receives(ByteBuffer(bytes: cut))
      try sender.expect(.sent(id: name(1)), nil)
      sender.remoteFinished(at: .zero)
      try sender.expectFailure(.endedEarly)
    }
  }

  @Test func anEndThatOwesNothing() throws {
    var sender = DirectSender(at: .zero)
    sender.remoteFinished(at: .zero)
    try sender.expect(.ended, nil)
    #expect(sender.outboundFinished && sender.deadline == nil && !sender.hasRoom)
    sender.receives(answer(1))
    try sender.expect(nil)
  }

  @Test func silenceWhileSomethingIsOwed() throws {
    var sender = DirectSender(at: .zero)
    sender.send(outgoing("x", 1), at: ms(10_000))
    sender.send(outgoing("x", 2), at: ms(20_000))
    _ = sender.drained()
    #expect(sender.deadline == ms(40_000))
    sender.receives(answer(1), at: ms(35_000))
    #expect(sender.deadline == ms(65_000))
    sender.advance(to: ms(64_999))
    #expect(sender.hasRoom)
    sender.advance(to: ms(65_000))
    try sender.expectFailure(.timedOut)
    #expect(DirectError.timedOut.fault == .limit)
  }

  @Test func anIdleStreamIsFinished() throws {
    var sender = DirectSender(at: .zero)
    #expect(sender.deadline == ms(60_000))
    sender.advance(to: ms(60_000))
    #expect(sender.outboundFinished && !sender.hasRoom && sender.deadline == nil)
    sender.remoteFinished(at: ms(60_010))
    try sender.expect(.ended, nil)
  }
}

@Suite struct DirectReceiverTests {
  @Test func aMessageAndItsConfirmation() throws {
    var receiver = DirectReceiver(at: .zero)
    receiver.receives(frame("hello", 7))
    #expect(
      try receiver.events() == [
        .received(DirectMessage(id: name(7), sequence: 7, sentMs: noon, text: "hello"))
      ])
    #expect(receiver.drained() == ByteBuffer())
    let isTaken = receiver.acknowledge(name(7), .kept, at: .zero)
    #expect(isTaken)
    #expect(receiver.drained() == answer(7))
    for id in [name(7), "7"] {
      let isTaken = receiver.acknowledge(id, .kept, at: .zero)
      #expect(!isTaken)
    }
  }

  @Test func messagesInAnyPieces() throws {
    var wire = frame("one", 1)
    wire.writeImmutableBuffer(frame("two", 2))
    for cut in 0...wire.readableBytes {
      var receiver = DirectReceiver(at: .zero)
      receiver.receives(wire.getSlice(at: 0, length: cut) ?? ByteBuffer())
      receiver.receives(wire.getSlice(at: cut, length: wire.readableBytes - cut) ?? ByteBuffer())
      #expect(try receiver.texts() == ["one", "two"])
    }
  }

  @Test func aWindowAndNoMore() throws {
    var receiver = DirectReceiver(at: .zero)
    for id in 1...16 as ClosedRange<UInt8> { receiver.receives(frame("x", id)) }
    #expect(try receiver.texts().count == 16)
    // Answered, and the answer not yet read by the peer: it counts still.
    receiver.acknowledge(name(1), .kept, at: .zero)
    var reading = receiver
    _ = reading.drained()
    reading.receives(frame("x", 17))
    #expect(try reading.texts() == ["x"])
    receiver.receives(frame("x", 17))
    try receiver.expectFailure(.windowExceeded)
    #expect(DirectError.windowExceeded.fault == .peer)
  }

  @Test func theSameAgainBeforeItsAnswer() throws {
    for handedOn in [false, true] {
      var receiver = DirectReceiver(at: .zero)
      receiver.receives(frame("x"))
      if handedOn { _ = try receiver.texts() }
      receiver.receives(frame("x"))
      try receiver.expectFailure(.repeatedID)
    }
    var receiver = DirectReceiver(at: .zero)
    receiver.receives(frame("x"))
    _ = try receiver.texts()
    receiver.acknowledge(name(1), .kept, at: .zero)
    _ = receiver.drained()
    receiver.receives(frame("x"))
    #expect(try receiver.texts() == ["x"])
  }

  @Test func aFloodIsTakenAtOurPace() throws {
    var limits = DirectReceiver.Limits()
    limits.rate = .init(burst: 3, interval: .seconds(1))
    var receiver = DirectReceiver(at: .zero, limits: limits)
    for id in 1...6 as ClosedRange<UInt8> { receiver.receives(frame("\(id)", id)) }
    #expect(try receiver.texts() == ["1", "2", "3"])
    #expect(receiver.deadline == ms(1000))
    receiver.advance(to: ms(1000))
    #expect(try receiver.texts() == ["4"])
    receiver.advance(to: ms(3000))
    #expect(try receiver.texts() == ["5", "6"])
  }

  @Test func aTextTooLongIsReadSoThatItCanBeRefused() throws {
    var receiver = DirectReceiver(at: .zero)
    receiver.receives(frame(text(bytes: 20_000)))
    #expect(try receiver.texts().map(\.utf8.count) == [20_000])
  }

  @Test func whatIsNoMessage() throws {
    var long = DirectReceiver(at: .zero)
    long.receives(ByteBuffer(bytes: [0x81, 0x80, 0x02]))
    try long.expectFailure(.malformedFrame(.frameTooLarge(bytes: 32_769, limit: 32_768)))

    for bytes in [[0], [2, 0x0A, 0], [4, 0x22, 2, 0xC3, 0x28], [1, 0xFF]] as [[UInt8]] {
      var receiver = DirectReceiver(at: .zero)
      receiver.receives(ByteBuffer(bytes: bytes))
      try receiver.expectFailure(.malformedMessage)
    }
    var unknown = Chat_Send()
    unknown.id = [UInt8](repeating: 1, count: 16).protobufBytes()
    var wire = ByteBuffer()
    LengthPrefixedFrames.encode(unknown, into: &wire)
    var receiver = DirectReceiver(at: .zero)
    receiver.receives(wire)
    #expect(
      try receiver.events() == [.received(DirectMessage(id: name(1), sequence: 0, sentMs: nil, text: nil))])
  }

  @Test func aStreamCutAnywhere() throws {
    for cut in [UInt8](frame("hello").readableBytesView).truncations.dropFirst() {
      var receiver = DirectReceiver(at: .zero)
      receiver.receives(ByteBuffer(bytes: cut))
      #expect(try receiver.events().isEmpty)
      receiver.remoteFinished(at: .zero)
      try receiver.expectFailure(.endedEarly)
    }
  }

  @Test func anyBitTurned() {
    for flipped in [UInt8](frame("hello").readableBytesView).bitFlips {
      var receiver = DirectReceiver(at: .zero)
      receiver.receives(ByteBuffer(bytes: flipped))
      while let event = try? receiver.nextEvent() {
        if case .received(let message) = event { #expect(message.id.utf8.count == 32) }
      }
    }
  }

  @Test func theEndComesAfterTheLastAnswer() throws {
    var receiver = DirectReceiver(at: .zero)
    receiver.receives(frame("x"))
    receiver.remoteFinished(at: .zero)
    #expect(try receiver.texts() == ["x"])
    #expect(!receiver.outboundFinished)
    receiver.acknowledge(name(1), .refused(reason: "no"), at: .zero)
    #expect(try receiver.events().isEmpty)
    #expect(receiver.drained() == answer(1, .refused(reason: "no")))
    #expect(receiver.outboundFinished)
    #expect(try receiver.events() == [.ended])
    #expect(receiver.deadline == nil)
  }

  @Test func anIdleStreamAndSingleBytesDoNotKeepItAlive() throws {
    var receiver = DirectReceiver(at: .zero)
    #expect(receiver.deadline == ms(120_000))
    receiver.receives(frame("x"), at: ms(1000))
    _ = try receiver.texts()
    #expect(receiver.deadline == ms(121_000))
    receiver.receives(ByteBuffer(bytes: [0x30]), at: ms(100_000))
    #expect(receiver.deadline == ms(121_000))
    receiver.advance(to: ms(121_000))
    try receiver.expectFailure(.idle)
  }
}
