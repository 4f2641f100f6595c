import NIOCore
import SansIO
import Testing
import Wire

@testable import LocalDiscovery

@Suite struct OwnAddressTests {
  static let wired = interface(lan, "lan0", "10.0.0.1/24", "fd00::1/64", "fe80::1/64")
  static let wireless = interface(wifi, "wifi0", "192.168.1.1/24")

  static func announced(_ addresses: String..., on interface: Interface = wired) -> [String] {
    OwnAddresses(addresses: addresses.map(addr)).announced(on: interface).map(\.description)
  }

  @Test func everyAddressOfTheInterfaceAndOfNoOther() {
    #expect(
      Self.announced("/ip4/0.0.0.0/tcp/1", "/ip6/::/udp/2/quic-v1")
        == ["/ip4/10.0.0.1/tcp/1", "/ip6/fd00::1/udp/2/quic-v1"])
    #expect(
      Self.announced("/ip4/0.0.0.0/tcp/1", "/ip6/::/tcp/1", on: Self.wireless) == ["/ip4/192.168.1.1/tcp/1"])
  }

  @Test func certainAddressesWhereTheyBelong() {
    let both = ["/ip4/10.0.0.1/tcp/1", "/ip4/192.168.1.1/tcp/1"]
    #expect(Self.announced(both[0], both[1]) == [both[0]])
    #expect(Self.announced(both[0], both[1], on: Self.wireless) == [both[1]])
  }

  @Test func neverLoopbackRelaysNamesOrStrangers() {
    #expect(
      Self.announced(
        "/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/dns4/a.example/tcp/1", "/ip4/45.1.2.3/tcp/1",
        "/ip4/10.0.0.1/tcp/1/p2p/\(peer(3))/p2p-circuit") == [])
  }

  @Test func linkLocalOnlyWhereNothingElseHelps() {
    #expect(Self.announced("/ip6/::/tcp/1") == ["/ip6/fd00::1/tcp/1"])
    let bare = interface(lan, "lan0", "fe80::1/64")
    #expect(Self.announced("/ip4/0.0.0.0/tcp/1", "/ip6/::/tcp/1", on: bare) == ["/ip6/fe80::1/tcp/1"])
    #expect(Self.announced("/ip6zone/lan0/ip6/fe80::1/tcp/1", on: bare) == ["/ip6/fe80::1/tcp/1"])
  }

  @Test func ourPeerIDIsToldOnce() {
    var stage = Stage(announcing: ["/ip4/10.0.0.1/tcp/1/p2p/\(peer(0))", "/ip4/10.0.0.1/tcp/1"])
    stage.pass(.milliseconds(240))
    #expect(stage.announced() == [text("/ip4/10.0.0.1/tcp/1", 0)])
  }

  @Test func noMoreThanFitAndNoneThatIsTooLong() {
    let many = (1...20).map { "/ip4/10.0.0.1/tcp/\($0)" }
    let long = "/ip4/10.0.0.1/tcp/1/tls/sni/" + String(repeating: "a", count: 200)
    var stage = Stage(announcing: [long] + many)
    stage.pass(.milliseconds(240))
    #expect(stage.announced().count == 8)
    #expect(stage.announced().last == text("/ip4/10.0.0.1/tcp/1", 0))
    #expect(stage.counters.addressesUntold == 13)
    #expect(stage.answers[0].message.encoded().readableBytes <= 1232)
  }

  @Test func newAddressesAreToldAtOnce() {
    var stage = Stage()
    stage.settle()
    stage.announce(["/ip4/0.0.0.0/tcp/5"])
    stage.pass(.milliseconds(240))
    #expect(stage.announced() == [text("/ip4/10.0.0.1/tcp/5", 0)])
    stage.settle()
    stage.announce(["/ip4/0.0.0.0/tcp/5"])
    stage.pass(.milliseconds(240))
    #expect(stage.sent.isEmpty)
  }

  @Test func newAddressesAreToldTwiceEvenToThoseWhoKnowUsAndAskFirst() {
    var stage = Stage()
    stage.settle()
    stage.announce(["/ip4/0.0.0.0/tcp/5"])
    stage.hear(question(known: [(stage.ownName, 600)]))
    stage.pass(.milliseconds(1200))
    #expect(
      stage.answers.map(\.message.texts) == [
        [text("/ip4/10.0.0.1/tcp/5", 0)], [text("/ip4/10.0.0.1/tcp/5", 0)],
      ])
  }

  @Test func noAddressLeftIsAGoodbye() {
    var stage = Stage()
    stage.settle()
    stage.announce([])
    #expect(stage.answers.map { $0.message.answers.map(\.ttlSeconds) } == [[0]])
    stage.hear(question())
    stage.settle()
    stage.hear(question())
    stage.pass(.seconds(1))
    #expect(stage.answers.isEmpty)
  }

  @Test func leavingIsAGoodbyeOnEveryLinkAndTheEnd() {
    var stage = Stage(on: [dualHome, Self.wireless])
    stage.hear(announcement(at: "/ip4/10.0.0.2/tcp/1"))
    stage.settle()
    stage.leave()
    #expect(stage.sent.map(\.link) == [lan4, lan6, wifi4])
    for goodbye in stage.sent {
      let records = goodbye.message.answers + goodbye.message.additionals
      #expect(records.allSatisfy { $0.ttlSeconds == 0 })
      #expect(!goodbye.message.texts.isEmpty)
    }
    stage.sent = []
    stage.leave()
    stage.hear(question())
    stage.plug([home])
    stage.announce(["/ip4/0.0.0.0/tcp/9"])
    stage.pass(.seconds(1000))
    #expect(stage.sent.isEmpty)
    let deadline = stage.machine.deadline
    #expect(deadline == nil)
  }

  @Test func whoNeverSpokeNeedNotSayGoodbye() {
    var stage = Stage()
    stage.leave()
    #expect(stage.sent.isEmpty)
  }
}
