import NetworkModel
import SansIO
import Testing

@Suite struct NATHairpinTests {
  private func hairpin(
    _ behavior: NAT.Behavior, _ transport: Transport = .udp
  ) throws -> (outcome: NAT.Outcome, packet: Packet, mine: Endpoint) {
    var box = Box(behavior, transport: transport)
    let theirs = try present(box.send(bob, to: server))
    var packet = box.packet(alice, theirs)
    let outcome = box.nat.translateOutbound(&packet, flow: 1, at: .zero)
    let mine = try present(box.send(alice, to: otherServer))
    return (outcome, packet, mine)
  }

  @Test(arguments: [Transport.udp, .tcp])
  func `with the external source, as RFC 4787 wants`(transport: Transport) throws {
    let (outcome, packet, mine) = try hairpin(
      .init(filtering: .endpointIndependent, ports: .init(preservation: .none)), transport)
    #expect(outcome == .hairpinned && packet.destination == bob && packet.source == mine)
    #expect(hasRightChecksums(packet))
  }

  @Test func `with the internal source`() throws {
    let (outcome, packet, _) = try hairpin(.init(filtering: .endpointIndependent, hairpin: .internalSource))
    #expect(outcome == .hairpinned && packet.destination == bob && packet.source == alice)
  }

  @Test func `not at all`() throws {
    let (outcome, packet, _) = try hairpin(.init(filtering: .endpointIndependent, hairpin: .none))
    #expect(outcome == .died(.hairpinRefused) && packet.source == alice)
  }

  @Test func `the filter holds for neighbours too`() throws {
    let (outcome, _, _) = try hairpin(.init(filtering: .addressAndPortDependent))
    #expect(outcome == .died(.unsolicited))
  }

  @Test func `both sides punch through their own box`() throws {
    var box = Box(.init(ports: .init(preservation: .none)))
    let mine = try present(box.send(alice, to: server))
    let theirs = try present(box.send(bob, to: server))
    var first = box.packet(alice, theirs)
    #expect({ box.nat.translateOutbound(&first, flow: 1, at: .zero) }() == .died(.unsolicited))
    var second = box.packet(bob, mine)
    #expect({ box.nat.translateOutbound(&second, flow: 2, at: .zero) }() == .hairpinned)
    #expect(second.destination == alice && second.source == theirs)
  }

  // MARK: ICMP errors

  /// What a router outside says of a packet from inside.
  @Test(arguments: [Transport.udp, .tcp])
  func `an error from outside finds its host, inner header and all`(transport: Transport) throws {
    var network = NATtedPath(transport: transport)
    let error = try present(network.expired())
    #expect(error.destination.address == network.host.address)
    #expect(error.sourceAddress != network.host.address && error.isICMPError)
    #expect(hasRightChecksums(error))
    let quoted = try Packet(Array(error.payload))
    #expect(quoted.source == network.host && quoted.destination == network.server)
    #expect(hasRightChecksums(quoted))
  }
}

/// A host behind two NATs in series, and a packet that dies between them and the server.
private struct NATtedPath {
  let host = Endpoint(Address(192, 168, 1, 10), 40_000)
  let server = Endpoint(Address(94, 0, 0, 1), 443)
  let transport: Transport

  /// What the host hears of a packet that lives for two hops only: the home's and the provider's box would
  /// have to be followed by a third, which stands before the server's LAN.
  mutating func expired() -> Packet? {
    var network = Network(seed: 1)
    let home = network.addLAN("home")
    let shared = network.addLAN("shared")
    let far = network.addLAN("far")
    _ = network.addRouter(
      Router(
        name: "provider", inside: shared, outside: .internet(), insideAddresses: [Address(100, 64, 0, 1)],
        outsideAddresses: [external], nat: .symmetric))
    _ = network.addRouter(
      Router(
        name: "home-router", inside: home, outside: .lan(shared), insideAddresses: [Address(192, 168, 1, 1)],
        outsideAddresses: [Address(100, 64, 0, 2)], nat: .symmetric))
    _ = network.addRouter(
      Router(
        name: "far-router", inside: far, outside: .internet(), insideAddresses: [Address(94, 0, 0, 254)],
        outsideAddresses: [Address(95, 0, 0, 1)], prefixes: [Prefix("94.0.0.0/24")!]))
    let interface = network.addInterface(
      Interface(host: "alice", place: .lan(home), addresses: [host.address]))
    let packet: Packet =
      transport == .tcp
      ? .tcp(from: host, to: server, .syn, hopLimit: 3) : .udp(from: host, to: server, hopLimit: 3)
    network.receive(packet, from: interface, at: .zero)
    return network.settle().packets(at: interface).first
  }
}
