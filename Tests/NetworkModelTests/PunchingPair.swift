import NetworkModel
import SansIO

/// Two hosts behind a NAT each, with as much TCP (RFC 9293, sections 3.5 and 3.10) as opens a connection: a
/// listener, and one try at a time to a known endpoint, with retransmissions.
struct PunchingPair {
  private static let relay = Endpoint(Address(94, 0, 0, 1), 4001)
  /// From a box to the other: a SYN sent this much earlier than the other's comes too early.
  static let way = Duration.milliseconds(20)
  private static let retransmissions: [Duration] = [.zero, .seconds(1), .seconds(3)]
  private static let patience = Duration.seconds(5)

  private struct Host {
    let interface: InterfaceID
    /// Where it listens, and from where it dials the other.
    let listening: Endpoint
    let dialling: Endpoint
    /// As the relay sees it.
    var known: Endpoint?
    var states: [Pair: State] = [:]
  }

  /// Of a connection: our end, and the other as we see it.
  private struct Pair: Hashable {
    let local: Endpoint
    let remote: Endpoint
  }

  private enum State {
    case synSent, synReceived, established, refused
  }

  private var network = Network(seed: 7)
  private var hosts: [Host] = []
  private let relay: InterfaceID
  private var now = Instant.zero
  /// What hosts will send, by time.
  private var agenda: [(at: Instant, host: Int, to: Endpoint)] = []

  /// - Parameter dialsFromListeningPort: whatever its box does, as most implementations do.
  init(_ left: NAT.Behavior, _ right: NAT.Behavior, dialsFromListeningPort: Bool = false) {
    relay = network.addInterface(
      Interface(host: "relay", place: .internet(), addresses: [Self.relay.address]))
    for (index, behavior) in [left, right].enumerated() {
      let lan = network.addLAN("lan\(index)")
      let local = Endpoint(Address(192, 168, UInt8(index), 10), 4001)
      let half = Link.Conditions(delay: Self.way / 2)
      _ = network.addRouter(
        Router(
          name: "box\(index)", inside: lan, outside: .internet(),
          insideAddresses: [Address(192, 168, UInt8(index), 1)],
          outsideAddresses: [Address(45, 20, UInt8(index), 1)], nat: behavior, up: half, down: half))
      let interface = network.addInterface(
        Interface(host: "host\(index)", place: .lan(lan), addresses: [local.address]))
      let isKnown = behavior.hasKnownEndpoint || dialsFromListeningPort
      let dialling = isKnown ? local : Endpoint(local.address, 50_000)
      hosts.append(Host(interface: interface, listening: local, dialling: dialling))
    }
    for index in hosts.indices {
      send(.syn, from: index, Pair(local: hosts[index].listening, remote: Self.relay))
    }
    run(until: .seconds(1))
  }

  /// In which try they were connected; nil if in none. The left host acts first by `lead`, or later if it is
  /// negative.
  mutating func punch(lead: Duration, tries: Int) -> Int? {
    guard let left = hosts[0].known, let right = hosts[1].known else { return nil }
    for number in 1...tries {
      let start = now + .seconds(2)
      for (index, peer) in [(0, right), (1, left)] {
        let delay = index == 0 ? max(.zero, .zero - lead) : max(.zero, lead)
        for wait in Self.retransmissions { agenda.append((start + delay + wait, index, peer)) }
        hosts[index].states = hosts[index].states.filter { $0.value == .established }
      }
      run(until: start + Self.patience)
      if isConnected { return number }
      agenda = []
    }
    return nil
  }

  /// A host knows of no more than its own end: both must have one that is open to the other's box.
  private var isConnected: Bool {
    hosts.indices.allSatisfy { index in
      hosts[index].states.contains { pair, state in pair.remote != Self.relay && state == .established }
    }
  }

  private mutating func run(until end: Instant) {
    agenda.sort { ($0.at, $0.host) < ($1.at, $1.host) }
    while true {
      let next = min(network.deadline ?? end, agenda.first?.at ?? end)
      guard next < end else { break }
      now = max(now, next)
      network.advance(to: now)
      while let delivery = network.nextDelivery() { take(delivery) }
      while let first = agenda.first, first.at <= now {
        agenda.removeFirst()
        knock(first.host, first.to)
      }
    }
    now = end
    network.advance(to: now)
    while let delivery = network.nextDelivery() { take(delivery) }
  }

  /// A SYN, the first or again.
  private mutating func knock(_ index: Int, _ remote: Endpoint) {
    let pair = Pair(local: hosts[index].dialling, remote: remote)
    switch hosts[index].states[pair] {
    case nil, .synSent:
      hosts[index].states[pair] = .synSent
      send(.syn, from: index, pair)
    case .synReceived, .established, .refused: break
    }
  }

  private mutating func send(_ flags: TCPFlags, from index: Int, _ pair: Pair) {
    network.receive(.tcp(from: pair.local, to: pair.remote, flags), from: hosts[index].interface, at: now)
  }

  private mutating func take(_ delivery: Delivery) {
    let packet = delivery.packet
    if delivery.interface == relay { return answer(packet) }
    guard let index = hosts.firstIndex(where: { $0.interface == delivery.interface }) else { return }
    if packet.isICMPError {
      // About the only thing that is being tried.
      for (pair, state) in hosts[index].states where state == .synSent {
        hosts[index].states[pair] = .refused
      }
      return
    }
    segment(packet.tcpFlags, at: index, Pair(local: packet.destination, remote: packet.source))
  }

  private mutating func answer(_ packet: Packet) {
    guard packet.tcpFlags == .syn else { return }
    for index in hosts.indices where packet.source.address == Address(45, 20, UInt8(index), 1) {
      hosts[index].known = packet.source
    }
    network.receive(.tcp(from: Self.relay, to: packet.source, [.syn, .ack]), from: relay, at: now)
  }

  private mutating func segment(_ flags: TCPFlags, at index: Int, _ pair: Pair) {
    let state = hosts[index].states[pair]
    let isListening = pair.local == hosts[index].listening
    if flags.contains(.rst) {
      if state == .synSent || state == .synReceived { hosts[index].states[pair] = .refused }
    } else if flags == .syn {
      // The listener's, or one that meets our own (section 3.5); after a refusal it is the listener's.
      guard state != .established, isListening || state == .synSent || state == .synReceived else { return }
      hosts[index].states[pair] = .synReceived
      send([.syn, .ack], from: index, pair)
    } else if flags == [.syn, .ack] {
      switch state {
      case .synSent, .synReceived:
        hosts[index].states[pair] = .established
        send(.ack, from: index, pair)
      case .established: break
      case nil, .refused: send(pair.remote == Self.relay ? .ack : .rst, from: index, pair)
      }
    } else if flags.contains(.ack), state == .synReceived {
      hosts[index].states[pair] = .established
    }
  }
}
