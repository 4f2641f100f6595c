import NetworkModel
import SansIO
import Testing

private let inside = Endpoint(Address("2600:1::10")!, 5000)
private let outside = Endpoint(Address("2600:2::20")!, 443)

@Suite struct FirewallTests {
  private func udp(_ from: Endpoint, _ to: Endpoint) -> Packet { .udp(from: from, to: to) }

  @Test func `in comes only what belongs to something that went out`() {
    var wall = Firewall(.blockInbound)
    let (out, back) = (udp(inside, outside), udp(outside, inside))
    #expect({ wall.check(back, .inbound, at: .zero) }() == .refused(.drop, by: "default"))
    #expect({ wall.check(out, .outbound, at: .zero) }() == .passes)
    #expect({ wall.check(back, .inbound, at: .seconds(119)) }() == .passes)
    #expect({ wall.check(back, .inbound, at: .seconds(238)) }() == .passes)
    #expect({ wall.check(back, .inbound, at: .seconds(358)) }() == .refused(.drop, by: "default"))
  }

  @Test func `UDP blocked, but for names`() {
    var wall = Firewall(.udpBlocked)
    let names = Endpoint(NameService.address6, 53)
    let (blocked, name, tcp) = (
      udp(inside, outside), udp(inside, names), Packet.tcp(from: inside, to: outside, .syn)
    )
    #expect({ wall.check(blocked, .outbound, at: .zero) }() == .refused(.drop, by: "udp blocked"))
    #expect({ wall.check(name, .outbound, at: .zero) }() == .passes)
    #expect({ wall.check(tcp, .outbound, at: .zero) }() == .passes)
  }

  @Test(arguments: [(80, true), (443, true), (22, false), (4001, false)])
  func `only the web`(port: UInt16, passes: Bool) {
    var wall = Firewall(.webOnly)
    let packet = Packet.tcp(from: inside, to: Endpoint(outside.address, port), .syn)
    let verdict = wall.check(packet, .outbound, at: .zero)
    #expect(verdict == (passes ? .passes : .refused(.reject, by: "default")))
  }

  @Test func `the first rule that fits decides`() {
    var wall = Firewall(
      .init(
        rules: [
          .init("friend", .allow, .inbound, remote: Prefix("2600:2::/32")),
          .init("service", .allow, .inbound, transport: .udp, localPorts: 5000...5001),
          .init("loud", .reset, .inbound),
        ], outbound: .drop))
    let stranger = Endpoint(Address("2600:9::1")!, 1)
    let (friend, service) = (udp(outside, Endpoint(inside.address, 9)), udp(stranger, inside))
    let (loud, out) = (udp(stranger, Endpoint(inside.address, 9)), udp(Endpoint(inside.address, 7), stranger))
    #expect({ wall.check(friend, .inbound, at: .zero) }() == .passes)
    #expect({ wall.check(service, .inbound, at: .zero) }() == .passes)
    #expect({ wall.check(loud, .inbound, at: .zero) }() == .refused(.reset, by: "loud"))
    #expect({ wall.check(out, .outbound, at: .zero) }() == .refused(.drop, by: "default"))
  }

  @Test func `a reboot forgets`() {
    var wall = Firewall(.blockInbound)
    let (out, back) = (udp(inside, outside), udp(outside, inside))
    _ = wall.check(out, .outbound, at: .zero)
    wall.reboot()
    #expect({ wall.check(back, .inbound, at: .zero) }() == .refused(.drop, by: "default"))
  }
}
