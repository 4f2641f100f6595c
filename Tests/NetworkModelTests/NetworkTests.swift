import NetworkModel
import SansIO
import Testing

private let left = Endpoint(Address(94, 0, 0, 1), 4001)
private let right = Endpoint(Address(95, 0, 0, 1), 4001)
private let slow = Link.Conditions(delay: .milliseconds(10))

/// Two hosts on the internet, in regions 30 ms apart.
private struct Pair {
  var network = Network(
    seed: 1,
    internet: Internet(
      regions: ["east", "west"],
      latency: [[.milliseconds(1), .milliseconds(30)], [.milliseconds(40), .milliseconds(2)]]))
  let left: InterfaceID
  let right: InterfaceID

  init(_ conditions: Link.Conditions = slow, down: Link.Conditions = .init(delay: .milliseconds(3))) {
    left = network.addInterface(
      Interface(
        host: "left", place: .internet(region: 0), addresses: [NetworkModelTests.left.address],
        up: conditions,
        down: down))
    right = network.addInterface(
      Interface(
        host: "right", place: .internet(region: 1), addresses: [NetworkModelTests.right.address],
        up: conditions, down: down))
  }

  var hello: Packet { .udp(from: NetworkModelTests.left, to: NetworkModelTests.right, payload: [1]) }
}

@Suite struct NetworkTests {
  @Test func `delays are exact, each way its own`() {
    var pair = Pair()
    pair.network.receive(pair.hello, from: pair.left, at: .milliseconds(100))
    let back = Packet.udp(from: right, to: left)
    pair.network.receive(back, from: pair.right, at: .milliseconds(100))
    let trace = pair.network.settle()
    #expect(
      trace.deliveries == [
        Delivery(interface: pair.right, packet: pair.hello, dueAt: .milliseconds(143)),
        Delivery(interface: pair.left, packet: back, dueAt: .milliseconds(153)),
      ])
    #expect(trace.deaths.isEmpty && pair.network.deadline == nil)
  }

  @Test func `nothing arrives before its time, and the deadline says when to come`() {
    var pair = Pair()
    pair.network.receive(pair.hello, from: pair.left, at: .zero)
    pair.network.advance(to: .milliseconds(43) + .nanoseconds(-1))
    #expect({ pair.network.nextDelivery() }() == nil)
    #expect(pair.network.deadline == .milliseconds(43))
    pair.network.advance(to: .seconds(1))
    #expect({ pair.network.nextDelivery()?.dueAt }() == .milliseconds(43))
  }

  @Test func `a death says where, why and whose packet it was`() throws {
    var pair = Pair(.init(loss: .independent(1)))
    pair.network.receive(pair.hello, from: pair.left, at: .milliseconds(5))
    let death = try present(pair.network.settle().deaths.first)
    #expect(death.box == "left/eth0/up" && death.rule == .lost && death.at == .milliseconds(5))
    #expect(death.origin == pair.left && death.flow?.description == "left → right udp/4001 #0")
    #expect(death.firstBytes == pair.hello.bytes && death.length == pair.hello.bytes.count)
    #expect(death.words == "lost by chance at left/eth0/up")
  }

  @Test func `what is no packet, from nowhere, or to nobody`() {
    var pair = Pair()
    pair.network.receive([0x45, 0, 1], from: pair.left, at: .zero)
    pair.network.receive(.udp(from: right, to: left), from: pair.left, at: .zero)
    pair.network.receive(.udp(from: left, to: Endpoint(Address(96, 1, 1, 1), 1)), from: pair.left, at: .zero)
    pair.network.receive(pair.hello, from: InterfaceID(rawValue: 99), at: .zero)
    #expect(pair.network.settle().rules == [.malformed, .foreignSource, .nobodyThere])
  }

  @Test func `links go down, and signals are lost`() {
    var pair = Pair()
    pair.network.receive(pair.hello, from: pair.left, at: .zero)
    pair.network.setSilent(true, pair.right, at: .milliseconds(42))
    #expect({ pair.network.settle().rules }() == [.signalLost])
    pair.network.receive(.udp(from: right, to: left), from: pair.right, at: .seconds(1))
    pair.network.setSilent(false, pair.right, at: .seconds(2))
    pair.network.setUp(false, pair.left, at: .seconds(2))
    pair.network.receive(pair.hello, from: pair.left, at: .seconds(3))
    #expect({ pair.network.settle().rules }() == [.signalLost, .linkDown])
    pair.network.setUp(true, pair.left, at: .seconds(4))
    pair.network.receive(pair.hello, from: pair.left, at: .seconds(4))
    #expect({ pair.network.settle().deliveries.count }() == 1)
  }

  @Test func `partitions cut both ways until they heal`() {
    var pair = Pair()
    pair.network.partition(["left"], from: ["right", "left"], at: .zero)
    pair.network.receive(pair.hello, from: pair.left, at: .zero)
    pair.network.receive(.udp(from: right, to: left), from: pair.right, at: .zero)
    pair.network.receive(.udp(from: left, to: left), from: pair.left, at: .zero)
    #expect({ Set(pair.network.settle().rules) }() == [.partitioned, .nobodyThere])
    pair.network.heal(at: .seconds(1))
    pair.network.receive(pair.hello, from: pair.left, at: .seconds(1))
    #expect({ pair.network.settle().deliveries.count }() == 1)
  }

  @Test func `an interface moves, and takes nothing with it`() {
    var pair = Pair()
    let elsewhere = Endpoint(Address(97, 0, 0, 1), 4001)
    pair.network.receive(pair.hello, from: pair.left, at: .zero)
    pair.network.move(
      pair.right, to: .internet(region: 0), addresses: [elsewhere.address], at: .milliseconds(41))
    #expect({ pair.network.settle().rules }() == [.interfaceMoved])
    pair.network.receive(.udp(from: left, to: elsewhere), from: pair.left, at: .seconds(1))
    pair.network.receive(pair.hello, from: pair.left, at: .seconds(1))
    let trace = pair.network.settle()
    #expect(trace.deliveries.map(\.dueAt) == [.milliseconds(1014)] && trace.rules == [.nobodyThere])
  }

  @Test func `the sender hears of what is too big, unless a hole swallows it`() throws {
    for hides in [false, true] {
      var pair = Pair(down: .init(mtu: 1280, hidesMTU: hides))
      let large = Packet.udp(from: left, to: right, payload: Array(repeating: 1, count: 1300))
      pair.network.receive(large, from: pair.left, at: .zero)
      let trace = pair.network.settle()
      #expect(trace.rules == [hides ? .blackHole : .tooBig])
      let heard = trace.packets(at: pair.left).first
      #expect((heard != nil) == !hides)
      guard let heard else { continue }
      #expect(Array(heard.bytes[20..<22]) == [3, 4] && Array(heard.bytes[26..<28]) == [0x05, 0x00])
      #expect(hasRightChecksums(heard))
    }
  }

  @Test func `copies arrive twice, flipped bits once`() {
    var pair = Pair(.init(duplicate: 1))
    pair.network.receive(pair.hello, from: pair.left, at: .zero)
    #expect({ pair.network.settle().packets(at: pair.right) }() == [pair.hello, pair.hello])
    pair.network.setLink(of: pair.left, up: .init(corrupt: 1), at: .seconds(1))
    pair.network.receive(pair.hello, from: pair.left, at: .seconds(1))
    let arrived = pair.network.settle().packets(at: pair.right)
    #expect(arrived.count == 1 && arrived != [pair.hello])
  }

  @Test func `what is under way is bounded`() {
    var limits = Network.Limits()
    limits.underWayMax = 10
    limits.deathsMax = 5
    var network = Network(seed: 1, limits: limits)
    let interface = network.addInterface(
      Interface(host: "left", place: .internet(), addresses: [left.address], up: slow))
    for _ in 0..<20 { network.receive(.udp(from: left, to: right), from: interface, at: .zero) }
    #expect(network.counters.died == 10 && network.counters.deathsUntold == 5)
    #expect({ network.take().rules }() == Array(repeating: .networkFull, count: 5))
  }

  @Test func `names are answered everywhere`() throws {
    var pair = Pair()
    let six = Address("2600:9::1")!
    pair.network.setName("Right.mesh", to: [right.address, six], at: .zero)
    func ask(_ name: [UInt8], _ type: UInt8) throws -> [UInt8] {
      let query = [7, 8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + name + [0, 0, type, 0, 1]
      pair.network.receive(
        .udp(from: left, to: Endpoint(NameService.address4, 53), payload: query), from: pair.left,
        at: .seconds(1))
      return Array(try present(pair.network.settle().packets(at: pair.left).first).payload)
    }
    let name: [UInt8] = [5] + Array("RIGHT".utf8) + [4] + Array("mesh".utf8)
    let four = try ask(name, 1)
    #expect(four.prefix(8) == [7, 8, 0x85, 0x80, 0, 1, 0, 1] && four.suffix(4) == [95, 0, 0, 1])
    #expect(try ask(name, 28).suffix(16) == [0x26, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(try ask(name, 15)[7] == 0)
    #expect(try ask([1, 120], 1)[3] == 0x83)
    #expect(try ask([200, 1, 2], 1)[3] == 0x81)
  }
}
