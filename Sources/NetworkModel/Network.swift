import DequeModule
import HeapModule
package import SansIO

/// The whole modelled internet as one machine: access links, LANs, routers with their NATs and firewalls, the
/// regions between them. The laboratory is I/O around it; a simulation runs the same value in virtual time.
///
/// Drive it so: build it with commands (which may also come later, during a run), push packets in with
/// `receive`, call `advance(to:)` no later than `deadline`, and after either pull `nextDelivery` and
/// `nextDeath` until nil. Time never goes backwards.
///
/// Invariants: a packet that was received is under way, delivered, or its death is told; what happens to it
/// depends on the seed and on packets, never on a hash table's order; no bytes trap.
///
/// Reading order: `Packet`, `FlowName`, `Link`, `NAT`, `Firewall`, then this file, `Network+Building`,
/// `Network+Changes`, `Network+Paths`, `Network+Routers`.
package struct Network: Sendable {
  /// Bounds on memory.
  package struct Limits: Sendable {
    /// Packets under way at once: 64 Ki of 1,500 bytes are 100 MB.
    package var underWayMax = 65_536
    /// Deaths not yet pulled. Beyond it they are only counted.
    package var deathsMax = 65_536

    package init() {}
  }

  package let limits: Limits
  package internal(set) var counters = Counters()

  let seed: UInt64
  let internet: Internet
  let regionLatency: [[UInt64]]
  var now: Instant = .zero

  var hosts: [String] = []
  var interfaces: [InterfaceState] = []
  var segments: [Segment] = []
  var routers: [RouterState] = []
  var names = NameService()
  /// Pairs of hosts between which nothing is delivered, one way.
  var cuts: Set<Cut> = []

  var flows = FlowTable()
  private var events = Heap<Event>()
  private var sequence: UInt64 = 0
  /// Packets whose time has come, first in first out.
  private var ready = Deque<Step>()
  private var nesting = 0
  private static let nestingMax = 8
  /// Steps of the future, by their slot in `events`.
  private var waiting: [Step?] = []
  private var freeSlots: [Int] = []

  private var deliveries = Deque<Delivery>()
  private var deaths = Deque<Death>()

  package init(seed: UInt64, internet: Internet = .init(), limits: Limits = .init()) {
    self.seed = seed
    self.internet = internet
    self.limits = limits
    regionLatency = internet.latency.map { $0.map(\.nanosecondsOrZero) }
    segments = [Segment(name: "internet", isInternet: true)]
    for address in NameService.addresses { segments[0].owners[address] = .nameService }
  }

  // MARK: Inputs

  /// A packet that a host has sent through an interface.
  package mutating func receive(_ packet: consuming Packet, from interface: InterfaceID, at now: Instant) {
    advance(to: now)
    guard interfaces.indices.contains(interface.rawValue) else { return }
    counters.received += 1
    enter(packet, from: interface.rawValue)
    drain()
  }

  /// The same from bytes, which may be no packet at all.
  package mutating func receive(_ bytes: consuming [UInt8], from interface: InterfaceID, at now: Instant) {
    guard let layout = try? Layout(of: bytes) else {
      advance(to: now)
      guard interfaces.indices.contains(interface.rawValue) else { return }
      counters.received += 1
      return report(
        Death(
          at: self.now, origin: interface, box: interfaces[interface.rawValue].label, rule: .malformed,
          flow: nil, index: 0, length: bytes.count, firstBytes: Array(bytes.prefix(Death.firstBytesMax))))
    }
    receive(Packet(bytes, layout), from: interface, at: now)
  }

  // MARK: Time

  /// When the next packet gets somewhere. Nil while nothing is under way.
  package var deadline: Instant? { events.min.map { Instant(nanoseconds: $0.at) } }

  package mutating func advance(to target: Instant) {
    while let next = events.min, next.at <= target.nanoseconds {
      events.removeMin()
      now.nanoseconds = max(now.nanoseconds, next.at)
      freeSlots.append(next.slot)
      if let (transit, hop) = waiting[next.slot].take() { follow(transit, hop) }
      drain()
    }
    now.nanoseconds = max(now.nanoseconds, target.nanoseconds)
  }

  // MARK: Outputs

  package mutating func nextDelivery() -> Delivery? { deliveries.popFirst() }
  package mutating func nextDeath() -> Death? { deaths.popFirst() }

  // MARK: For the paths

  /// A packet on its way, and what is known of it.
  struct Transit {
    var packet: Packet
    var tag: FlowTable.Tag
    /// The interface that sent it; -1 for a box.
    var origin: Int32
  }

  typealias Step = (transit: Transit, hop: Hop)

  /// Nanoseconds, ties in the order in which they were scheduled.
  private struct Event: Comparable {
    let at: UInt64
    let sequence: UInt64
    let slot: Int

    static func < (left: Event, right: Event) -> Bool {
      left.at == right.at ? left.sequence < right.sequence : left.at < right.at
    }
    static func == (left: Event, right: Event) -> Bool { left.sequence == right.sequence }
  }

  mutating func schedule(_ transit: consuming Transit, _ hop: Hop, at instant: Instant) {
    if instant.nanoseconds <= now.nanoseconds {
      // Links without delay are followed at once, but calls nest no deeper than a stack can bear.
      guard nesting < Self.nestingMax else { return ready.append((transit, hop)) }
      nesting += 1
      follow(transit, hop)
      nesting -= 1
      return
    }
    guard events.count < limits.underWayMax else {
      die(transit, .networkFull, at: "network")
      return
    }
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      waiting[slot] = (transit, hop)
    } else {
      slot = waiting.count
      waiting.append((transit, hop))
    }
    sequence += 1
    events.insert(Event(at: instant.nanoseconds, sequence: sequence, slot: slot))
  }

  private mutating func drain() {
    while let (transit, hop) = ready.popFirst() { follow(transit, hop) }
  }

  mutating func deliver(_ transit: consuming Transit, to interface: Int) {
    // What nobody pulls is bounded like what is under way.
    guard deliveries.count < limits.underWayMax else { return die(transit, .networkFull, at: "network") }
    counters.delivered += 1
    deliveries.append(
      Delivery(interface: InterfaceID(rawValue: interface), packet: transit.packet, dueAt: now))
  }

  mutating func die(_ transit: borrowing Transit, _ rule: Rule, at box: String) {
    report(
      Death(
        at: now, origin: transit.origin < 0 ? nil : InterfaceID(rawValue: Int(transit.origin)), box: box,
        rule: rule, flow: flows.name(transit.tag.flow), index: transit.tag.packet.index,
        length: transit.packet.bytes.count,
        firstBytes: Array(transit.packet.bytes.prefix(Death.firstBytesMax))))
  }

  private mutating func report(_ death: Death) {
    counters.died += 1
    if deaths.count < limits.deathsMax {
      deaths.append(death)
    } else {
      counters.deathsUntold += 1
    }
  }
}

extension Network {
  package struct Counters: Hashable, Sendable {
    package var received: UInt64 = 0
    package var delivered: UInt64 = 0
    package var died: UInt64 = 0
    /// Deaths beyond ``Limits/deathsMax``.
    package var deathsUntold: UInt64 = 0
  }

  struct Cut: Hashable, Sendable {
    let from: Int32
    let to: Int32
  }
}
