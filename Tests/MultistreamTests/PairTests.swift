// Both machines against each other, and against noise, over seeds.

import Multistream
import NIOCore
import SansIO
import Testing
import Wire

/// Two negotiators joined by a stream that splits bytes wherever its seed likes.
struct NegotiationRun {
  var generator: SeededGenerator
  var dialer: Dialer
  var listener = Listener()
  let supported: [ProtocolName]
  var toListener = ByteBuffer()
  var toDialer = ByteBuffer()
  var dialerRest = ByteBuffer()
  var listenerRest = ByteBuffer()
  var dialerAgreed: ProtocolName?
  var listenerAgreed: ProtocolName?
  var dialerError: MultistreamError?
  var payloadSent = false

  mutating func run() throws(MultistreamError) {
    for _ in 0..<10_000 {
      _ = dialer.drainOutbound(into: &toListener)
      if dialer.payloadMayFollow, !payloadSent {
        toListener.writeString("ping")
        payloadSent = true
      }
      if let some = Self.take(&toListener, &generator) { try listenerReceives(some) }
      if listener.drainOutbound(into: &toDialer), listenerAgreed != nil { toDialer.writeString("pong") }
      if let some = Self.take(&toDialer, &generator) { dialerReceives(some) }
      let isOver = dialerAgreed != nil || dialerError != nil
      let isQuiet = toListener.readableBytes == 0 && toDialer.readableBytes == 0
      if isOver, isQuiet, payloadSent || dialerError != nil { return }
    }
  }

  private static func take(_ wire: inout ByteBuffer, _ generator: inout SeededGenerator) -> ByteBuffer? {
    let count = Int.random(in: 0...min(9, wire.readableBytes), using: &generator)
    return count == 0 ? nil : wire.readSlice(length: count)
  }

  private mutating func listenerReceives(_ some: ByteBuffer) throws(MultistreamError) {
    listenerRest.writeImmutableBuffer(some)
    let supported = supported
    if let name = try listener.receive(&listenerRest, supported: { supported.contains($0) }) {
      listenerAgreed = name
    }
  }

  private mutating func dialerReceives(_ some: ByteBuffer) {
    dialerRest.writeImmutableBuffer(some)
    do {
      if let name = try dialer.receive(&dialerRest) { dialerAgreed = name }
    } catch {
      dialerError = error
    }
  }
}

@Suite struct PairTests {
  static let names = (0..<Negotiation.proposalsMax).map { ProtocolName("/p/\($0)") }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `both agree on the first name both speak, and both payloads arrive whole`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 1...Negotiation.proposalsMax, using: &generator)
    let proposed = Array(Self.names.shuffled(using: &generator).prefix(count))
    let supported = Self.names.filter { _ in Bool.random(using: &generator) }
    var run = NegotiationRun(
      generator: generator, dialer: Dialer(proposed, lazy: Bool.random(using: &generator)),
      supported: supported)

    let expected = proposed.first { supported.contains($0) }
    if expected == nil {
      // A refused lazy payload is read as a proposal, "ping" as a line of 0x70 bytes that never comes.
      try run.run()
      #expect(run.dialerAgreed == nil && run.listenerAgreed == nil)
      #expect(run.dialerError == .refused)
      return
    }
    try run.run()
    #expect(run.dialerAgreed == expected && run.listenerAgreed == expected)
    #expect(run.listenerRest == ByteBuffer(string: "ping"))
    #expect(run.dialerRest == ByteBuffer(string: "pong"))
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `random bytes never trap, and never make anything agree`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var listener = Listener()
    var dialer = Dialer(["/a", "/b"], lazy: true)
    if Bool.random(using: &generator) {
      var start = lines(header)
      _ = try? listener.receive(&start, supporting: ["/a"])
      start = lines(header)
      _ = dialer.drained()
      _ = try? dialer.receive(&start)
    }
    for _ in 0..<50 {
      let noise = generator.bytes(Int.random(in: 0...40, using: &generator))
      var toListener = ByteBuffer(bytes: noise)
      var toDialer = ByteBuffer(bytes: noise)
      #expect((try? listener.receive(&toListener, supporting: ["/a"])) == nil)
      #expect((try? dialer.receive(&toDialer)) == nil)
      _ = listener.drained()
      _ = dialer.drained()
    }
  }
}
