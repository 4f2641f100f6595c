import NetworkModel
import SansIO
import Testing

let alice = Endpoint(Address(192, 168, 1, 10), 40_000)
let bob = Endpoint(Address(192, 168, 1, 11), 40_000)
let external = Address(93, 10, 0, 1)
/// Servers as in RFC 5780: two addresses, two ports each.
let server = Endpoint(Address(94, 0, 0, 1), 3478)
let serverOtherPort = Endpoint(Address(94, 0, 0, 1), 3479)
let otherServer = Endpoint(Address(94, 0, 0, 2), 3478)

extension Instant {
  static func seconds(_ seconds: Double) -> Instant { .milliseconds(seconds * 1000) }
  static func milliseconds(_ milliseconds: Double) -> Instant {
    Instant(nanoseconds: UInt64((milliseconds * 1_000_000).rounded()))
  }
}

/// A NAT and the hands around it: every step is one packet.
struct Box {
  var nat: NAT
  var now = Instant.zero
  var transport: Transport

  init(
    _ behavior: NAT.Behavior, externals: [Address] = [external], seed: UInt64 = 1,
    transport: Transport = .udp
  ) {
    nat = NAT(behavior, externals: externals, seed: seed)
    self.transport = transport
  }

  func packet(_ source: Endpoint, _ destination: Endpoint, _ flags: TCPFlags = .syn) -> Packet {
    transport == .tcp
      ? .tcp(from: source, to: destination, flags) : .udp(from: source, to: destination, payload: [1, 2, 3])
  }

  /// The source that `destination` sees; nil when nothing gets there.
  mutating func send(
    _ source: Endpoint, to destination: Endpoint, _ flags: TCPFlags = .syn, flow: UInt64? = nil
  ) -> Endpoint? {
    var packet = packet(source, destination, flags)
    let flow = flow ?? UInt64(source.port) << 32 ^ UInt64(destination.port) ^ destination.address.low << 16
    guard nat.translateOutbound(&packet, flow: flow, at: now) == .translated else { return nil }
    return packet.source
  }

  /// The host a packet from outside reaches; nil when none.
  mutating func receive(_ destination: Endpoint, from source: Endpoint, _ flags: TCPFlags = .syn) -> Endpoint?
  {
    outcome(destination, from: source, flags).1
  }

  mutating func outcome(
    _ destination: Endpoint, from source: Endpoint, _ flags: TCPFlags = .syn
  ) -> (NAT.Outcome, Endpoint?) {
    var packet = packet(source, destination, flags)
    let outcome = nat.translateInbound(&packet, at: now)
    return (outcome, outcome == .translated ? packet.destination : nil)
  }

  mutating func wait(_ duration: Duration) { now += duration }
}

extension NAT.Behavior {
  static func cell(
    _ mapping: NAT.Dependence, _ filtering: NAT.Dependence, ports: NAT.Ports = .init(preservation: .none)
  ) -> NAT.Behavior {
    NAT.Behavior(mapping: mapping, filtering: filtering, ports: ports)
  }
}

/// What is left of a network's run.
struct Trace: Equatable {
  var deliveries: [Delivery] = []
  var deaths: [Death] = []

  func packets(at interface: InterfaceID) -> [Packet] {
    deliveries.filter { $0.interface == interface }.map(\.packet)
  }
  var rules: [Rule] { deaths.map(\.rule) }
}

extension Network {
  /// Runs until nothing is under way, and tells what happened.
  mutating func settle(limit: Instant = .seconds(3600)) -> Trace {
    while let deadline, deadline <= limit { advance(to: deadline) }
    return take()
  }

  mutating func take() -> Trace {
    var trace = Trace()
    while let delivery = nextDelivery() { trace.deliveries.append(delivery) }
    while let death = nextDeath() { trace.deaths.append(death) }
    return trace
  }
}

/// True when every checksum is what a computation from scratch gives.
func hasRightChecksums(_ packet: Packet) -> Bool {
  let bytes = packet.bytes
  func sum(_ range: Range<Int>, _ start: UInt32 = 0) -> UInt32 {
    var sum = start
    for index in range {
      sum += (index - range.lowerBound).isMultiple(of: 2) ? UInt32(bytes[index]) << 8 : UInt32(bytes[index])
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return sum
  }
  let header = packet.isIPv4 ? Int(bytes[0] & 15) * 4 : 40
  if packet.isIPv4, sum(0..<header) != 0xFFFF { return false }
  if packet.transport == .udp, bytes[header + 6] == 0, bytes[header + 7] == 0 { return true }
  var pseudo: UInt32 = 0
  if packet.transport != .icmp {
    pseudo = sum(packet.isIPv4 ? 12..<20 : 8..<40) + UInt32(packet.transport.rawValue)
    pseudo += UInt32(bytes.count - header)
  }
  return sum(header..<bytes.count, pseudo) == 0xFFFF
}

/// `#require` for the result of something that changes its receiver.
func present<Value>(_ value: Value?, _ location: SourceLocation = #_sourceLocation) throws -> Value {
  try #require(value, sourceLocation: location)
}
