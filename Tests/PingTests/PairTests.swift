// Both sides against each other over seeds, with bytes split and delayed at random; and against noise.

import NIOCore
import Ping
import SansIO
import Testing

@Suite struct PairTests {
  @Test(arguments: 0..<100 as Range<UInt64>)
  func `every ping of a session is measured exactly`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var now = ms(1000)
    var initiator = Initiator(timeout: .seconds(10))
    var responder = Responder(at: now)
    let rounds = Int.random(in: 1...8, using: &generator)

    for _ in 0..<rounds {
      let startedAt = now
      #expect(initiator.ping(at: now, using: &generator))
      var outbound = initiator.drained()
      var inbound = ByteBuffer()
      var measured: Initiator.Event?
      while measured == nil {
        now += generator.duration(upTo: .milliseconds(20))
        responder.receives(Self.some(&outbound, &generator), at: now)
        _ = responder.drainOutbound(into: &inbound)
        initiator.receives(Self.some(&inbound, &generator), at: now)
        measured = try initiator.nextEvent()
        try responder.expect(nil)
      }
      #expect(measured == .roundTrip(now - startedAt))
    }

    initiator.finish()
    #expect(initiator.outboundFinished)
    responder.remoteFinished()
    try responder.expect(.ended)
    #expect(responder.outboundFinished)
    initiator.remoteFinished()
    try initiator.expect(.ended)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `random bytes, ends and times never trap`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var initiator = Initiator()
    var responder = Responder(at: .zero)
    for _ in 0..<60 {
      let now = Instant(nanoseconds: .random(in: .min ... .max, using: &generator))
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: initiator.remoteFinished()
      case 1: responder.remoteFinished()
      case 2: initiator.finish()
      case 3: initiator.advance(to: now)
      case 4: responder.advance(to: now)
      case 5: _ = initiator.ping(at: now, using: &generator)
      default:
        let noise = ByteBuffer(bytes: generator.bytes(Int.random(in: 0...200, using: &generator)))
        initiator.receives(noise, at: now)
        responder.receives(noise, at: now)
      }
      _ = try? initiator.nextEvent()
      _ = try? responder.nextEvent()
      if Bool.random(using: &generator) {
        _ = initiator.drained()
        _ = responder.drained()
      }
    }
  }

  static func some(_ wire: inout ByteBuffer, _ generator: inout SeededGenerator) -> ByteBuffer {
    wire.readSlice(length: Int.random(in: 0...wire.readableBytes, using: &generator)) ?? ByteBuffer()
  }
}
