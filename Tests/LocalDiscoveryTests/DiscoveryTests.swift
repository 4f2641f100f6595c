import NIOCore
import SansIO
import Testing
import Wire

@testable import LocalDiscovery

@Suite struct DiscoveryTests {
  @Test func aNeighbourAndItsAddresses() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1", "/ip4/10.0.0.2/udp/1/quic-v1"))
    #expect(stage.discovered.map(\.peer) == [peer(1)])
    #expect(
      Set(stage.discovered[0].addresses) == [
        addr("/ip4/10.0.0.2/tcp/1"), addr("/ip4/10.0.0.2/udp/1/quic-v1"),
      ])
  }

  @Test func toldOnceAndAgainWhenThereIsMore() {
    var stage = Stage()
    for _ in 0..<3 { stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1")) }
    #expect(stage.discovered.count == 1)
    stage.hear(announcement(name: "othername", at: "/ip4/10.0.0.2/tcp/1"))
    #expect(stage.discovered.count == 1)
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/2"))
    #expect(stage.discovered.last?.addresses == [addr("/ip4/10.0.0.2/tcp/1"), addr("/ip4/10.0.0.2/tcp/2")])
  }

  @Test func oneAddressARecordOrManyInOneOrOnlyTheText() {
    for message in [
      instance(text("/ip4/10.0.0.2/tcp/1"), text("/ip4/10.0.0.2/tcp/2")),
      announcement(at: "/ip4/10.0.0.2/tcp/2", "/ip4/10.0.0.2/tcp/1"),
      {
        var message = instance(text("/ip4/10.0.0.2/tcp/1"), text("/ip4/10.0.0.2/tcp/2"))
        message.answers = message.additionals
        message.additionals = []
        return message
      }(),
    ] {
      var stage = Stage()
      stage.hear(message)
      #expect(
        stage.discovered.map(\.addresses) == [[addr("/ip4/10.0.0.2/tcp/1"), addr("/ip4/10.0.0.2/tcp/2")]])
    }
  }

  @Test func numberedKeysAsPythonHasThem() {
    var stage = Stage()
    stage.hear(
      instance(
        text("/ip4/10.0.0.2/tcp/1"), text("/ip4/10.0.0.2/tcp/2").replacing("dnsaddr=", with: "DNSAddr2="),
        "id=x", "dnsaddr", ""))
    #expect(stage.discovered.first?.addresses.count == 2)
    #expect(stage.counters.malformedAddresses == 0)
  }

  @Test func bothFamiliesTogether() {
    var stage = Stage(on: [dualHome])
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"), from: neighbour6, on: lan6)
    #expect(stage.discovered.count == 1)
    stage.hear(announcement(at: "/ip6/fd00::2/tcp/1"), from: neighbour6, on: lan6)
    #expect(stage.discovered.last?.addresses.count == 2)
    stage.pass(.seconds(121))
    #expect(stage.expired.map(\.peer) == [peer(1)])
  }

  @Test func linkLocalAddressesGetTheZoneTheyWereHeardIn() {
    var stage = Stage(on: [dualHome])
    stage.hear(announcement(at: "/ip6/fe80::2/tcp/1"), from: neighbour6, on: lan6)
    #expect(stage.discovered.last?.addresses == [addr("/ip6zone/lan0/ip6/fe80::2/tcp/1")])
  }

  @Test func allAddressesOfTheSenderMeansTheOneItSentFrom() {
    var stage = Stage(on: [dualHome])
    stage.hear(announcement(at: "/ip4/0.0.0.0/tcp/1"))
    #expect(stage.discovered.last?.addresses == [addr("/ip4/10.0.0.2/tcp/1")])
    stage.hear(announcement(of: 2, name: "b", at: "/ip6/::/tcp/1"), from: neighbour6, on: lan6)
    #expect(stage.discovered.last?.addresses == [addr("/ip6zone/lan0/ip6/fe80::2/tcp/1")])
    stage.hear(announcement(of: 3, name: "c", at: "/ip6/::/tcp/1"))
    #expect(stage.discovered.count == 2)
  }

  // MARK: Forgetting

  @Test func whatIsNotRepeatedExpires() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 30))
    stage.pass(.seconds(20))
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 30))
    stage.pass(.milliseconds(29_999))
    #expect(stage.expired.isEmpty)
    stage.pass(.milliseconds(1))
    #expect(stage.expired.map(\.at) == [.seconds(50)])
    #expect(stage.machine.peerCount == 0)
  }

  @Test func nobodyIsBelievedForever() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: .max))
    stage.pass(.seconds(4500))
    #expect(stage.expired.count == 1)
  }

  @Test func aGoodbyeTakesASecond() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    stage.pass(.seconds(10))
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 0))
    stage.pass(.seconds(2))
    #expect(stage.expired.map(\.at) == [.seconds(11)])
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    #expect(stage.discovered.count == 2)
  }

  @Test func aGoodbyeOfTheNameAloneIsEnough() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    var goodbye = announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 0)
    goodbye.additionals = []
    stage.hear(goodbye)
    stage.pass(.seconds(2))
    #expect(stage.expired.count == 1)
  }

  @Test func aGoodbyeForWhatAnotherSaidTakesNothingBack() {
    let liar = Endpoint(ip("10.0.0.3"), port: 5353)
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    stage.hear(announcement(name: "lie", at: "/ip4/10.0.0.3/tcp/1"), from: liar)
    stage.hear(announcement(name: "lie", at: "/ip4/10.0.0.3/tcp/1", ttlSeconds: 0), from: liar)
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 0), from: liar)
    stage.pass(.seconds(10))
    #expect(stage.expired.isEmpty)
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/2"))
    #expect(stage.discovered.last?.addresses == [addr("/ip4/10.0.0.2/tcp/1"), addr("/ip4/10.0.0.2/tcp/2")])
  }

  @Test func whoObjectsToAGoodbyeStays() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 0))
    stage.pass(.milliseconds(200))
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    stage.pass(.seconds(10))
    #expect(stage.expired.isEmpty)
  }

  @Test func aFalseGoodbyeInOurNameIsAnswered() {
    var stage = Stage()
    stage.settle()
    var goodbye = announcement(at: "/ip4/10.0.0.2/tcp/1", ttlSeconds: 0)
    goodbye.answers = [Record(name: Service.peers, data: .pointer(stage.ownName), ttlSeconds: 0)]
    stage.hear(goodbye)
    stage.pass(.milliseconds(200))
    #expect(stage.answers.count == 1)
    #expect(stage.counters.impersonations == 1)
  }

  @Test func whatASenderNoLongerSaysIsOverInASecond() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    stage.pass(.seconds(5))
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/2"))
    stage.pass(.seconds(2))
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/3"))
    #expect(stage.discovered.last?.addresses == [addr("/ip4/10.0.0.2/tcp/2"), addr("/ip4/10.0.0.2/tcp/3")])
  }

  @Test func whatAnotherSenderSaysTakesNothingBack() {
    var stage = Stage()
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    stage.pass(.seconds(5))
    stage.hear(announcement(name: "x", at: "/ip4/10.0.0.3/tcp/2"), from: Endpoint(ip("10.0.0.3"), port: 5353))
    stage.pass(.seconds(5))
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/3"))
    #expect(stage.discovered.last?.addresses.count == 3)
  }

  @Test func anInterfaceThatGoesTakesItsPeersWithIt() {
    let wireless = interface(wifi, "wifi0", "192.168.1.1/24")
    var stage = Stage(on: [home, wireless])
    let there = Endpoint(ip("192.168.1.2"), port: 5353)
    stage.hear(announcement(of: 1, at: "/ip4/10.0.0.2/tcp/1"))
    stage.hear(announcement(of: 1, at: "/ip4/192.168.1.2/tcp/1"), from: there, on: wifi4)
    stage.hear(announcement(of: 2, name: "b", at: "/ip4/192.168.1.3/tcp/1"), from: there, on: wifi4)
    stage.plug([home])
    #expect(stage.expired.map(\.peer) == [peer(2)])
    stage.hear(announcement(of: 3, name: "c", at: "/ip4/192.168.1.3/tcp/1"), from: there, on: wifi4)
    #expect(stage.counters.strayPackets == 1)
    stage.plug([])
    #expect(stage.expired.map(\.peer) == [peer(2), peer(1)])
    stage.pass(.seconds(100))
    stage.plug([home])
    stage.sent = []
    stage.pass(.milliseconds(240))
    #expect(stage.sent.count == 2)
  }
}
