import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@testable import LocalDiscovery

@Suite struct LieTests {
  @Test(arguments: ["192.168.7.7", "8.8.8.8", "127.0.0.1", "fe80::2"]) func offLink(source: String) {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"), from: Endpoint(ip(source), port: 5353))
    stage.hear(question(unicast: true), from: Endpoint(ip(source), port: 9999))
    #expect(stage.counters.offLink == 2)
    #expect(stage.discovered.isEmpty && stage.answers.isEmpty)
  }

  @Test func networksEndWhereTheirPrefixEnds() {
    let local = interface(lan, "lan0", "10.0.0.130/25", "fd00::1/64")
    #expect(local.isOnLink(ip("10.0.0.129")))
    #expect(!local.isOnLink(ip("10.0.0.127")))
    #expect(local.isOnLink(ip("fd00::ffff:0:0:1")))
    #expect(!local.isOnLink(ip("fd00:0:0:1::1")))
    #expect(local.isOnLink(ip("fe80::9")))
    #expect(!interface(lan, "lan0", "10.0.0.1/32").isOnLink(ip("10.0.0.2")))
    #expect(interface(lan, "lan0", "10.0.0.1/0").isOnLink(ip("8.8.8.8")))
  }

  @Test func answersFromAnotherPort() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"), from: Endpoint(ip("10.0.0.2"), port: 5354))
    #expect(stage.counters.wrongPort == 1)
    #expect(stage.discovered.isEmpty)
  }

  @Test func whoNamesTwoPeersIsBelievedNothing() {
    var stage = Stage()
    stage.hear(instance(text("/ip4/10.0.0.2/tcp/1", 1), text("/ip4/10.0.0.2/tcp/1", 2)))
    #expect(stage.counters.contradictions == 1)
    #expect(stage.discovered.isEmpty)
  }

  @Test func ourselves() {
    var stage = Stage()
    stage.hear(announcement(of: 0, at: "/ip4/10.0.0.2/tcp/1"))
    #expect(stage.counters.impersonations == 1)
    stage.pass(.milliseconds(240))
    let own = stage.answers[0].message
    stage.hear(own, from: Endpoint(ip("10.0.0.1"), port: 5353))
    #expect(stage.counters.impersonations == 1)
    #expect(stage.discovered.isEmpty)
  }

  @Test(arguments: [
    "/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/ip6/::ffff:127.0.0.1/tcp/1", "/ip4/224.0.0.1/tcp/1",
    "/dns4/a.local/tcp/1", "/dnsaddr/a.example", "/ip6zone/lan0/ip6/fe80::2/tcp/1",
    "/ip4/10.0.0.2/tcp/1/p2p/\(peer(9))/p2p-circuit", "/unix/tmp/a", "/memory/1",
  ])
  func addressesThatLeadElsewhere(address: String) {
    var stage = Stage(on: [dualHome])
    stage.hear(instance(text(address)))
    #expect(stage.counters.unreachableAddresses + stage.counters.malformedAddresses == 1)
    #expect(stage.discovered.isEmpty)
    #expect(stage.machine.peerCount == 0)
  }

  @Test func loopbackIsFineFromThisVeryMachine() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/127.0.0.1/tcp/1"), from: Endpoint(ip("10.0.0.1"), port: 5353))
    #expect(stage.discovered.map(\.addresses) == [[addr("/ip4/127.0.0.1/tcp/1")]])
  }

  @Test(arguments: [
    "dnsaddr=", "dnsaddr=/ip4/10.0.0.2/tcp/1", "dnsaddr=nonsense", "dnsaddr=/p2p/\(peer(1))",
    "dnsaddr=/ip4/10.0.0.2/tcp/99999/p2p/\(peer(1))", "dnsaddr=/ip4/10.0.0.2/tcp/1/p2p/QmNonsense",
  ])
  func textsThatAreNoAddress(string: String) {
    var stage = Stage()
    stage.hear(instance(string))
    #expect(stage.counters.malformedAddresses == 1)
    #expect(stage.discovered.isEmpty)
  }

  @Test func namesOfOtherServicesAreNotOurs() {
    var stage = Stage()
    for name in [Name("x._p2p-1234._udp.local"), Name("_p2p._udp.local"), Name("a.b._p2p._udp.local")] {
      var message = instance(text("/ip4/10.0.0.2/tcp/1"))
      message.additionals[0].name = name
      stage.hear(message)
    }
    #expect(stage.discovered.isEmpty)
  }
}

@Suite struct LimitTests {
  @Test func farAddressesAreFewAndAllAreBounded() {
    var stage = Stage()
    let far = (1...10).map { text("/ip4/45.1.2.\($0)/tcp/1") }
    let near = (1...10).map { text("/ip4/10.0.0.2/tcp/\($0)") }
    var message = instance()
    message.additionals = [far, near].map { strings in
      Record(
        name: instanceName("neighbour"), data: .text(strings.map { [UInt8]($0.utf8) }), ttlSeconds: 100)
    }
    stage.hear(message)
    #expect(stage.discovered[0].addresses.count == 14)
    #expect(stage.counters.excessAddresses == 6)
    for port in 100..<200 { stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/\(port)")) }
    #expect(stage.discovered.last?.addresses.count == 16)
  }

  @Test func peersOfOneSourceAndOfAll() {
    var stage = Stage {
      ($0.peersPerSourceMax, $0.peersMax) = (3, 5)
    }
    for number in 1...5 {
      stage.hear(announcement(of: UInt32(number), name: "n\(number)", at: "/ip4/10.0.0.2/tcp/1"))
    }
    #expect(stage.machine.peerCount == 3)
    let other = Endpoint(ip("10.0.0.3"), port: 5353)
    for number in 11...15 {
      stage.hear(announcement(of: UInt32(number), name: "n\(number)", at: "/ip4/10.0.0.3/tcp/1"), from: other)
    }
    #expect(stage.machine.peerCount == 5)
    #expect(stage.counters.excessPeers == 5)
    // What expires makes room again.
    stage.pass(.seconds(121))
    stage.hear(announcement(of: 20, at: "/ip4/10.0.0.2/tcp/1"))
    #expect(stage.machine.peerCount == 1)
  }

  @Test func aPacketTellsOfSoManyPeersAtMost() {
    var message = Message()
    message.isResponse = true
    message.answers = (1...100).map { number in
      Record(
        name: instanceName("n\(number)"),
        data: .text([[UInt8](text("/ip4/10.0.0.2/tcp/1", UInt32(number)).utf8)]),
        ttlSeconds: 100)
    }
    var stage = Stage()
    stage.hear(message)
    // Too long for a packet at all.
    #expect(stage.counters.oversized == 1)
    message.answers = Array(message.answers.prefix(60))
    stage.hear(message)
    #expect(stage.discovered.count == 32)
    #expect(stage.counters.excessInstances == 28)
  }

  @Test func tenThousandRecordsInAPacket() {
    var bytes: [UInt8] = [0, 0, 0x84, 0, 0, 0, 0x27, 0x10, 0, 0, 0, 0] + [0]
    bytes += [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]
    while bytes.count < 8980 { bytes += [0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4] }
    var stage = Stage()
    stage.hear(ByteBuffer(bytes: bytes))
    #expect(stage.counters.cutPackets == 1)
    stage.hear(ByteBuffer(bytes: bytes + [UInt8](repeating: 0, count: 56_000)))
    #expect(stage.counters.oversized == 1)
  }

  @Test func tenThousandPacketsOfOneSourceAndTheOthersAreStillHeard() {
    var stage = Stage()
    stage.settle()
    let packets = (0..<150).map {
      announcement(of: UInt32($0 + 100), name: "n\($0)", at: "/ip4/10.0.0.2/tcp/\($0)").encoded()
    }
    for number in 0..<10_000 { stage.hear(packets[number % packets.count]) }
    #expect(stage.counters.overRate == 9900)
    #expect(stage.machine.peerCount <= 128)
    stage.hear(
      announcement(of: 1, name: "b", at: "/ip4/10.0.0.3/tcp/1"), from: Endpoint(ip("10.0.0.3"), port: 5353))
    #expect(stage.discovered.last?.peer == peer(1))
    stage.pass(.seconds(1))
    stage.hear(announcement(of: 2, name: "c", at: "/ip4/10.0.0.2/tcp/1"))
    #expect(stage.counters.overRate == 9900)
  }

  @Test func floodsFromAddressesThatWereMadeUpStayBounded() {
    var limiter = SourceLimiter(configuration: .init(), now: .zero)
    var taken = 0
    for number in 0..<20_000 {
      let source = IPAddress.v4(IPv4Address(rawValue: 0x0A00_0000 + UInt32(number)))
      taken += limiter.take(from: source, at: .zero) ? 1 : 0
    }
    #expect(taken == 256 + 100)
    taken = 0
    for number in 0..<20_000 {
      let source = IPAddress.v4(IPv4Address(rawValue: 0x0A00_0000 + UInt32(number)))
      taken += limiter.take(from: source, at: .zero + .seconds(2)) ? 1 : 0
    }
    #expect(taken <= 1000)
  }

  @Test func unicastAnswersAreHeldToTheSameRate() {
    var stage = Stage()
    stage.settle()
    for _ in 0..<1000 { stage.hear(question(), from: Endpoint(ip("10.0.0.2"), port: 9999)) }
    #expect(stage.answers.count == 100)
  }

  @Test func linksAreBounded() {
    let many = (1...100).map { interface(InterfaceID(rawValue: UInt32($0)), "v\($0)", "10.0.\($0).1/24") }
    var stage = Stage(on: many)
    stage.pass(.milliseconds(120))
    #expect(stage.questions.count == 64)
  }
}

@Suite struct MangledTests {
  static let packets: [Message] = [
    announcement(at: "/ip4/10.0.0.3/tcp/1"), question(known: [(instanceName("a"), 9)]),
  ]

  @Test(arguments: packets) func everyCutIsRefused(packet: Message) {
    let bytes = [UInt8](packet.encoded().readableBytesView)
    var stage = Stage {
      $0.packetsPerSourceBurst = 10_000; $0.packetsBurst = 10_000
    }
    stage.settle(.milliseconds(500))
    for cut in bytes.truncations { stage.hear(ByteBuffer(bytes: cut)) }
    #expect(stage.counters.malformed == bytes.count)
    #expect(stage.discovered.isEmpty)
  }

  @Test(arguments: packets) func everyBitTurnedOverIsSurvived(packet: Message) {
    var stage = Stage {
      ($0.packetsPerSourceBurst, $0.packetsBurst) = (1_000_000, 1_000_000)
      ($0.peersPerSourceMax, $0.peersMax) = (8, 8)
    }
    for flipped in [UInt8](packet.encoded().readableBytesView).bitFlips {
      stage.hear(ByteBuffer(bytes: flipped))
    }
    stage.pass(.seconds(5000))
    #expect(stage.machine.peerCount == 0)
    #expect(stage.expired.count == stage.machine.peerCount + Set(stage.discovered.map(\.peer)).count)
  }

  @Test(arguments: 0..<20) func noiseIsSurvived(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var stage = Stage(seed: seed) { ($0.packetsPerSourceBurst, $0.packetsBurst) = (1_000_000, 1_000_000) }
    for _ in 0..<100 {
      var bytes = generator.bytes(Int.random(in: 0...200, using: &generator))
      // Mostly with a header that lets them in.
      if bytes.count > 4 { (bytes[2], bytes[3]) = (0x84, 0) }
      stage.hear(ByteBuffer(bytes: bytes))
    }
    #expect(stage.machine.peerCount == 0)
  }
}
