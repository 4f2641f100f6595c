import Glibc
import Lab
import NetworkModel
import SansIO

/// What a host on the internet does for the prober, in the spirit of RFC 5780: says who asks, and pokes the
/// asker from the address and port that was asked, from another port, and from another host.
private let server = """
  import socket, sys, threading, time
  me, other = sys.argv[1:3]
  def udp(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((me, port)); return s
  a, b, c = udp(5001), udp(5002), udp(5003)
  def knock(label, peer, port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((me, port)); s.settimeout(2)
    try: s.connect(peer); s.sendall(label)
    except OSError: pass
  def serve(s, second):
    while True:
      d, p = s.recvfrom(100)
      if d == b"who": s.sendto(("%s:%d" % p).encode(), p)
      if d == b"poke":
        s.sendto(b"same", p); second.sendto(b"port", p); c.sendto(("udp %s %d" % p).encode(), (other, 5003))
  def orders():
    while True:
      kind, host, port = c.recvfrom(100)[0].decode().split()
      if kind == "udp": a.sendto(b"host", (host, int(port)))
      else: threading.Thread(target=knock, args=(b"host", (host, int(port)), 5004)).start()
  def accept(port):
    l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    l.bind((me, port)); l.listen(50)
    while True: threading.Thread(target=talk, args=l.accept()).start()
  def talk(s, p):
    d = s.recv(100)
    s.sendall(("%s:%d" % p).encode())
    if d == b"poke":
      c.sendto(("tcp %s %d" % p).encode(), (other, 5003))
      knock(b"port", p, 5005)
    s.recv(100)
  for t, x in ((serve, (a, b)), (serve, (b, a)), (orders, ()), (accept, (5001,)), (accept, (5002,))):
    threading.Thread(target=t, args=x).start()
  print("ready", flush=True)
  """

/// The prober behind the router. A line for each transport: `udp MAPPING FILTERING PORTS`.
private let prober = """
  import socket, select, time
  one, two = "11.0.1.1", "11.0.1.2"
  targets = [(one, 5001), (one, 5002), (two, 5001)]
  def kind(independent, address):
    if independent: return "endpointIndependent"
    return "addressDependent" if address else "addressAndPortDependent"
  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 40000)); s.settimeout(2)
  seen = []
  for t in targets:
    s.sendto(b"who", t); seen.append(s.recv(100).decode())
  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 40001))
  s.sendto(b"poke", targets[0])
  heard, end = set(), time.monotonic() + 1.5
  while select.select([s], [], [], max(0, end - time.monotonic()))[0]: heard.add(s.recv(100))
  print("udp", kind(seen[0] == seen[2], seen[0] == seen[1]), kind(b"host" in heard, b"port" in heard), *seen)
  h = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); h.bind(("", 40002)); h.settimeout(2)
  h.sendto(b"who", targets[0]); h.recv(100); h.settimeout(0.3)
  own = seen[0].split(":")
  k = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); k.bind(("", 40003)); k.sendto(b"who", targets[0])
  mine = k.recv(100).decode().split(":"); h.sendto(b"round", (mine[0], int(mine[1])))
  k.settimeout(0.3)
  try: print("hairpin", "external" if k.recvfrom(100)[1][0] == own[0] else "internal", "source")
  except OSError: print("hairpin nothing source")
  def tcp(port, target):
    c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    c.bind(("", port)); c.settimeout(3); c.connect(target); return c
  held, seen = [], []
  for t in targets:
    c = tcp(41000, t); c.sendall(b"who"); seen.append(c.recv(100).decode()); held.append(c)
  l = socket.socket(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
  l.bind(("", 41001)); l.listen(5)
  c = tcp(41001, targets[0]); c.sendall(b"poke"); c.recv(100)
  heard, end = set(), time.monotonic() + 1.5
  while select.select([l], [], [], max(0, end - time.monotonic()))[0]:
    p = l.accept()[0]; p.settimeout(1); heard.add(p.recv(100))
  print("tcp", kind(seen[0] == seen[2], seen[0] == seen[1]), kind(b"host" in heard, b"port" in heard), *seen)
  """

/// All nine cells at once: a line `MAPPING/FILTERING udp|tcp MAPPING FILTERING` with what was found for each.
let routers: @Sendable (Bench) throws -> Int32 = { bench in
  var topology = Topology.internet(hosts: 2, delay: .milliseconds(10))
  var cells: [(name: String, router: LinuxRouter, external: Address)] = []
  for mapping in NAT.Dependence.allCases {
    for filtering in NAT.Dependence.allCases {
      var router = LinuxRouter()
      router.mapping = mapping
      router.filtering = filtering
      router.hairpin = bench.arguments.contains("hairpin")
      if bench.arguments.contains("reject") { router.refusal = .reject }
      let external = Address(11, 0, 2, UInt8(cells.count + 1))
      topology.add(router, "\(cells.count)", external: external)
      cells.append(("\(mapping)/\(filtering)", router, external))
    }
  }
  let laboratory = try topology.start()
  for (index, cell) in cells.enumerated() {
    try cell.router.apply(to: "router\(index)", external: cell.external, in: laboratory)
  }
  for index in 0..<2 {
    var description = ProcessDescription(
      "server", "python3", ["-c", server, "11.0.1.\(index + 1)", "11.0.1.\(2 - index)"])
    description.output = .lines
    let process = try laboratory.spawn(description, in: "h\(index)")
    var position = 0
    _ = process.next(from: &position, until: MonotonicClock.now + .seconds(10)) { $0 == .line("ready") }
  }
  let probers = try cells.indices.map { index in
    var description = ProcessDescription("prober", "python3", ["-c", prober])
    description.output = .lines
    return try laboratory.spawn(description, in: "client\(index)")
  }
  for (cell, process) in zip(cells, probers) {
    let end = process.awaitEnd(until: MonotonicClock.now + .seconds(20))
    for event in laboratory.events.events() where event.host == process.host {
      if case .line(let line) = event.kind { report(cell.name, line) }
    }
    if end != .exited(0) { report(cell.name, process.lastLines.suffix(2).joined(separator: " | ")) }
  }
  laboratory.stop()
  return 0
}

extension Topology {
  /// A LAN of one client behind a kernel's NAT.
  fileprivate mutating func add(_ router: LinuxRouter, _ name: String, external: Address) {
    let lan = network.addLAN("lan\(name)")
    let (gateway, client) = (Address(192, 168, 1, 1), Address(192, 168, 1, 2))
    let inside = network.addInterface(
      Interface(
        host: "router\(name)", name: LinuxRouter.inside, place: .lan(lan), addresses: [gateway],
        forwards: true))
    let outside = network.addInterface(
      Interface(
        host: "router\(name)", name: LinuxRouter.outside, place: .internet(), addresses: [external],
        forwards: true))
    network.setGateway(of: lan, to: inside)
    let own = network.addInterface(
      Interface(host: "client\(name)", name: "net0", place: .lan(lan), addresses: [client]))
    hosts.append(
      router.description(
        "router\(name)",
        inside: InterfaceDescription(
          inside, name: LinuxRouter.inside, addresses: [InterfaceAddress(gateway, prefixLength: 24)]),
        outside: InterfaceDescription(
          outside, name: LinuxRouter.outside, addresses: [InterfaceAddress(external, prefixLength: 32)],
          routes: Route.everything)))
    hosts.append(
      HostDescription(
        "client\(name)",
        interfaces: [
          InterfaceDescription(
            own, addresses: [InterfaceAddress(client, prefixLength: 24)], routes: Route.everything)
        ]))
  }
}
