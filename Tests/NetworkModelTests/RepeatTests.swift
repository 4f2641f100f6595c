import NetworkModel
import SansIO
import Testing

private let addresses6 = (0..<4).map { Address("2600:\($0)::10")! }

/// Everything at once: homes in regions, one behind a provider's NAT, links that do all they can.
struct Town {
  var network: Network
  var hosts: [InterfaceID] = []
  var endpoints: [[Endpoint]] = []
  var routers: [RouterID] = []

  init(seed: UInt64, links: AccessLink = Town.rough) {
    network = Network(
      seed: seed,
      internet: Internet(
        regions: ["a", "b"], latency: [[.zero, .milliseconds(20)], [.milliseconds(20), .zero]]))
    let shared = network.addLAN("shared")
    routers.append(
      network.addRouter(
        Router(
          name: "provider", inside: shared, outside: .internet(region: 1),
          insideAddresses: [Address(100, 64, 0, 1), Address("2600:f::1")!],
          outsideAddresses: [Address(93, 0, 0, 1), Address(93, 0, 0, 2)],
          prefixes: [Prefix("2600:1::/64")!], nat: .carrierGrade)))
    let behaviors: [NAT.Behavior] = [.homeRouter, .fullCone, .symmetric, .hotel]
    for (index, behavior) in behaviors.enumerated() {
      let lan = network.addLAN("lan-\(index)")
      let isShared = index == 1
      routers.append(
        network.addRouter(
          Router(
            name: "router-\(index)", inside: lan,
            outside: isShared ? .lan(shared) : .internet(region: index % 2),
            insideAddresses: [Address(192, 168, 1, 1), Address("2600:\(index)::1")!],
            outsideAddresses: [isShared ? Address(100, 64, 0, 2) : Address(93, 1, 0, UInt8(index))],
            prefixes: [Prefix("2600:\(index)::/64")!], nat: behavior, firewall6: .blockInbound, up: links.up,
            down: links.down)))
      for number in 0..<2 {
        let four = Address(192, 168, 1, UInt8(10 + number))
        let addresses = number == 0 ? [four, addresses6[index]] : [four]
        hosts.append(
          network.addInterface(
            Interface(host: "host-\(index)-\(number)", place: .lan(lan), addresses: addresses)))
        endpoints.append(addresses.map { Endpoint($0, 4001) })
      }
    }
    hosts.append(
      network.addInterface(
        Interface(
          host: "hub", place: .internet(region: 0), addresses: [Address(94, 0, 0, 1), Address("2600:9::1")!],
          up: links.up, down: links.down)))
    endpoints.append([Endpoint(Address(94, 0, 0, 1), 4001), Endpoint(Address("2600:9::1")!, 4001)])
    network.setName("hub", to: [Address(94, 0, 0, 1)], at: .zero)
  }

  static let rough: AccessLink = {
    let conditions = Link.Conditions(
      delay: .milliseconds(10), jitter: .milliseconds(5), loss: .bursts(.init(toBad: 0.02, toGood: 0.2)),
      bitsPerSecond: 5_000_000, queueBytes: 20_000, reorder: 0.05, duplicate: 0.02, corrupt: 0.02, mtu: 1400)
    return AccessLink(up: conditions, down: conditions)
  }()

  /// A recorded list of packets, which is the same in every run.
  static func recording(_ count: Int, seed: UInt64 = 11) -> [(at: Instant, host: Int, packet: Packet)] {
    let town = Town(seed: 0)
    var generator = SeededGenerator(seed: seed)
    var at = Instant.zero
    return (0..<count).compactMap { _ in
      at += .microseconds(Int.random(in: 0...3000, using: &generator))
      let host = Int.random(in: town.hosts.indices, using: &generator)
      let hub = town.endpoints[town.hosts.count - 1]
      guard var from = town.endpoints[host].randomElement(using: &generator) else { return nil }
      let isSix = !from.address.isIPv4
      from.port += UInt16.random(in: 0...5, using: &generator)
      var to = hub[isSix ? 1 : 0]
      if !isSix, Int.random(in: 0..<4, using: &generator) == 0 {
        to = Endpoint(Address(93, 1, 0, UInt8.random(in: 0...4, using: &generator)), from.port)
      }
      let payload = [UInt8](repeating: 5, count: Int.random(in: 0...1450, using: &generator))
      let packet: Packet =
        Bool.random(using: &generator)
        ? .udp(from: from, to: to, payload: payload)
        : .tcp(
          from: from, to: to, [.syn, .ack, .fin, .rst].randomElement(using: &generator) ?? .syn,
          payload: payload)
      return (at, host, packet)
    }
  }

  mutating func play(_ recording: [(at: Instant, host: Int, packet: Packet)]) -> Trace {
    for step in recording { network.receive(step.packet, from: hosts[step.host], at: step.at) }
    return network.settle()
  }
}

@Suite struct RepeatTests {
  @Test func `the same seed and packets give the same ports and fates, byte for byte`() {
    let recording = Town.recording(3000)
    func run(_ seed: UInt64) -> Trace {
      var town = Town(seed: seed)
      return town.play(recording)
    }
    let first = run(42)
    #expect(first == run(42))
    #expect(first != run(43))
    #expect(first.deliveries.count > 500 && first.deaths.count > 500)
    #expect(Set(first.rules).count >= 6)
  }

  @Test func `fates do not depend on the ports that a kernel chose`() {
    func fates(_ base: UInt16) -> [[Rule]] {
      var town = Town(seed: 7, links: AccessLink(up: .init(loss: .independent(0.3)), down: .init()))
      let hub = town.endpoints[8][0]
      return (0..<5).map { flow in
        for index in 0..<40 {
          let from = Endpoint(town.endpoints[0][0].address, base + UInt16(flow * 7))
          town.network.receive(
            .udp(from: from, to: hub, payload: [UInt8(index)]), from: town.hosts[0],
            at: .milliseconds(Double(index)))
        }
        return town.network.settle().rules
      }
    }
    #expect(fates(33_000) == fates(51_234))
    #expect(fates(33_000).allSatisfy { !$0.isEmpty })
  }

  @Test func `every packet is delivered or its death is told`() {
    var town = Town(seed: 3, links: .perfect)
    _ = town.play(Town.recording(2000))
    let counters = town.network.counters
    // Boxes add packets of their own, so no fewer come out than went in.
    #expect(counters.received == 2000 && counters.delivered + counters.died >= 2000)
    #expect(counters.deathsUntold == 0 && town.network.deadline == nil)
  }

  @Test func `any bytes at all go through everything, and nothing traps`() {
    var town = Town(seed: 5)
    let recording = Town.recording(4000, seed: 12)
    var generator = SeededGenerator(seed: 99)
    for (index, step) in recording.enumerated() {
      var bytes = step.packet.bytes
      for _ in 0..<Int.random(in: 0...6, using: &generator) {
        let at = Int.random(in: 0..<min(bytes.count, 60), using: &generator)
        bytes[at] = UInt8.random(in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) {
        bytes = Array(bytes.prefix(Int.random(in: 0...90, using: &generator)))
      }
      if index.isMultiple(of: 5) { bytes = generator.bytes(Int.random(in: 0...120, using: &generator)) }
      repairHeader(&bytes)
      town.network.receive(bytes, from: town.hosts[step.host], at: step.at)
      if index.isMultiple(of: 500) { town.network.reboot(town.routers[index / 500 % 5], at: step.at) }
    }
    _ = town.network.settle()
    #expect(town.network.counters.received == UInt64(recording.count))
  }

  /// A right header checksum and length let damaged packets in deeper.
  private func repairHeader(_ bytes: inout [UInt8]) {
    guard bytes.count >= 20, bytes[0] >> 4 == 4 else { return }
    let header = Int(bytes[0] & 15) * 4
    guard header >= 20, header <= bytes.count else { return }
    bytes[2] = UInt8(bytes.count >> 8)
    bytes[3] = UInt8(bytes.count & 255)
    bytes[10] = 0
    bytes[11] = 0
    var sum: UInt32 = 0
    for index in stride(from: 0, to: header, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    bytes[10] = ~UInt8(truncatingIfNeeded: sum >> 8)
    bytes[11] = ~UInt8(truncatingIfNeeded: sum)
  }

  @Test func `the load of the benchmark arrives whole`() {
    #expect(Speed(packets: 2000).run() == 2000)
  }
}
