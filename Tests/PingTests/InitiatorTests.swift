// The asking side.

import NIOCore
import Ping
import SansIO
import Testing
import Wire

@Suite struct InitiatorTests {
  @Test func `a ping is 32 bytes of the generator`() {
    var initiator = Initiator()
    var generator = SeededGenerator(seed: 7)
    #expect(initiator.ping(at: ms(0), using: &generator))
    let first = initiator.drained()
    #expect(first.readableBytes == 32)

    var same = Initiator()
    #expect(same.pings(seed: 7, at: ms(0)) == first)
    var other = Initiator()
    #expect(other.pings(seed: 8, at: ms(0)) != first)
    #expect(ProtocolName.ping.rawValue == "/ipfs/ping/1.0.0")
  }

  @Test func `the echo measures the round trip, again and again`() throws {
    var initiator = Initiator()
    for round in 0..<5 as Range<Int64> {
      let sent = initiator.pings(seed: UInt64(round), at: ms(round * 1000))
      try initiator.expect(nil)
      initiator.receives(sent, at: ms(round * 1000 + 40 + round))
      try initiator.expect(.roundTrip(.milliseconds(40 + round)))
      try initiator.expect(nil)
    }
  }

  @Test func `one is outstanding at a time`() throws {
    var initiator = Initiator()
    var generator = SeededGenerator(seed: 1)
    let sent = initiator.pings(at: ms(0))
    #expect(!initiator.ping(at: ms(1), using: &generator))
    #expect(initiator.drained() == ByteBuffer())
    initiator.receives(sent, at: ms(2))
    #expect(initiator.ping(at: ms(3), using: &generator))
  }

  @Test func `an echo split at every boundary`() throws {
    for cut in 0...32 {
      var initiator = Initiator()
      let sent = initiator.pings(at: ms(0))
      initiator.receives(sent.bytes(0..<cut), at: ms(10))
      try initiator.expect(cut == 32 ? .roundTrip(.milliseconds(10)) : nil)
      initiator.receives(sent.bytes(cut..<32), at: ms(20))
      try initiator.expect(cut == 32 ? nil : .roundTrip(.milliseconds(20)))
    }
  }

  @Test func `an echo wrong in any byte`() throws {
    for index in 0..<32 {
      var initiator = Initiator()
      var echo = initiator.pings(at: ms(0))
      echo.setInteger((echo.getInteger(at: index, as: UInt8.self) ?? 0) ^ 1, at: index)
      initiator.receives(echo, at: ms(1))
      try initiator.expectFailure(.wrongEcho)
    }
    #expect(PingError.wrongEcho.fault == .peer)
  }

  @Test func `bytes that echo nothing`() throws {
    var quiet = Initiator()
    quiet.receives(payload(0, count: 1), at: ms(0))
    try quiet.expectFailure(.unexpectedBytes)

    var eager = Initiator()
    var generator = CountingGenerator()
    #expect(eager.ping(at: ms(0), using: &generator))
    eager.receives(payload(0, count: 1), at: ms(0))  // before the ping has left
    try eager.expectFailure(.unexpectedBytes)

    var surplus = Initiator()
    let sent = surplus.pings(at: ms(0))
    var echo = sent
    echo.writeInteger(UInt8(0))
    surplus.receives(echo, at: ms(5))
    try surplus.expect(.roundTrip(.milliseconds(5)))
    try surplus.expectFailure(.unexpectedBytes)
  }

  @Test func `an echo that does not come in time`() throws {
    var initiator = Initiator(timeout: .seconds(10))
    #expect(initiator.deadline == nil)
    let sent = initiator.pings(at: ms(500))
    #expect(initiator.deadline == ms(10_500))
    initiator.receives(sent.bytes(0..<31), at: ms(9_000))
    #expect(initiator.deadline == ms(10_500))
    initiator.advance(to: ms(10_499))
    try initiator.expect(nil)
    initiator.advance(to: ms(10_500))
    try initiator.expectFailure(.timedOut)
    initiator.receives(sent.bytes(31..<32), at: ms(10_501))
    try initiator.expect(nil)
    var generator = SeededGenerator(seed: 1)
    #expect(!initiator.ping(at: ms(11_000), using: &generator))
  }

  @Test func `finish waits for the last echo`() throws {
    var initiator = Initiator()
    var generator = SeededGenerator(seed: 3)
    #expect(initiator.ping(at: ms(0), using: &generator))
    initiator.finish()
    #expect(!initiator.outboundFinished)
    let sent = initiator.drained()
    #expect(initiator.outboundFinished)
    initiator.receives(sent, at: ms(9))
    try initiator.expect(.roundTrip(.milliseconds(9)))
    #expect(!initiator.ping(at: ms(10), using: &generator))
    initiator.remoteFinished()
    try initiator.expect(.ended)
    try initiator.expect(nil)
  }

  @Test func `finish with nothing outstanding ends at once`() {
    var initiator = Initiator()
    #expect(!initiator.outboundFinished)
    initiator.finish()
    #expect(initiator.outboundFinished)
  }

  @Test func `a peer that finishes while idle ends the stream, while owing it fails`() throws {
    var idle = Initiator()
    idle.remoteFinished()
    try idle.expect(.ended)
    #expect(idle.outboundFinished)
    var generator = SeededGenerator(seed: 1)
    #expect(!idle.ping(at: ms(0), using: &generator))

    var owing = Initiator()
    let sent = owing.pings(at: ms(0))
    owing.receives(sent.bytes(0..<31), at: ms(1))
    owing.remoteFinished()
    try owing.expectFailure(.endedEarly)
  }

  @Test func `the last echo and the end in one breath`() throws {
    var initiator = Initiator()
    let sent = initiator.pings(at: ms(0))
    initiator.receives(sent, at: ms(4))
    initiator.remoteFinished()
    try initiator.expect(.roundTrip(.milliseconds(4)))
    try initiator.expect(.ended)
    try initiator.expect(nil)
  }
}
