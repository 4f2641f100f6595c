import Glibc
import Lab
import NetworkModel
import SansIO

/// Measures what the NAT does with TCP, by the kernel's own connections. All that use one port share it with
/// a listener, so that whoever is let in arrives.
struct TCPProber {
  private var profile = Profile()
  /// As of ``UDPProber/lateness``.
  private(set) var lateness = Duration.zero
  private var nextPort: UInt16 = 30_000
  private static let patience = Duration.seconds(3)

  mutating func measure() throws(SystemError) -> Profile {
    let idle = try openIdle()
    try measureMapping()
    if profile[.tcpMapping] == nil { return profile }
    try measureFiltering()
    try measureSimultaneousOpen()
    let firstDead = idle.map { $0?.readLine(until: $1) == "now" }.firstIndex(of: false)
    profile[.tcpIdle] = Lifetime.words(firstDead: firstDead)
    return profile
  }

  // MARK: Experiments

  /// One port, three remote endpoints.
  private mutating func measureMapping() throws(SystemError) {
    let local = takeLocal()
    let remotes = [endpoint(0, 0), endpoint(0, 1), endpoint(1, 0)]
    var held: [TCPClient] = []
    var seen: [String] = []
    for remote in remotes {
      guard let client = try TCPClient(from: local, to: remote, within: Self.patience),
        let observed = ask("who", client)
      else { return }
      held.append(client)
      seen.append(observed)
    }
    let mapping: NAT.Dependence =
      seen[0] != seen[1]
      ? .addressAndPortDependent : seen[0] != seen[2] ? .addressDependent : .endpointIndependent
    profile[.tcpMapping] = mapping.words
    let isPreserved = seen.allSatisfy { $0.hasSuffix(":\(local.port)") }
    profile[.tcpPorts] = (isPreserved ? NAT.Ports.Preservation.preserving : .none).words
  }

  /// The reflector tries to connect to where a connection came from; and to a port nobody came from.
  private mutating func measureFiltering() throws(SystemError) {
    let local = takeLocal()
    let listener = try Socket(.tcp, at: local)
    try listener.listen()
    guard let client = try TCPClient(from: local, to: endpoint(0, 0), within: Self.patience),
      let back = ask("back", client, takes: .milliseconds(500))?.split(separator: " "), back.count == 3,
      let unsolicited = ask("unsolicited", client, takes: .milliseconds(500))
    else { return }
    let filtering: NAT.Dependence =
      back[1] == "reached"
      ? .endpointIndependent : back[2] == "reached" ? .addressDependent : .addressAndPortDependent
    profile[.tcpFiltering] = filtering.words
    profile[.unsolicited] =
      switch unsolicited {
      case "unsolicited silent silent": NAT.Unsolicited.drop.words
      case "unsolicited refused refused": NAT.Unsolicited.reject.words
      case "unsolicited silent refused": NAT.Unsolicited.reset.words
      default: unsolicited
      }
  }

  /// The reflector's SYN comes first and must vanish; then ours meets a socket that has sent one (RFC 9293,
  /// section 3.5).
  private mutating func measureSimultaneousOpen() throws(SystemError) {
    let local = takeLocal()
    let listener = try Socket(.tcp, at: local)
    try listener.listen()
    guard let client = try TCPClient(from: local, to: endpoint(0, 0), within: Self.patience),
      let place = ask("meet", client)?.split(separator: " ").last?.split(
        separator: ":"),
      place.count == 2, let address = Address(String(place[0])), let port = UInt16(place[1])
    else { return }
    usleep(60_000)
    let other = try TCPClient(from: local, to: Endpoint(address, port), within: .milliseconds(1200))
    profile[.simultaneousOpen] =
      client.readLine(until: MonotonicClock.now + Self.patience) == "met reached" ? "succeeds" : "fails"
    withExtendedLifetime(other) {}
  }

  /// Connections over which nothing comes for a while, each with the time at which it should have come.
  private mutating func openIdle() throws(SystemError) -> [(TCPClient?, Instant)] {
    var opened: [(TCPClient?, Instant)] = []
    for look in Lifetime.looks {
      let born = MonotonicClock.now
      let client = try TCPClient(from: takeLocal(), to: endpoint(0, 0), within: Self.patience)
      let promise = client.flatMap { ask("later \(Int(look / .milliseconds(1)))", $0) }
      opened.append((client, MonotonicClock.now + look + .milliseconds(400)))
      if promise == nil { break }
      lateness = max(lateness, MonotonicClock.now - born)
    }
    return opened
  }

  /// - Parameter time: what the reflector may take for it.
  private mutating func ask(_ line: String, _ client: TCPClient, takes time: Duration = .zero) -> String? {
    let asked = MonotonicClock.now
    client.write(line)
    let answer = client.readLine(until: asked + Self.patience)
    if answer != nil { lateness = max(lateness, MonotonicClock.now - asked - time) }
    return answer
  }

  private mutating func takeLocal() -> Endpoint {
    defer { nextPort += 1 }
    return Endpoint(Site.hosts[0], nextPort)
  }

  private func endpoint(_ address: Int, _ port: Int) -> Endpoint {
    Endpoint(Site.addresses[address], Site.tcpPorts[port])
  }
}

/// A connection to the reflector, and lines over it.
private final class TCPClient {
  private let socket: Socket
  private var buffer: [UInt8] = []

  /// Nil when nobody answers in time.
  init?(from local: Endpoint, to remote: Endpoint, within limit: Duration) throws(SystemError) {
    socket = try Socket(.tcp, at: local)
    guard socket.connect(to: remote) else { return nil }
    let events = poll([(socket.number, CInt(POLLOUT))], until: MonotonicClock.now + limit)
    guard events[0] != 0, socket.outcome == .reached else { return nil }
  }

  deinit { socket.abandon() }

  func write(_ line: String) { socket.write(Array("\(line)\n".utf8)) }

  /// Nil when none comes in time. What is longer than any answer is none.
  func readLine(until deadline: Instant) -> String? {
    while buffer.count < 200 {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffer.removeSubrange(...end) }
        return String(decoding: buffer[..<end], as: UTF8.self)
      }
      let events = poll([(socket.number, CInt(POLLIN))], until: deadline)
      guard events[0] != 0 else { return nil }
      guard let bytes = socket.read() else { continue }
      if bytes.isEmpty { return nil }
      buffer += bytes
    }
    return nil
  }
}
