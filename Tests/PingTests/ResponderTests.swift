// The answering side.

import NIOCore
import Ping
import SansIO
import Testing

@Suite struct ResponderTests {
  @Test func `a payload comes back whole, at every split`() {
    var generator = SeededGenerator(seed: 5)
    let sent = ByteBuffer(bytes: generator.bytes(32))
    for cut in 0...32 {
      var responder = Responder(at: ms(0))
      responder.receives(sent.bytes(0..<cut), at: ms(1))
      #expect(responder.drained() == (cut == 32 ? sent : ByteBuffer()))
      responder.receives(sent.bytes(cut..<32), at: ms(2))
      #expect(responder.drained() == (cut == 32 ? ByteBuffer() : sent))
    }
  }

  @Test func `payloads that arrive together go back together, a part waits`() {
    var responder = Responder(at: ms(0))
    responder.receives(payload(7, count: 100), at: ms(1))
    #expect(responder.drained() == payload(7, count: 96))
    responder.receives(payload(7, count: 28), at: ms(1))
    #expect(responder.drained() == payload(7))
  }

  @Test func `a peer that finishes and does not read its echo is given up`() throws {
    var responder = Responder(at: ms(0), idleTimeout: .seconds(60))
    responder.receives(payload(1), at: ms(1))
    responder.remoteFinished()
    #expect(responder.deadline == ms(60_001))
    responder.advance(to: ms(60_001))
    try responder.expectFailure(.idle)
  }

  @Test func `the end comes after the last echo has left`() throws {
    var responder = Responder(at: ms(0))
    responder.receives(payload(1), at: ms(1))
    responder.remoteFinished()
    try responder.expect(nil)
    #expect(!responder.outboundFinished)
    #expect(responder.drained() == payload(1))
    #expect(responder.outboundFinished)
    try responder.expect(.ended)
    try responder.expect(nil)
    #expect(responder.outboundFinished && responder.deadline == nil)
  }

  @Test func `a stream that ends inside a payload`() throws {
    for count in 1..<32 {
      var responder = Responder(at: ms(0))
      responder.receives(payload(1, count: count), at: ms(1))
      responder.remoteFinished()
      try responder.expectFailure(.truncatedPayload)
    }
  }

  @Test func `a peer that does not read its echoes is cut at the limit`() throws {
    var responder = Responder(at: ms(0))
    responder.receives(payload(1, count: Responder.backlogBytesMax), at: ms(1))
    try responder.expect(nil)
    var reading = responder
    #expect(reading.drained().readableBytes == Responder.backlogBytesMax)
    reading.receives(payload(1), at: ms(2))
    try reading.expect(nil)

    responder.receives(payload(1, count: 1), at: ms(2))
    try responder.expectFailure(.echoBacklogFull)
    responder.receives(payload(1), at: ms(3))
    #expect(PingError.echoBacklogFull.fault == .limit)
  }

  @Test func `an idle stream ends, and single bytes do not keep it alive`() throws {
    var responder = Responder(at: ms(0), idleTimeout: .seconds(60))
    #expect(responder.deadline == ms(60_000))
    responder.receives(payload(1), at: ms(30_000))
    #expect(responder.deadline == ms(90_000))
    _ = responder.drained()
    for second in 31...61 as ClosedRange<Int64> {
      responder.receives(payload(1, count: 1), at: ms(second * 1000))
    }
    #expect(responder.deadline == ms(90_000))
    responder.receives(payload(1, count: 1), at: ms(62_000))  // the 32nd
    #expect(responder.deadline == ms(122_000))
    responder.advance(to: ms(121_999))
    try responder.expect(nil)
    responder.advance(to: ms(122_000))
    try responder.expectFailure(.idle)
  }

  @Test func `nothing is accepted after the end`() throws {
    var responder = Responder(at: ms(0))
    responder.remoteFinished()
    try responder.expect(.ended)
    responder.receives(payload(1), at: ms(1))
    #expect(responder.drained() == ByteBuffer())
    responder.advance(to: ms(1_000_000))
    try responder.expect(nil)
  }
}
