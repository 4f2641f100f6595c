import NetworkModel
import SansIO
import Testing

private let lives = NAT.Lifetimes(
  udp: .seconds(100), tcpTransitory: .seconds(10), tcpEstablished: .seconds(1000), icmp: .seconds(60))

@Suite struct NATTimerTests {
  private func opened(_ behavior: NAT.Behavior, _ transport: Transport = .udp) -> (Box, Endpoint)? {
    var box = Box(behavior, transport: transport)
    return box.send(alice, to: server).map { (box, $0) }
  }

  @Test func `an idle UDP mapping ends to the nanosecond`() throws {
    var (box, mapped) = try #require(opened(.init(lifetimes: lives)))
    box.now = .seconds(100) + .nanoseconds(-1)
    #expect(box.receive(mapped, from: server) == alice)
    box.now = .seconds(200) + .nanoseconds(-1)
    #expect(box.receive(mapped, from: server) == nil)
  }

  @Test(arguments: [
    (NAT.Refresh.outbound, true, false), (.inbound, false, true), (.both, true, true),
  ])
  func `only packets that count refresh`(refresh: NAT.Refresh, outbound: Bool, inbound: Bool) throws {
    for (isOutbound, counts) in [(true, outbound), (false, inbound)] {
      var (box, mapped) = try #require(opened(.init(lifetimes: lives, refresh: refresh)))
      for _ in 0..<2 {
        box.wait(.seconds(40))
        if isOutbound { _ = box.send(alice, to: server) } else { _ = box.receive(mapped, from: server) }
      }
      box.wait(.seconds(40))
      #expect((box.receive(mapped, from: server) == alice) == counts, "\(refresh) outbound \(isOutbound)")
    }
  }

  @Test func `an absolute lifetime ends a mapping in use`() throws {
    var behavior = NAT.Behavior(ports: .init(preservation: .none), lifetimes: lives)
    behavior.lifetimes.absolute = .seconds(150)
    var (box, mapped) = try #require(opened(behavior))
    for _ in 0..<2 {
      box.wait(.seconds(60))
      #expect(box.send(alice, to: server) == mapped)
    }
    box.wait(.seconds(30))
    #expect(box.receive(mapped, from: server) == nil)
    #expect(box.send(alice, to: server, flow: 99) != mapped)
  }

  @Test func `unreplied UDP ends early where that is so`() throws {
    var behavior = NAT.Behavior(lifetimes: lives)
    behavior.lifetimes.udpUnreplied = .seconds(30)
    var (silent, mapped) = try #require(opened(behavior))
    var answered = silent
    silent.wait(.seconds(31))
    #expect(silent.receive(mapped, from: server) == nil)
    #expect(answered.receive(mapped, from: server) == alice)
    answered.wait(.seconds(99))
    #expect(answered.receive(mapped, from: server) == alice)
  }

  @Test func `TCP is transitory, established, transitory again`() throws {
    var (box, mapped) = try #require(opened(.init(lifetimes: lives), .tcp))
    var never = box
    never.wait(.seconds(10))
    #expect(never.receive(mapped, from: server, [.syn, .ack]) == nil)

    #expect(box.receive(mapped, from: server, [.syn, .ack]) == alice)
    _ = box.send(alice, to: server, .ack)
    box.wait(.seconds(999))
    #expect(box.receive(mapped, from: server, .ack) == alice)

    var reset = box
    #expect(reset.receive(mapped, from: server, .rst) == alice)
    reset.wait(.seconds(10))
    #expect(reset.receive(mapped, from: server, .ack) == nil)

    _ = box.send(alice, to: server, [.fin, .ack])
    box.wait(.seconds(999))
    #expect(box.receive(mapped, from: server, [.fin, .ack]) == alice)
    box.wait(.seconds(10))
    #expect(box.receive(mapped, from: server, .ack) == nil)
  }

  @Test func `a connection that opens again after closing lives long again`() throws {
    var (box, mapped) = try #require(opened(.init(lifetimes: lives), .tcp))
    _ = box.receive(mapped, from: server, [.rst, .ack])
    _ = box.send(alice, to: server, .syn)
    _ = box.receive(mapped, from: server, [.syn, .ack])
    _ = box.send(alice, to: server, .ack)
    box.wait(.seconds(500))
    #expect(box.receive(mapped, from: server, .ack) == alice)
  }

  @Test func `one session that closes leaves the mapping to the others`() throws {
    var (box, mapped) = try #require(opened(.init(lifetimes: lives), .tcp))
    for flags in [TCPFlags.syn, .ack] {
      #expect(box.send(alice, to: otherServer, flags) == mapped)
      _ = box.receive(mapped, from: otherServer, [.syn, .ack])
    }
    _ = box.send(alice, to: server, .rst)
    box.wait(.seconds(500))
    #expect(box.receive(mapped, from: server, .ack) == nil)
    #expect(box.receive(mapped, from: otherServer, .ack) == alice)
  }

  @Test func `a filter's permission ends with its own session`() throws {
    var (box, mapped) = try #require(opened(.init(filtering: .addressDependent, lifetimes: lives)))
    box.wait(.seconds(60))
    #expect(box.send(alice, to: otherServer) == mapped)
    box.wait(.seconds(60))
    #expect(box.receive(mapped, from: serverOtherPort) == nil)
    #expect(box.receive(mapped, from: otherServer) == alice)
  }

  @Test func `a reboot forgets, and draws other ports`() throws {
    var (box, mapped) = try #require(opened(.init(ports: .init(preservation: .none))))
    box.nat.reboot()
    #expect(box.receive(mapped, from: server) == nil)
    #expect(box.nat.mappingsCount == 0 && box.nat.sessionsCount == 0)
    let again = box.send(alice, to: server)
    #expect(again != nil && again != mapped)
  }

  @Test func `renumbering gives other addresses`() throws {
    var (box, mapped) = try #require(opened(.init()))
    let other = Address(93, 99, 0, 1)
    box.nat.renumber(to: [other])
    #expect(box.receive(mapped, from: server) == nil)
    #expect(box.send(alice, to: server) == Endpoint(other, alice.port))
  }

  @Test func `a connection goes on after a reboot with its first packet out`() throws {
    var (box, mapped) = try #require(opened(.init(lifetimes: lives), .tcp))
    box.nat.reboot()
    #expect(box.send(alice, to: server, .ack) == mapped)
    #expect(box.receive(mapped, from: server, .ack) == alice)
    box.wait(.seconds(900))
    #expect(box.receive(mapped, from: server, .ack) == alice)
  }

  @Test(arguments: [
    (NAT.Unsolicited.drop, Rule.unsolicited, Rule.unsolicited), (.reject, .rejected, .rejected),
    (.reset, .reset, .unsolicited),
  ])
  func `what nobody asked for`(unsolicited: NAT.Unsolicited, tcp: Rule, udp: Rule) {
    for (transport, rule) in [(Transport.tcp, tcp), (.udp, udp)] {
      var box = Box(.init(unsolicited: unsolicited), transport: transport)
      let (outcome, _) = box.outcome(Endpoint(external, 40_000), from: server)
      #expect(outcome == .died(rule))
    }
  }
}
