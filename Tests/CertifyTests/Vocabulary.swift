import NetworkModel
import SansIO

@testable import Certify

/// What a prober of UDP cannot know.
let tcpProperties: Set<Property> = [
  .tcpMapping, .tcpFiltering, .tcpPorts, .tcpIdle, .unsolicited, .simultaneousOpen,
]

/// A prober in the LAN of one kind, in virtual time: the same network, the same reflector, no sockets.
struct ModelVantage: Vantage {
  private(set) var now = Instant.zero
  private var network: Network
  private let prober: InterfaceID
  private let publicSide: InterfaceID
  private var reflector = Reflector()
  private var open: Set<Endpoint> = []
  private var arrivals: [Arrival] = []

  init(_ kind: Kind) {
    let topology = Topology([kind])
    network = topology.network
    (prober, publicSide) = (topology.probers[0], topology.reflector)
  }

  mutating func open(_ local: Endpoint) { open.insert(local) }
  mutating func close(_ local: Endpoint) { open.remove(local) }

  mutating func send(_ bytes: [UInt8], from local: Endpoint, to remote: Endpoint) {
    network.receive(.udp(from: local, to: remote, payload: bytes), from: prober, at: now)
    settle()
  }

  mutating func receive(until deadline: Instant) -> Arrival? {
    while arrivals.isEmpty {
      let next = min(reflector.deadline ?? .distantFuture, network.deadline ?? .distantFuture)
      guard next <= deadline else {
        now = max(now, deadline)
        network.advance(to: now)
        return nil
      }
      now = max(now, next)
      network.advance(to: now)
      reflector.advance(to: now)
      settle()
    }
    return arrivals.removeFirst()
  }

  /// Carries packets to and fro until there are none.
  private mutating func settle() {
    var isQuiet = false
    while !isQuiet {
      isQuiet = true
      while let delivery = network.nextDelivery() {
        isQuiet = false
        let packet = delivery.packet
        guard packet.transport == .udp else { continue }
        if delivery.interface == publicSide {
          reflector.receive(Array(packet.payload), from: packet.source, at: now)
        } else if open.contains(packet.destination) {
          arrivals.append(
            Arrival(local: packet.destination, remote: packet.source, bytes: Array(packet.payload)))
        }
      }
      while let datagram = reflector.nextDatagram() {
        isQuiet = false
        let packet = Packet.udp(from: datagram.from.endpoint, to: datagram.to, payload: datagram.bytes)
        network.receive(packet, from: publicSide, at: now)
      }
      while network.nextDeath() != nil {}
    }
  }
}

/// What is measured of a modelled kind, as far as UDP goes.
func measured(_ kind: Kind) -> Profile {
  var prober = UDPProber(ModelVantage(kind))
  return prober.measure(sockets: kind.sockets)
}

extension [Finding] {
  var aboutUDP: [Finding] { filter { !tcpProperties.contains($0.property) } }
}

let modelKinds = Catalogue.all.filter { $0.world == .model }
