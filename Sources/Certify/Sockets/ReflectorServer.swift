import CLinux
import Glibc
import Lab
import NetworkModel
import SansIO

/// The reflector with real sockets: one loop that serves UDP at every spot, and TCP.
///
/// A TCP client writes a line and reads one or more:
///
///     who              →  11.0.2.1:20000                where it comes from
///     back             →  back reached refused          attempts to reach it there: from the reflector's
///                                                       other address, and from another port of this one
///     unsolicited      →  unsolicited silent refused    UDP and TCP to a port of its address nobody asked
///    for
///     meet             →  at 11.0.1.2:41234             the endpoint from which it is being connected to
///                      →  met reached
///     later 1500       →  then
///                      →  now                           after so many milliseconds
struct ReflectorServer {
  private let epoll: Descriptor
  private var reflector = Reflector()
  private var spots: [Spot: Socket] = [:]
  /// By descriptor, as all that epoll tells of.
  private var roles: [CInt: Role] = [:]
  private var clientsCount = 0
  private var errands: [Errand] = []
  private var alarms: [(at: Instant, client: Client)] = []

  /// Some hundred probers with a dozen connections each are within it.
  private static let clientsMax = 3000

  private enum Role {
    case spot(Socket)
    case listener(Socket)
    case client(Client)
    case attempt(Errand, index: Int)
  }

  private final class Client {
    let socket: Socket
    var line: [UInt8] = []

    init(_ socket: Socket) { self.socket = socket }

    /// A client that has gone is noticed by reading.
    func write(_ line: String) { socket.write(Array("\(line)\n".utf8)) }
  }

  /// Attempts whose outcomes are reported together.
  private final class Errand {
    let client: Client
    let title: String
    let sockets: [Socket]
    var outcomes: [Socket.Outcome?]
    let deadline: Instant

    init(_ client: Client, _ title: String, _ sockets: [Socket], within limit: Duration) {
      self.client = client
      self.title = title
      self.sockets = sockets
      outcomes = sockets.map { _ in nil }
      deadline = MonotonicClock.now + limit
    }
  }

  init() throws(SystemError) {
    let number = linux_epoll_create()
    if number < 0 { throw SystemError("epoll_create", code: -number) }
    epoll = Descriptor(number)
    for spot in Spot.all {
      let socket = try Socket(.udp, at: spot.endpoint)
      spots[spot] = socket
      try watch(socket, Int(linux_readable), as: .spot(socket))
    }
    for address in Site.addresses {
      for port in Site.tcpPorts {
        let listener = try Socket(.tcp, at: Endpoint(address, port))
        try listener.listen()
        try watch(listener, Int(linux_readable), as: .listener(listener))
      }
    }
  }

  /// Does not return but for an error of the system.
  mutating func run() throws(SystemError) {
    var ready = [linux_ready](repeating: linux_ready(), count: 256)
    while true {
      let wait = (deadline - MonotonicClock.now).milliseconds.rounded(.up)
      let milliseconds = CInt(max(0, min(wait, 1000)))
      let count = linux_epoll_wait(epoll.number, &ready, CInt(ready.count), milliseconds)
      for entry in ready.prefix(Int(max(0, count))) { try handle(CInt(truncatingIfNeeded: entry.tag)) }
      advance(to: MonotonicClock.now)
    }
  }

  // MARK: Descriptors

  private mutating func watch(
    _ socket: Socket, _ events: Int, as role: Role
  ) throws(SystemError) {
    let code = linux_epoll_add(
      epoll.number, socket.number, UInt32(truncatingIfNeeded: events), UInt64(socket.number))
    if code < 0 { throw SystemError("epoll_ctl", code: -code) }
    roles[socket.number] = role
  }

  private mutating func forget(_ socket: Socket) {
    _ = linux_epoll_remove(epoll.number, socket.number)
    roles[socket.number] = nil
  }

  private mutating func handle(_ number: CInt) throws(SystemError) {
    switch roles[number] {
    case .spot(let socket):
      while let (bytes, source) = socket.receiveDatagram() {
        reflector.receive(bytes, from: source, at: MonotonicClock.now)
      }
    case .listener(let listener):
      while let socket = listener.accept() {
        guard clientsCount < Self.clientsMax else { continue }
        clientsCount += 1
        try watch(socket, Int(linux_readable), as: .client(Client(socket)))
      }
    case .client(let client): read(client)
    case .attempt(let errand, let index):
      errand.outcomes[index] = errand.sockets[index].outcome
      forget(errand.sockets[index])
    case nil: break
    }
  }

  // MARK: Time

  private var deadline: Instant {
    mutating get {
      let times = [reflector.deadline] + errands.map(\.deadline) + alarms.map(\.at)
      return times.compactMap { $0 }.min() ?? .distantFuture
    }
  }

  private mutating func advance(to now: Instant) {
    reflector.advance(to: now)
    while let datagram = reflector.nextDatagram() {
      spots[datagram.from]?.send(datagram.bytes, to: datagram.to)
    }
    for alarm in alarms where alarm.at <= now { alarm.client.write("now") }
    alarms.removeAll { $0.at <= now }
    let over = errands.filter { errand in
      errand.deadline <= now || errand.outcomes.allSatisfy { $0 != nil }
    }
    if over.isEmpty { return }
    errands.removeAll { errand in over.contains { $0 === errand } }
    for errand in over { report(errand) }
  }

  private mutating func report(_ errand: Errand) {
    let outcomes = errand.outcomes.map { ($0 ?? .silent).rawValue }
    errand.client.write("\(errand.title) \(outcomes.joined(separator: " "))")
    for (socket, outcome) in zip(errand.sockets, errand.outcomes) {
      if outcome == nil { forget(socket) }
      if socket.kind == .tcp { socket.abandon() }
    }
  }

  // MARK: Lines

  private mutating func read(_ client: Client) {
    while let bytes = client.socket.read() {
      // Nobody has more to say than this.
      guard !bytes.isEmpty, client.line.count + bytes.count < 100 else {
        clientsCount -= 1
        return forget(client.socket)
      }
      client.line += bytes
    }
    while let end = client.line.firstIndex(of: UInt8(ascii: "\n")) {
      let words = String(decoding: client.line[..<end], as: UTF8.self).split(separator: " ").map(String.init)
      client.line.removeSubrange(...end)
      do throws(SystemError) {
        try obey(words, client)
      } catch {
        client.write("cannot: \(error)")
      }
    }
  }

  private mutating func obey(_ words: [String], _ client: Client) throws(SystemError) {
    guard let peer = client.socket.peer, let own = client.socket.local else { return }
    let other = Site.addresses.first { $0 != own.address } ?? own.address
    switch words.first {
    case "who": client.write("\(peer)")
    case "back":
      let sockets = [try attempt(.tcp, other, peer), try attempt(.tcp, own.address, peer)]
      try add(Errand(client, "back", sockets, within: .milliseconds(500)))
    case "unsolicited":
      let target = Endpoint(peer.address, Site.unmappedPort)
      let sockets = [try attempt(.udp, other, target), try attempt(.tcp, other, target)]
      sockets[0].write([0])
      try add(Errand(client, "unsolicited", sockets, within: .milliseconds(500)))
    case "meet":
      let socket = try attempt(.tcp, other, peer)
      client.write("at \(socket.local.map { "\($0)" } ?? "nowhere")")
      try add(Errand(client, "met", [socket], within: .milliseconds(1500)))
    case "later":
      let delay = words.dropFirst().first.flatMap { UInt16($0) } ?? 0
      client.write("then")
      alarms.append((MonotonicClock.now + .milliseconds(Int(delay)), client))
    default: client.write("cannot: unknown")
    }
  }

  private func attempt(_ kind: Socket.Kind, _ from: Address, _ to: Endpoint) throws(SystemError) -> Socket {
    let socket = try Socket(kind, at: Endpoint(from, 0))
    _ = socket.connect(to: to)
    return socket
  }

  /// A connection that failed is writable too, and a datagram socket always is: of that only errors count.
  private mutating func add(_ errand: Errand) throws(SystemError) {
    errands.append(errand)
    for (index, socket) in errand.sockets.enumerated() {
      let events = socket.kind == .tcp ? Int(linux_writable) : Int(linux_error)
      try watch(socket, events, as: .attempt(errand, index: index))
    }
  }
}
