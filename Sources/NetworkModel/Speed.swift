import SansIO

/// A load for a benchmark, which has the clock: UDP packets of 1,200 bytes from a host behind one NAT to a
/// host behind another, over access links with delay and rate.
package struct Speed: Sendable {
  package let packets: Int

  package init(packets: Int) { self.packets = packets }

  /// How many arrived, which is all of them.
  package func run() -> Int {
    var network = Network(seed: 1)
    let fibre = AccessLink.fibre
    let lans = ["left", "right"].map { network.addLAN($0) }
    for (index, lan) in lans.enumerated() {
      _ = network.addRouter(
        Router(
          name: "router-\(index)", inside: lan, outside: .internet(),
          insideAddresses: [Address(192, 168, 1, 1)], outsideAddresses: [Address(93, 0, 0, UInt8(index))],
          nat: .fullCone, up: fibre.up, down: fibre.down))
    }
    let hosts = lans.enumerated().map { index, lan in
      network.addInterface(
        Interface(host: "host-\(index)", place: .lan(lan), addresses: [Address(192, 168, 1, 2)]))
    }
    let local = Endpoint(Address(192, 168, 1, 2), 4001)
    // Either side opens its NAT for the other: both keep ports.
    let toRight = Packet.udp(from: local, to: Endpoint(Address(93, 0, 0, 1), 4001), payload: payload)
    let toLeft = Packet.udp(from: local, to: Endpoint(Address(93, 0, 0, 0), 4001), payload: payload)
    network.receive(toLeft, from: hosts[1], at: .zero)

    var arrived = 0
    for index in 0..<packets {
      // 10 Mbit/ms: at the link's pace, some hundred packets under way.
      let now = Instant.zero + .microseconds(60 * (index + 1))
      network.receive(Packet(copying: toRight), from: hosts[0], at: now)
      while let delivery = network.nextDelivery() { arrived += delivery.interface == hosts[1] ? 1 : 0 }
    }
    network.advance(to: .zero + .seconds(3600))
    while let delivery = network.nextDelivery() { arrived += delivery.interface == hosts[1] ? 1 : 0 }
    return arrived
  }

  private var payload: [UInt8] { Array(repeating: 7, count: 1172) }
}

extension Packet {
  /// With bytes of its own, as they come from a TUN device.
  fileprivate init(copying other: borrowing Packet) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(other.bytes.count)
    bytes.append(contentsOf: other.bytes)
    self.init(bytes, other.layout)
  }
}
