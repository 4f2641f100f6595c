import NIOCore
import SansIO
import Testing
import Wire

@testable import Capture

/// However packets come, what was said is the same.
@Suite struct ReassemblyTests {
  /// In segments small enough that everything of interest lies in several.
  private func talk(sequence: UInt32 = 1000) throws -> (packets: [TapPacket], keys: KeyRing, said: [String]) {
    let talk = try Talk.whole(sequence: sequence, segmentBytes: 60)
    let timeline = timeline(of: talk.packets, keys: talk.ring)
    #expect(timeline.notes.isEmpty)
    return (talk.packets, talk.ring, timeline.conversation)
  }

  /// The handshake stays in front: what comes before its SYN is another matter.
  private func disturbed(
    _ packets: [TapPacket], seed: UInt64,
    _ disturb: (inout [TapPacket], inout SeededGenerator) -> Void
  ) -> [TapPacket] {
    var generator = SeededGenerator(seed: seed)
    var rest = Array(packets.dropFirst(3))
    disturb(&rest, &generator)
    // A tap gives times in its own order.
    return zip(Array(packets.prefix(3)) + rest, 0...).map { packet, index in
      TapPacket(time: packets[0].time + .milliseconds(index), bytes: packet.bytes)
    }
  }

  @Test(arguments: 0..<20) func reordering(seed: UInt64) throws {
    let (packets, keys, said) = try talk()
    let other = disturbed(packets, seed: seed) { rest, generator in
      for index in rest.indices {
        let end = min(index + 5, rest.count - 1)
        rest.swapAt(index, Int.random(in: index...end, using: &generator))
      }
    }
    expectSame(timeline(of: other, keys: keys).conversation, said)
  }

  @Test(arguments: 0..<20) func `loss and retransmission`(seed: UInt64) throws {
    let (packets, keys, said) = try talk()
    let other = disturbed(packets, seed: seed) { rest, generator in
      var late: [TapPacket] = []
      var sent: [TapPacket] = []
      for packet in rest {
        if Int.random(in: 0..<5, using: &generator) == 0 { late.append(packet) } else { sent.append(packet) }
        if late.count > 8 { sent.append(late.removeFirst()) }
      }
      rest = sent + late
    }
    expectSame(timeline(of: other, keys: keys).conversation, said)
  }

  @Test(arguments: 0..<5) func duplication(seed: UInt64) throws {
    let (packets, keys, said) = try talk()
    let other = disturbed(packets, seed: seed) { rest, generator in
      for _ in 0..<40 {
        guard let copy = rest.randomElement(using: &generator) else { return }
        rest.insert(copy, at: Int.random(in: 0...rest.count, using: &generator))
      }
      // The originals still in their order; copies anywhere.
    }
    expectSame(timeline(of: other, keys: keys).conversation, said)
  }

  @Test(arguments: 0..<20) func `segments cut anew, overlapping`(seed: UInt64) throws {
    let (packets, keys, said) = try talk()
    let other = disturbed(packets, seed: seed) { rest, generator in
      rest = rest.flatMap { packet -> [TapPacket] in
        guard let again = packet.retransmissions(using: &generator) else { return [packet] }
        return again.shuffled(using: &generator)
      }
    }
    expectSame(timeline(of: other, keys: keys).conversation, said)
  }

  @Test(arguments: [UInt32.max - 300, UInt32.max, 0x7FFF_FF00, 0])
  func `sequence numbers wrap`(sequence: UInt32) throws {
    #expect(try talk(sequence: sequence).said == talk().said)
  }

  @Test func `over IPv6`() throws {
    let talk = try Talk.whole(from: Endpoint("fd00::1", 1), to: Endpoint("fd00::2", 2))
    let timeline = timeline(of: talk.packets, keys: talk.ring)
    #expect(timeline.published == ["ANNOUNCE:PRESENCE", "hello"])
    #expect(timeline.items.first?.sender.description == "[fd00::1]:1")
  }

  @Test func `an item is as late as the last byte before its end`() throws {
    var (packets, keys, _) = try talk()
    let whole = timeline(of: packets, keys: keys)
    let published = try #require(whole.items.first { $0.what.type == "gossip.published" })
    // The packet that completes it comes again ten later, and not before.
    let index = published.stamp.packet - 1
    let packet = packets.remove(at: index)
    packets.insert(TapPacket(time: packets[index + 9].time, bytes: packet.bytes), at: index + 10)
    let late = timeline(of: packets, keys: keys)
    let again = try #require(late.items.first { $0.what == published.what })
    #expect(again.stamp.packet == index + 11)
    #expect(again.time == packets[index + 10].time)
  }

  @Test func `spoilt segments are not taken`() throws {
    var (packets, keys, said) = try talk()
    for index in stride(from: 5, to: packets.count, by: 3) {
      var spoilt = packets[index]
      let last = spoilt.bytes.writerIndex - 1
      let byte = spoilt.bytes.getInteger(at: last, as: UInt8.self) ?? 0
      spoilt.bytes.setInteger(byte ^ 1, at: last)
      packets.insert(spoilt, at: index)
    }
    let timeline = timeline(of: packets, keys: keys)
    expectSame(timeline.conversation, said)
    #expect(timeline.census.corrupt > 10)
  }

  @Test func `bytes that never come are said to be missing`() throws {
    var talk = Talk()
    talk.shakeHands()
    try talk.exchange()
    try talk.gossip(["first"])
    var packets = talk.packets
    let before = packets.count
    try talk.ping()
    // Acknowledged and retransmitted by nobody.
    packets += talk.packets[before...].dropFirst()
    let timeline = timeline(of: packets, keys: talk.ring)
    #expect(timeline.published == ["first"])
    #expect(timeline.notes.contains { if case .missing(let bytes) = $0 { bytes > 0 } else { false } })
  }
}

/// Says where they differ, and not all they say.
private func expectSame(_ one: [String], _ other: [String]) {
  let changes = one.difference(from: other).prefix(6).map { "\($0)" }
  if !changes.isEmpty { Issue.record("\(changes.joined(separator: "\n"))") }
}

extension TapPacket {
  /// The segment in pieces that overlap, with checksums of their own; nil for one without payload.
  fileprivate func retransmissions(using generator: inout SeededGenerator) -> [TapPacket]? {
    guard let packet = try? IPPacket(bytes), let segment = try? TCPSegment(packet),
      segment.payloadBytes > 1, !segment.flags.contains(.syn)
    else { return nil }
    var writer = PacketWriter(
      source: segment.source, destination: segment.destination, sequence: segment.sequence)
    writer.acknowledgement = segment.acknowledgement
    let count = segment.payload.readableBytes
    let middle = Int.random(in: 1..<count, using: &generator)
    let start = Int.random(in: 0..<middle, using: &generator)
    let end = Int.random(in: middle...count, using: &generator)
    return [(0, middle), (start, end), (middle, count)].map { start, end in
      var payload = segment.payload
      payload.moveReaderIndex(forwardBy: start)
      let sequence = segment.sequence &+ UInt32(start)
      return TapPacket(time: time, bytes: writer.packet(.ack, payload.prefix(end - start), at: sequence))
    }
  }
}
