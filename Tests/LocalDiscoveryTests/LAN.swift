import Identity
import NIOCore
import SansIO
import Wire

@testable import LocalDiscovery

/// Nodes on one link in virtual time, with what real links do to datagrams.
struct LAN {
  struct Conditions {
    /// Of each copy to each receiver.
    var loss = 0.0
    var duplication = 0.0
    var latencyMaxMs = 5
  }

  struct Node {
    var machine: Machine
    let interface: Interface
    var isUp = true
    var knows: [PeerID: Set<Multiaddr>] = [:]
    /// When each peer was first found.
    var foundAt: [PeerID: Duration] = [:]
  }

  private struct Delivery {
    let to: Int
    let packet: ByteBuffer
    let from: Endpoint
    let link: Link
  }

  var nodes: [Node] = []
  var conditions: Conditions
  private(set) var now = Instant.zero
  /// Datagrams sent, whatever became of them.
  private(set) var sent = 0
  private(set) var longest = 0
  private var generator: SeededGenerator
  /// By the time they arrive.
  private var deliveries: [Instant: [Delivery]] = [:]
  private var arrivals = DeadlineQueue<Instant>()
  private var deadlines = DeadlineQueue<Int>()

  init(seed: UInt64, _ conditions: Conditions = .init()) {
    generator = SeededGenerator(seed: seed)
    self.conditions = conditions
  }

  static func peerID(_ index: Int) -> PeerID { peer(UInt32(index + 1)) }

  /// In both address families, or only in some networks.
  mutating func start(_ count: Int, on networks: [String] = ["10.0.0", "fe80:"]) {
    for _ in 0..<count {
      let index = nodes.count
      let interface = Interface(
        id: lan, name: "lan0",
        addresses: networks.map { network in
          let isIP6 = network.contains(":")
          return InterfaceAddress(
            ip("\(network)\(isIP6 ? ":" : ".")\(index + 1)"), prefixBits: isIP6 ? 64 : 24)
        })
      var machine = Machine(
        peer: Self.peerID(index), generator: generator.fork("node \(index)"), now: now)
      machine.announce([addr("/ip4/0.0.0.0/tcp/4001"), addr("/ip6/::/tcp/4001")], at: now)
      machine.interfaces([interface], at: now)
      nodes.append(Node(machine: machine, interface: interface))
      collect(index)
    }
  }

  mutating func leave(_ index: Int) {
    nodes[index].machine.leave(at: now)
    collect(index)
    nodes[index].isUp = false
  }

  mutating func crash(_ index: Int) { nodes[index].isUp = false }

  mutating func pass(_ duration: Duration) {
    let end = now + duration
    while let next = [arrivals.earliest, deadlines.earliest].compactMap({ $0 }).min(), next <= end {
      now = max(now, next)
      while let arrival = arrivals.popExpired(at: now) {
        deliver(deliveries.removeValue(forKey: arrival) ?? [])
      }
      while let index = deadlines.popExpired(at: now) {
        guard nodes[index].isUp else { continue }
        nodes[index].machine.advance(to: now)
        collect(index)
      }
    }
    now = end
  }

  /// Pairs of nodes that are up, and of those how many know each other.
  var acquaintance: (pairs: Int, known: Int) {
    var (pairs, known) = (0, 0)
    for left in nodes.indices where nodes[left].isUp {
      for right in nodes.indices where right != left && nodes[right].isUp {
        pairs += 1
        known += nodes[left].knows[Self.peerID(right)] != nil ? 1 : 0
      }
    }
    return (pairs, known)
  }

  private mutating func deliver(_ due: [Delivery]) {
    for delivery in due where nodes[delivery.to].isUp {
      nodes[delivery.to].machine.receive(delivery.packet, from: delivery.from, on: delivery.link, at: now)
      collect(delivery.to)
    }
  }

  private mutating func collect(_ index: Int) {
    while let event = nodes[index].machine.nextEvent() {
      switch event {
      case .send(let packet, let link, _): spread(packet, from: index, on: link)
      case .discovered(let peer, let addresses):
        nodes[index].knows[peer] = Set(addresses)
        nodes[index].foundAt[peer] = nodes[index].foundAt[peer] ?? (now - .zero)
      case .expired(let peer): nodes[index].knows[peer] = nil
      }
    }
    deadlines.set(index, to: nodes[index].machine.deadline)
  }

  /// To everyone, the sender too, as the kernel does it.
  private mutating func spread(_ packet: ByteBuffer, from index: Int, on link: Link) {
    sent += 1
    longest = max(longest, packet.readableBytes)
    guard let source = nodes[index].interface.addresses.first(where: { $0.ip.family == link.family })?.ip
    else {
      return
    }
    for receiver in nodes.indices {
      let isOwn = receiver == index
      if !isOwn, Double.random(in: 0..<1, using: &generator) < conditions.loss { continue }
      let copies = !isOwn && Double.random(in: 0..<1, using: &generator) < conditions.duplication ? 2 : 1
      for _ in 0..<copies {
        // In whole milliseconds, so that much arrives at once and a step is worth its while.
        let latencyMs = isOwn ? 0 : Int.random(in: 0...conditions.latencyMaxMs, using: &generator)
        let arrival = now + .milliseconds(latencyMs)
        deliveries[arrival, default: []].append(
          Delivery(to: receiver, packet: packet, from: Endpoint(source, port: Machine.port), link: link))
        arrivals.set(arrival, to: arrival)
      }
    }
  }
}
