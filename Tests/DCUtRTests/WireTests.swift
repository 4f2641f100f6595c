// The messages, byte for byte, and the bytes that are none.

import DCUtR
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@Suite struct WireTests {
  func hex(_ frame: ByteBuffer) -> String { [UInt8](frame.readableBytesView).hex }
  func message(_ hex: String) throws -> Message {
    try Message(decoding: ByteBuffer(bytes: [UInt8](hex: hex)))
  }

  @Test func `CONNECT is type 100 and addresses in their binary form`() throws {
    let connect = Message.connect(addresses("/ip4/45.1.2.3/tcp/4001", "/ip6/2a00::1/tcp/9"))
    let first = "1208" + "042d010203060fa1"
    let second = "1214" + "292a000000000000000000000000000001060009"
    #expect(hex(connect.encoded) == "22" + "0864" + first + second)
    #expect(try Message(decoding: body(connect.encoded)) == connect)
    #expect(try message(second + first + "0864") != connect, "the order of addresses is kept")
    #expect(hex(Message.connect([]).encoded) == "020864")
  }

  @Test func `SYNC is type 300`() throws {
    #expect(hex(Message.sync.encoded) == "0308ac02")
    #expect(try message("08ac02") == .sync)
    #expect(try message("08ac02" + "1208042d010203060fa1") == .sync, "addresses in it mean nothing")
  }

  @Test func `fields of the future are skipped, of two types the last one counts`() throws {
    #expect(try message("0864" + "9a0500") == .connect([]))
    #expect(try message("0864" + "08ac02") == .sync)
  }

  @Test func `addresses that cannot be read are left out`() throws {
    let good = "1208" + "042d010203060fa1"
    #expect(
      try message("0864" + "1202ffff" + "1200" + good + "1203042d01")
        == .connect(addresses("/ip4/45.1.2.3/tcp/4001")))
  }

  @Test func `what is no message is refused`() {
    for text in ["", "08", "12", "1208042d010203060fa1", "0864" + "12ff", "ffffffffffffffffffff"] {
      #expect(throws: DCUtRError.malformedMessage, "\(text)") { try message(text) }
    }
    for text in ["0800", "0865", "08ffffffff0f"] {
      #expect(throws: DCUtRError.unexpectedMessage, "\(text)") { try message(text) }
    }
  }

  @Test func `of two thousand addresses the first are read`() throws {
    let bytes: [UInt8] = [0x08, 0x64] + [[UInt8]](repeating: [0x12, 0x00], count: 2000).joined()
    #expect(try Message(decoding: ByteBuffer(bytes: bytes)) == .connect([]))
    let many = Message.connect((1...400).map { address("/ip4/45.1.2.3/tcp/\($0)") })
    guard case .connect(let read) = try Message(decoding: body(many.encoded)) else {
      Issue.record("no CONNECT")
      return
    }
    #expect(read.count == Message.addressesMax)
    #expect(read.first == address("/ip4/45.1.2.3/tcp/1"))
  }

  @Test func `no bytes do harm`() throws {
    let good = try [
      Message.connect([ourAddress, theirAddress]).encoded, Message.sync.encoded,
    ].map { try [UInt8](body($0).readableBytesView) }
    var generator = SeededGenerator(seed: 1)
    let noise = (0..<2000).map { _ in generator.bytes(Int.random(in: 0...80, using: &generator)) }
    for bytes in good.flatMap({ $0.bitFlips + $0.truncations }) + noise {
      guard let message = try? Message(decoding: ByteBuffer(bytes: bytes)) else { continue }
      #expect(try Message(decoding: body(message.encoded)) == message)
    }
  }

  // Which addresses are worth a dial.

  @Test(arguments: [
    ("/ip4/45.1.2.3/tcp/4001", true), ("/ip6/2a00::1/tcp/4001", true),
    ("/ip4/127.0.0.1/tcp/4001", false), ("/ip4/10.0.0.1/tcp/4001", false),
    ("/ip4/192.168.1.1/tcp/1", false), ("/ip4/100.64.0.1/tcp/1", false),
    ("/ip4/169.254.1.1/tcp/4001", false), ("/ip4/224.0.0.1/tcp/4001", false),
    ("/ip4/0.0.0.0/tcp/4001", false), ("/ip4/255.255.255.255/tcp/1", false),
    ("/ip4/203.0.113.1/tcp/1", false), ("/ip6/::1/tcp/1", false), ("/ip6/::/tcp/1", false),
    ("/ip6/fe80::1/tcp/1", false), ("/ip6zone/eth0/ip6/2a00::1/tcp/1", false),
    ("/ip6/fc00::1/tcp/1", false), ("/ip6/ff02::1/tcp/1", false), ("/ip6/::ffff:10.0.0.1/tcp/1", false),
    ("/ip4/45.1.2.3/tcp/0", false), ("/ip4/45.1.2.3", false), ("/ip4/45.1.2.3/udp/4001/quic-v1", false),
    ("/ip4/45.1.2.3/tcp/4001/ws", false), ("/dns4/example.com/tcp/4001", false),
    ("/dnsaddr/example.com", false), ("/unix/etc/passwd", false),
    ("/ip4/45.1.2.3/tcp/4001/p2p/\(peers[30])/p2p-circuit", false),
    ("/ip4/45.1.2.3/tcp/4001/p2p/\(peers[30])/p2p-circuit/p2p/\(peers[20])", false),
    ("/ip4/45.1.2.3/tcp/4001/p2p/\(peers[20])", true), ("/ip4/45.1.2.3/tcp/4001/p2p/\(peers[30])", false),
    ("/ip4/45.0.0.1/tcp/4001", false), ("/ip4/45.0.0.1/tcp/4002", true),
  ])
  func `only global TCP addresses of the peer's are dialled`(text: String, isDialled: Bool) {
    let own = Candidates([ourAddress], of: peers[10], limits: .init())
    let candidates = Candidates([address(text)], of: peers[20], notOf: own, limits: .init())
    #expect(candidates.addresses.isEmpty == !isDialled)
    #expect(candidates.dropped == (isDialled ? 0 : 1))
    #expect(candidates.addresses.allSatisfy { $0.peer == nil })
  }

  @Test func `private and loopback addresses are dialled when the configuration says so`() {
    var configuration = Configuration()
    configuration.allowsLocalAddresses = true
    let local = addresses("/ip4/127.0.0.1/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip6/::1/tcp/1")
    let never = addresses("/ip4/0.0.0.0/tcp/1", "/ip4/224.0.0.1/tcp/1", "/ip6/fe80::1/tcp/1")
    let candidates = Candidates(local + never, of: peers[20], limits: configuration)
    #expect(candidates.addresses == local)
    #expect(candidates.dropped == 3)
  }

  @Test func `twenty addresses are kept, of one host four, each once`() {
    let ports = (1...9).map { address("/ip4/45.1.2.3/tcp/\($0)") }
    let one = Candidates(ports + ports, of: peers[20], limits: .init())
    #expect(one.addresses == [Multiaddr](ports.prefix(4)))
    #expect(one.dropped == 14)
    #expect(one.seemToVary)
    let hosts = (1...200).map { address("/ip4/45.1.2.\($0)/tcp/1") }
    let many = Candidates(hosts + hosts, of: peers[20], limits: .init())
    #expect(many.addresses == [Multiaddr](hosts.prefix(20)))
    #expect(many.dropped == 380)
    #expect(!many.seemToVary)
  }

  @Test func `transports are told apart`() {
    #expect(Candidates.transport(of: ourAddress) == .tcp)
    #expect(Candidates.transport(of: address("/ip4/45.1.2.3/udp/1/quic-v1")) == .quic)
    #expect(Candidates.transport(of: address("/ip4/45.1.2.3/udp/1")) == nil)
    #expect(
      Candidates.transport(of: address("/ip4/45.1.2.3/tcp/1/p2p/\(peers[1])/p2p-circuit")) == nil)
  }
}
