import NetworkModel
import SansIO
import Testing

private let public1 = Endpoint(Address(94, 0, 0, 1), 4001)
private let alice6 = Endpoint(Address("2600:a::10")!, 4001)
private let public6 = Endpoint(Address("2600:b::1")!, 4001)

/// Alice and Bob at home, a server in public.
private struct Home {
  var network = Network(seed: 1)
  let alice: InterfaceID
  let bob: InterfaceID
  let server: InterfaceID
  let router: RouterID
  let lan: SegmentID

  init(
    _ nat: NAT.Behavior = .portRestrictedCone, firewall4: Firewall.Policy? = nil,
    up: Link.Conditions = .init()
  ) {
    lan = network.addLAN("home")
    router = network.addRouter(
      Router(
        name: "router", inside: lan, outside: .internet(),
        insideAddresses: [Address(192, 168, 1, 1), Address("2600:a::1")!],
        outsideAddresses: [external, Address("2600:a:0:1::1")!], prefixes: [Prefix("2600:a::/64")!], nat: nat,
        firewall4: firewall4, firewall6: .blockInbound, up: up))
    alice = network.addInterface(
      Interface(
        host: "alice", place: .lan(lan), addresses: [NetworkModelTests.alice.address, alice6.address]))
    bob = network.addInterface(
      Interface(host: "bob", place: .lan(lan), addresses: [NetworkModelTests.bob.address]))
    server = network.addInterface(
      Interface(host: "server", place: .internet(), addresses: [public1.address, public6.address]))
  }

  /// What a packet causes.
  mutating func send(_ packet: Packet, from interface: InterfaceID, at now: Instant = .zero) -> Trace {
    network.receive(packet, from: interface, at: now)
    return network.settle()
  }
}

@Suite struct RouterTests {
  @Test func `out through the NAT and back`() throws {
    var home = Home()
    let seen = try present(
      home.send(.udp(from: alice, to: public1), from: home.alice).packets(at: home.server).first)
    #expect(seen.source == Endpoint(external, alice.port) && seen.hopLimit == 63)
    let back = home.send(.udp(from: public1, to: seen.source), from: home.server).packets(at: home.alice)
    #expect(back.map(\.destination) == [alice])
    let unsolicited = home.send(.udp(from: public1, to: Endpoint(external, 9)), from: home.server)
    #expect(unsolicited.rules == [.unsolicited] && unsolicited.deaths[0].box == "router/nat")
  }

  @Test func `IPv6 goes untranslated, and comes in only when asked`() {
    var home = Home()
    #expect(home.send(.udp(from: public6, to: alice6), from: home.server).rules == [.firewall])
    #expect(home.send(.udp(from: alice6, to: public6), from: home.alice).packets(at: home.server).count == 1)
    #expect(home.send(.udp(from: public6, to: alice6), from: home.server).packets(at: home.alice).count == 1)
  }

  @Test func `a LAN carries multicast and broadcast to the others, and the internet none`() {
    var home = Home()
    let mdns = Packet.udp(from: alice, to: Endpoint(Address(224, 0, 0, 251), 5353))
    let trace = home.send(mdns, from: home.alice)
    #expect(trace.packets(at: home.bob) == [mdns] && trace.deliveries.count == 1)
    let broadcast = Packet.udp(from: bob, to: Endpoint(.broadcast, 9))
    #expect(home.send(broadcast, from: home.bob).packets(at: home.alice) == [broadcast])
    let public4 = Packet.udp(from: public1, to: Endpoint(Address(224, 0, 0, 251), 5353))
    #expect(home.send(public4, from: home.server).rules == [.multicastNotRouted])
    home.network.setUp(false, home.bob, at: .zero)
    #expect(home.send(mdns, from: home.alice).rules == [.linkDown])
  }

  @Test func `neighbours speak without the router`() {
    var home = Home()
    let packet = Packet.udp(from: alice, to: bob)
    #expect(home.send(packet, from: home.alice).packets(at: home.bob) == [packet])
  }

  @Test(arguments: [(NAT.Unsolicited.reject, Rule.rejected), (.reset, .reset)])
  func `a box that says no`(unsolicited: NAT.Unsolicited, rule: Rule) throws {
    var home = Home(.init(unsolicited: unsolicited))
    let trace = home.send(
      .tcp(from: public1, to: Endpoint(external, 9), .syn, sequence: 5), from: home.server)
    #expect(trace.rules == [rule])
    let answer = try #require(trace.packets(at: home.server).first)
    #expect(answer.sourceAddress == external && hasRightChecksums(answer))
    if rule == .reset {
      #expect(answer.tcpFlags == [.rst, .ack] && answer.tcpAcknowledgement == 6)
    } else {
      #expect(answer.isICMPError)
    }
  }

  @Test func `a firewall that refuses aloud`() throws {
    var home = Home(firewall4: .webOnly)
    let trace = home.send(.udp(from: alice, to: public1), from: home.alice)
    #expect(trace.rules == [.firewall] && trace.deaths[0].box == "router/firewall (default)")
    let answer = try #require(trace.packets(at: home.alice).first)
    #expect(answer.isICMPError && answer.sourceAddress == Address(192, 168, 1, 1))
    let web = Packet.tcp(from: alice, to: Endpoint(public1.address, 443), .syn)
    #expect(home.send(web, from: home.alice).packets(at: home.server).count == 1)
  }

  @Test func `the last hop is told of`() throws {
    var home = Home()
    let trace = home.send(.udp(from: alice, to: public1, hopLimit: 1), from: home.alice)
    #expect(trace.rules == [.hopLimitReached])
    let answer = try #require(trace.packets(at: home.alice).first)
    #expect(answer.sourceAddress == Address(192, 168, 1, 1) && answer.bytes[20] == 11)
  }

  @Test func `too big for the uplink is translated back to the host`() throws {
    var home = Home(up: .init(mtu: 1400))
    let large = Packet.udp(from: alice, to: public1, payload: Array(repeating: 0, count: 1450))
    let trace = home.send(large, from: home.alice)
    #expect(trace.rules == [.tooBig])
    let heard = try #require(trace.packets(at: home.alice).first)
    #expect(Array(heard.bytes[26..<28]) == [0x05, 0x78] && hasRightChecksums(heard))
    #expect(Array(heard.bytes[40..<44]) == [192, 168, 1, 10])
  }

  @Test func `neighbours reach each other by the box's outside address`() {
    var home = Home(.fullCone)
    _ = home.send(.udp(from: bob, to: public1), from: home.bob)
    let trace = home.send(.udp(from: alice, to: Endpoint(external, 40_000)), from: home.alice)
    let arrived = trace.packets(at: home.bob)
    #expect(
      arrived.count == 1 && arrived.first?.source.address == external && arrived.first?.destination == bob)
  }

  @Test func `a box answers echo, and refuses the rest`() {
    var home = Home()
    let gateway = Address(192, 168, 1, 1)
    let echo = home.send(.echoRequest(from: alice, to: gateway), from: home.alice).packets(at: home.alice)
    #expect(echo.first?.isEchoReply == true)
    let refused = home.send(.tcp(from: alice, to: Endpoint(gateway, 80), .syn), from: home.alice)
    #expect(refused.rules == [.noService] && refused.packets(at: home.alice).first?.tcpFlags == [.rst, .ack])
  }

  @Test func `reboot and renumbering`() throws {
    var home = Home()
    _ = home.send(.udp(from: alice, to: public1), from: home.alice)
    home.network.reboot(home.router, at: .seconds(1))
    let mapped = Endpoint(external, alice.port)
    #expect(
      home.send(.udp(from: public1, to: mapped), from: home.server, at: .seconds(1)).rules == [.unsolicited])
    let other = Address(93, 77, 0, 1)
    home.network.renumber(home.router, to: [other], at: .seconds(2))
    #expect(
      home.send(.udp(from: public1, to: mapped), from: home.server, at: .seconds(2)).rules == [.nobodyThere])
    let seen = home.send(.udp(from: alice, to: public1), from: home.alice, at: .seconds(3))
    #expect(seen.packets(at: home.server).map(\.source.address) == [other])
    #expect(
      home.send(.udp(from: alice6, to: public6), from: home.alice, at: .seconds(3)).deliveries.count == 1)
    #expect(
      home.send(.udp(from: public6, to: alice6), from: home.server, at: .seconds(3)).deliveries.count == 1)
  }

  @Test func `a router's uplink fails while the LAN lives on`() {
    var home = Home()
    home.network.setSilent(true, home.router, at: .zero)
    #expect(home.send(.udp(from: alice, to: public1), from: home.alice).rules == [.signalLost])
    #expect(home.send(.udp(from: alice, to: bob), from: home.alice).deliveries.count == 1)
    home.network.setSilent(false, home.router, at: .zero)
    home.network.setUp(false, home.router, at: .zero)
    #expect(home.send(.udp(from: alice, to: public1), from: home.alice).rules == [.linkDown])
  }

  @Test func `a kernel's router is sent what is not for its LAN, and speaks for it`() {
    var network = Network(seed: 1)
    let lan = network.addLAN("home")
    let host = network.addInterface(Interface(host: "alice", place: .lan(lan), addresses: [alice.address]))
    let inside = network.addInterface(
      Interface(
        host: "router", name: "lan", place: .lan(lan), addresses: [Address(192, 168, 1, 1)], forwards: true))
    let outside = network.addInterface(
      Interface(host: "router", name: "wan", place: .internet(), addresses: [external], forwards: true))
    let server = network.addInterface(
      Interface(host: "server", place: .internet(), addresses: [public1.address, public6.address]))
    network.setGateway(of: lan, to: inside)
    network.route(Prefix("2600:a::/64")!, on: .internet, to: outside)

    let out = Packet.udp(from: alice, to: public1)
    network.receive(out, from: host, at: .zero)
    #expect({ network.take().packets(at: inside) }() == [out])
    let back = Packet.udp(from: public1, to: alice)
    network.receive(back, from: inside, at: .zero)
    #expect({ network.take().packets(at: host) }() == [back])
    let six = Packet.udp(from: public6, to: alice6)
    network.receive(six, from: server, at: .zero)
    #expect({ network.take().packets(at: outside) }() == [six])
  }

  @Test func `housekeeping between neighbours goes nowhere`() throws {
    var home = Home()
    // A router solicitation (RFC 4861) and an MLD report with its router alert (RFC 3810).
    var solicitation = Packet.echoRequest(from: alice6, to: public6.address).bytes
    solicitation[40] = 133
    #expect(home.send(try Packet(solicitation), from: home.alice).rules == [.housekeeping])
    solicitation[40] = 143
    #expect(home.send(try Packet(solicitation), from: home.alice).rules == [.housekeeping])
  }
}
