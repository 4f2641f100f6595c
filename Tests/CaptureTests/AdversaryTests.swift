import NIOCore
import SansIO
import Testing
import Wire

@testable import Capture

/// Whatever stands in a capture, reading it ends, and holds no more than it may.
@Suite struct AdversaryTests {
  private static let talk: (packets: [TapPacket], keys: KeyRing)? = {
    guard let talk = try? Talk.whole(segmentBytes: 200) else { return nil }
    return (talk.packets, talk.ring)
  }()

  /// Headers and payloads changed alike, and mostly with a checksum that fits again.
  @Test(arguments: 0..<150) func `mutations never trap`(seed: UInt64) throws {
    let (packets, keys) = try #require(Self.talk)
    var generator = SeededGenerator(seed: seed)
    let mutated = packets.map { packet -> TapPacket in
      guard Int.random(in: 0..<4, using: &generator) == 0 else { return packet }
      return packet.mutated(using: &generator)
    }
    let timeline = timeline(of: mutated, keys: keys)
    #expect(timeline.census.packets == packets.count)
  }

  @Test(arguments: 0..<100) func `random bytes never trap`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var dissector = Dissector()
    for link in LinkType.allCases {
      for _ in 0..<20 {
        let bytes = generator.bytes(Int.random(in: 0...200, using: &generator))
        dissector.receive(ByteBuffer(bytes: bytes), linkType: link, at: .zero)
      }
    }
    dissector.finish()
    while dissector.nextItem() != nil {}
  }

  @Test func `every packet cut at every length`() throws {
    let (packets, keys) = try #require(Self.talk)
    for packet in packets.prefix(12) {
      for length in 0..<packet.bytes.readableBytes {
        var dissector = Dissector(keys: keys)
        dissector.receive(packet.bytes.prefix(length), wireBytes: packet.bytes.readableBytes, at: .zero)
        dissector.finish()
        #expect(dissector.census.cut == 1)
      }
    }
  }

  /// A hole that nothing fills, and everything behind it.
  @Test func `what waits for a lost segment is bounded`() {
    var limits = Limits()
    limits.outOfOrderBytesMax = 100_000
    var writer = PacketWriter(source: .alice, destination: .bob, sequence: 1)
    var dissector = Dissector(limits: limits)
    dissector.receive(writer.syn(), at: .zero)
    writer.sequence &+= 1
    var missing = 0
    for _ in 0..<1000 {
      dissector.receive(writer.data(ByteBuffer(repeating: 0, count: 1000)), at: .zero)
      while let item = dissector.nextItem() { if case .note(.missing) = item.what { missing += 1 } }
    }
    #expect(missing == 1)
    #expect(dissector.heldBytes == 0)
  }

  @Test func `connections together are bounded`() {
    var limits = Limits()
    limits.heldBytesMax = 1 << 20
    var dissector = Dissector(limits: limits)
    for port in UInt16(1)...100 {
      var writer = PacketWriter(source: Endpoint("10.0.0.1", port), destination: .bob, sequence: 1)
      dissector.receive(writer.syn(), at: .zero)
      writer.sequence &+= 1
      for _ in 0..<50 { dissector.receive(writer.data(ByteBuffer(repeating: 0, count: 1000)), at: .zero) }
      #expect(dissector.heldBytes <= limits.heldBytesMax)
    }
    var notes = 0
    while let item = dissector.nextItem() { if case .note(.limit) = item.what { notes += 1 } }
    #expect(notes > 0)
  }

  /// A peer that is ours to decrypt and hostile: proposals without end.
  @Test func `negotiations are bounded`() throws {
    var talk = Talk()
    talk.shakeHands()
    for _ in 0..<300 { talk.tap(talk.fromAlice.data(ByteBuffer(repeating: 0x13, count: 1400))) }
    var dissector = Dissector()
    for packet in talk.packets { dissector.receive(packet.bytes, at: packet.time) }
    #expect(dissector.heldBytes < Limits().unexplainedBytesMax + 2000)
  }
}

extension TapPacket {
  fileprivate func mutated(using generator: inout SeededGenerator) -> TapPacket {
    var packet = self
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let index = bytes.readerIndex + Int.random(in: 0..<bytes.readableBytes, using: &generator)
      packet.bytes.setInteger(UInt8.random(in: .min ... .max, using: &generator), at: index)
    }
    if Int.random(in: 0..<8, using: &generator) == 0 {
      packet.bytes = packet.bytes.prefix(Int.random(in: 0...bytes.readableBytes, using: &generator))
    }
    // As if nobody had touched it: the checksum is left to a device.
    guard Bool.random(using: &generator), let ip = try? IPPacket(packet.bytes) else { return packet }
    var sum = InternetChecksum()
    for address in [ip.source, ip.destination] { sum.add(ByteBuffer(bytes: address.bytes)) }
    sum.add(UInt64(ip.payloadBytes) + 6)
    if packet.bytes.readableBytes >= 40 {
      packet.bytes.setInteger(sum.folded, at: packet.bytes.readerIndex + 36)
    }
    return packet
  }
}
