import NetworkModel
import SansIO
import Testing

private func host(_ number: UInt8, _ port: UInt16 = 40_000) -> Endpoint {
  Endpoint(Address(192, 168, 1, number), port)
}

@Suite struct NATPortTests {
  @Test func `preserving keeps the port, and the second host gets another`() {
    var box = Box(.init(ports: .init(preservation: .preserving)))
    #expect(box.send(alice, to: server) == Endpoint(external, alice.port))
    let second = box.send(bob, to: otherServer)
    #expect(second != nil && second?.port != bob.port)
  }

  @Test func `overloading shares a port until both speak to one endpoint`() {
    var box = Box(.init(ports: .init(preservation: .overloading)))
    #expect(box.send(alice, to: server)?.port == 40_000)
    #expect(box.send(bob, to: otherServer)?.port == 40_000)
    #expect(box.receive(Endpoint(external, 40_000), from: server) == alice)
    #expect(box.receive(Endpoint(external, 40_000), from: otherServer) == bob)
    let third = box.send(bob, to: server)
    #expect(third != nil && third?.port != 40_000)
    #expect(third.flatMap { box.receive($0, from: server) } == bob)
    #expect(box.send(bob, to: otherServer)?.port == 40_000)
  }

  @Test func `parity stays`() {
    var box = Box(.init(ports: .init(preservation: .none, parity: true)))
    for port in UInt16(40_000)..<40_100 {
      #expect(box.send(host(10, port), to: server).map { $0.port & 1 } == port & 1)
    }
  }

  @Test func `contiguity puts an odd port after its even one`() throws {
    var box = Box(.init(ports: .init(preservation: .none, parity: true, contiguity: true)))
    for port in stride(from: UInt16(40_000), to: 40_040, by: 2) {
      let even = try present(box.send(host(10, port), to: server))
      #expect(box.send(host(10, port + 1), to: server)?.port == even.port + 1)
    }
  }

  @Test func `sequential counts up`() throws {
    var box = Box(
      .init(mapping: .addressAndPortDependent, ports: .init(preservation: .none, order: .sequential)))
    let first = try present(box.send(alice, to: server)).port
    #expect(box.send(alice, to: serverOtherPort)?.port == first + 1)
    #expect(box.send(alice, to: otherServer)?.port == first + 2)
  }

  @Test func `random ports are the seed's and the flow's, in whatever order flows begin`() {
    func ports(seed: UInt64, flows: [UInt64]) -> [UInt64: UInt16?] {
      var box = Box(
        .init(mapping: .addressAndPortDependent, ports: .init(preservation: .none)), seed: seed)
      var ports: [UInt64: UInt16?] = [:]
      for flow in flows {
        ports[flow] = box.send(host(10), to: Endpoint(server.address, UInt16(flow)), flow: flow)?.port
      }
      return ports
    }
    #expect(ports(seed: 5, flows: [1, 2, 3]) == ports(seed: 5, flows: [3, 1, 2]))
    #expect(ports(seed: 5, flows: [1, 2, 3]) != ports(seed: 6, flows: [1, 2, 3]))
  }

  @Test func `paired hosts keep one address of a pool, arbitrary ones do not`() {
    let pool = (1...4).map { Address(93, 10, 0, $0) }
    func addresses(_ pooling: NAT.Pooling) -> Set<Address> {
      var box = Box(
        .init(mapping: .addressAndPortDependent, ports: .init(preservation: .none), pooling: pooling),
        externals: pool)
      return Set((1...40).compactMap { box.send(alice, to: Endpoint(server.address, $0))?.address })
    }
    #expect(addresses(.paired).count == 1)
    #expect(addresses(.arbitrary).count == 4)
  }

  @Test func `a block of ports runs out for its host alone`() {
    var box = Box(
      .init(
        mapping: .addressAndPortDependent, ports: .init(preservation: .none, range: 1024...2047, block: 16)))
    let ports = (1...16).compactMap { box.send(alice, to: Endpoint(server.address, $0))?.port }
    #expect(Set(ports).count == 16)
    #expect(Set(ports.map { $0 / 16 }).count == 1)
    var packet = box.packet(alice, Endpoint(server.address, 17))
    #expect({ box.nat.translateOutbound(&packet, flow: 1, at: .zero) }() == .died(.portsExhausted))
    #expect(box.send(bob, to: server) != nil)
  }

  @Test func `blocks run out for hosts, and come back when theirs are idle`() {
    var box = Box(.init(ports: .init(preservation: .none, range: 1024...1087, block: 16)))
    for number in UInt8(1)...4 { #expect(box.send(host(number), to: server) != nil) }
    #expect(box.send(host(5), to: server) == nil)
    box.wait(.seconds(301))
    #expect(box.send(host(5), to: server) != nil)
  }

  @Test func `a range runs out, and expired mappings make room`() {
    var box = Box(
      .init(mapping: .addressAndPortDependent, ports: .init(preservation: .none, range: 2000...2009)))
    let ports = (1...10).compactMap { box.send(alice, to: Endpoint(server.address, $0))?.port }
    #expect(Set(ports) == Set(2000...2009))
    #expect(box.send(alice, to: otherServer) == nil)
    box.wait(.seconds(301))
    #expect(box.send(alice, to: otherServer) != nil)
  }

  @Test func `an expired mapping gives its preserved port to the next`() {
    var box = Box(.init())
    #expect(box.send(alice, to: server)?.port == 40_000)
    box.wait(.seconds(301))
    #expect(box.send(bob, to: server)?.port == 40_000)
    #expect(box.receive(Endpoint(external, 40_000), from: server) == bob)
  }

  @Test func `the table is bounded`() {
    var limits = NAT.Limits()
    limits.sessionsMax = 10
    var nat = NAT(.init(), externals: [external], seed: 1, limits: limits)
    for port in UInt16(1)...20 {
      var packet = Packet.udp(from: alice, to: Endpoint(server.address, port))
      let outcome = nat.translateOutbound(&packet, flow: 1, at: .zero)
      #expect(outcome == (port <= 10 ? .translated : .died(.tableFull)))
    }
    #expect(nat.sessionsCount == 10)
  }
}
