import NetworkModel
import SansIO
import Testing

private let six = Endpoint(Address("2600:1::10")!, 5000)
private let otherSix = Endpoint(Address("2600:2::20")!, 443)

@Suite struct PacketTests {
  @Test(arguments: [
    "0.0.0.0", "11.0.0.53", "255.255.255.255", "::", "::1", "2600:1::10", "fe80::1:2:3:4", "1:0:0:2::3",
    "2001:db8:1:2:3:4:5:6", "1::", "ff02::fb",
  ])
  func `addresses come back as they were written`(text: String) {
    #expect(Address(text)?.description == text)
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.+4", "1..2.3", ":", ":::", "1:2", "1::2::3", "g::",
    "12345::",
    "1:2:3:4:5:6:7:8:9", "::1.2.3", "1:2:3:4:5:6:7::8",
  ])
  func `what is no address`(text: String) {
    #expect(Address(text) == nil)
  }

  @Test func `prefixes contain what begins with them`() {
    #expect(Prefix("10.0.0.0/8")?.contains(Address(10, 200, 3, 4)) == true)
    #expect(Prefix("10.0.0.0/8")?.contains(Address(11, 0, 0, 0)) == false)
    #expect(Prefix("2600:1::/64")?.contains(six.address) == true)
    #expect(Prefix("::/0")?.contains(Address(1, 2, 3, 4)) == false)
    #expect(Prefix("1.2.3.4/33") == nil)
  }

  @Test func `built packets say what they were told and sum up`() {
    for packet in samples {
      #expect(hasRightChecksums(packet))
      #expect((try? Packet(packet.bytes)) == packet)
    }
    let tcp = Packet.tcp(from: six, to: otherSix, [.syn, .ack], sequence: 7, acknowledgement: 9)
    #expect(tcp.source == six && tcp.destination == otherSix)
    #expect(tcp.tcpFlags == [.syn, .ack] && tcp.tcpSequence == 7 && tcp.tcpAcknowledgement == 9)
  }

  @Test func `rewriting keeps every checksum right, and undoing it gives the bytes back`() {
    var generator = SeededGenerator(seed: 7)
    for sample in samples {
      for _ in 0..<200 {
        var packet = sample
        let new = Endpoint(
          sample.isIPv4
            ? Address(v4: UInt32(truncatingIfNeeded: generator.next()))
            : Address(high: generator.next(), low: generator.next()),
          UInt16.random(in: 0...65535, using: &generator))
        packet.rewriteSource(to: new)
        #expect(hasRightChecksums(packet))
        packet.rewriteDestination(to: new)
        #expect(hasRightChecksums(packet))
        packet.rewriteSource(to: sample.source)
        packet.rewriteDestination(to: sample.destination)
        #expect(packet.source == sample.source && packet.destination == sample.destination)
        #expect(hasRightChecksums(packet))
      }
    }
  }

  @Test func `hops are spent down to the last`() {
    for sample in samples {
      var packet = sample
      var hops = 0
      while packet.spendHop() { hops += 1 }
      #expect(hops == Int(Packet.defaultHopLimit) - 1)
      #expect(packet.hopLimit == 1 && hasRightChecksums(packet))
    }
  }

  @Test func `a flipped bit is one the transport notices`() {
    for sample in samples {
      var packet = sample
      packet.flipBit(12_345)
      #expect(packet.bytes.count == sample.bytes.count && packet != sample)
      #expect(packet.bytes.prefix(packet.isIPv4 ? 20 : 40) == sample.bytes.prefix(packet.isIPv4 ? 20 : 40))
    }
  }

  @Test func `cut short anywhere it is no packet, and longer it is cut`() {
    for sample in samples {
      for length in 0..<sample.bytes.count {
        #expect(throws: PacketError.self) { try Packet(Array(sample.bytes.prefix(length))) }
      }
      #expect((try? Packet(sample.bytes + [1, 2, 3])) == sample)
    }
  }

  @Test func `extension headers are walked, but not for ever`() throws {
    var bytes = Packet.udp(from: six, to: otherSix, payload: [1]).bytes
    let options: [UInt8] = [17, 0, 5, 2, 0, 0, 0, 0]
    bytes[6] = 0
    bytes[5] += 8
    bytes.insert(contentsOf: options, at: 40)
    let packet = try Packet(bytes)
    #expect(packet.transport == .udp && packet.source == six)

    var endless = Array(bytes.prefix(40))
    endless[4] = 1
    endless += [UInt8](repeating: 0, count: 320)
    #expect(throws: PacketError.extensionHeaders) { try Packet(endless) }
  }

  @Test func `later fragments have no ports`() throws {
    var bytes = Packet.udp(from: alice, to: server).bytes
    bytes[6] = 0
    bytes[7] = 10
    // The checksum follows: 0x4000 became 0x000A.
    let sum = UInt32(bytes[10]) << 8 + UInt32(bytes[11]) + 0x4000 - 0x000A
    let folded = sum > 0xFFFF ? sum - 0xFFFF : sum
    bytes[10] = UInt8(folded >> 8)
    bytes[11] = UInt8(folded & 0xFF)
    let packet = try Packet(bytes)
    #expect(packet.isLaterFragment && packet.source.port == 0 && packet.destination.port == 0)
  }
}

let samples: [Packet] = [
  .udp(from: alice, to: server, payload: [1, 2, 3]),
  .udp(from: six, to: otherSix, payload: Array(0...200)),
  .tcp(from: alice, to: server, .syn),
  .tcp(from: six, to: otherSix, [.ack, .psh], sequence: 1, acknowledgement: 2, payload: [9]),
  .echoRequest(from: alice, to: server.address, payload: [1, 2, 3, 4, 5]),
  .echoRequest(from: six, to: otherSix.address),
]
