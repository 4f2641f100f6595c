import Glibc
import Lab
import NetworkModel
import SansIO

/// A network and the hosts at its edge.
struct Topology {
  var network = Network(seed: 1)
  var hosts: [HostDescription] = []

  /// Hosts on the public internet, `delay` from each other: h0 at 11.0.1.1 and 2600:1::1, and so on.
  static func internet(hosts count: Int, delay: Duration = .zero) -> Topology {
    var topology = Topology()
    for index in 0..<count {
      topology.add(
        "h\(index)", at: .internet(), v4: Address(11, 0, UInt8(1 + index / 200), UInt8(1 + index % 200)),
        length4: 32,
        v6: Address(high: 0x2600_0001_0000_0000, low: UInt64(index + 1)), length6: 128, delay: delay)
    }
    return topology
  }

  /// Hosts on one LAN, 192.168.1.1/24 …, that know no other network.
  static func lan(hosts count: Int) -> Topology {
    var topology = Topology()
    let lan = topology.network.addLAN("home")
    for index in 0..<count {
      topology.add(
        "h\(index)", at: .lan(lan), v4: Address(192, 168, 1, UInt8(1 + index)), length4: 24,
        v6: Address(high: 0xFE80_0000_0000_0000, low: UInt64(index + 1)), length6: 64, delay: .zero)
    }
    return topology
  }

  private mutating func add(
    _ name: String, at place: Place, v4: Address, length4: Int, v6: Address, length6: Int, delay: Duration
  ) {
    let conditions = Link.Conditions(delay: delay / 2)
    let id = network.addInterface(
      Interface(
        host: name, name: "net0", place: place, addresses: [v4, v6], up: conditions, down: conditions))
    let isPublic = length4 == 32
    hosts.append(
      HostDescription(
        name,
        interfaces: [
          InterfaceDescription(
            id,
            addresses: [
              InterfaceAddress(v4, prefixLength: length4), InterfaceAddress(v6, prefixLength: length6),
            ], routes: isPublic ? Route.everything : [])
        ]))
  }

  func start(capture: (@Sendable (CapturedPacket) -> Void)? = nil) throws(LabError) -> Laboratory {
    try Laboratory.start(network: network, hosts: hosts, capture: capture)
  }
}

extension Laboratory {
  /// Runs a program in a host to its end and returns its lines.
  func run(_ program: String, _ arguments: String..., in host: String, within limit: Duration = .seconds(20))
    throws
    -> (end: ProcessEnd?, lines: [String])
  {
    var description = ProcessDescription("\(program)-\(events.end)", program, arguments)
    description.output = .lines
    let process = try spawn(description, in: host)
    let end = process.awaitEnd(until: MonotonicClock.now + limit)
    let lines = events.events().compactMap { event -> String? in
      guard event.host == host, event.process == process.name, case .line(let line) = event.kind else {
        return nil
      }
      return line
    }
    return (end, lines + (end == .exited(0) ? [] : process.lastLines))
  }

  func reportHealth() {
    let health = health()
    report("scheduling", health.scheduling.rawValue)
    report("delivered", health.delivered)
    report("lateness-p50-us", Int(health.lateness.quantile(0.5).milliseconds * 1000))
    report("lateness-p99-us", Int(health.lateness.quantile(0.99).milliseconds * 1000))
    report("lateness-max-us", Int(health.lateness.max.milliseconds * 1000))
    report("turn-max-us", Int(health.longestTurn.milliseconds * 1000))
    report("queue-drops", health.queueDrops)
    report("capture-lost", health.captureLost)
    report("refused", health.refused)
  }
}
