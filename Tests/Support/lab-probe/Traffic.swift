import Glibc
import Lab
import NetworkModel
import SansIO

/// Echoes and their round trip times, both families.
let ping: @Sendable (Bench) throws -> Int32 = { bench in
  let delay = Duration.milliseconds(bench.number(0, or: 25))
  let captured = Monitor(0)
  let laboratory = try Topology.internet(hosts: 2, delay: delay).start { _ in captured.withLock { $0 += 1 } }
  for (family, address) in [("v4", "11.0.1.2"), ("v6", "2600:1::2")] {
    guard let times = try laboratory.echo(address, count: 20, from: "h0"), times.count == 4 else { continue }
    for (name, time) in zip(["min-us", "median-us", "max-us", "answers"], times) {
      report("\(family)-\(name)", time)
    }
  }
  laboratory.reportHealth()
  laboratory.stop()
  report("captured", captured.peek { $0 })
  return 0
}

private let listener = """
  import socket
  s = socket.create_server(("11.0.1.2", 7000))
  print("listening", flush=True)
  c, _ = s.accept()
  n = 0
  while True:
    d = c.recv(65536)
    if not d: break
    n += len(d)
  c.sendall(str(n).encode())
  """

private let sender = """
  import socket, time
  t = time.monotonic()
  c = socket.create_connection(("11.0.1.2", 7000))
  c.sendall(b"x" * 20_000_000)
  c.shutdown(socket.SHUT_WR)
  print(c.recv(100).decode(), int((time.monotonic() - t) * 1000))
  """

/// 20 MB over one connection, through the kernels' own TCP.
let tcp: @Sendable (Bench) throws -> Int32 = { _ in
  let laboratory = try Topology.internet(hosts: 2).start()
  var description = ProcessDescription("listener", "python3", ["-c", listener])
  description.output = .lines
  let server = try laboratory.spawn(description, in: "h1")
  var position = 0
  _ = server.next(from: &position, until: MonotonicClock.now + .seconds(10)) { $0 == .line("listening") }
  let result = try laboratory.run("python3", "-c", sender, in: "h0")
  for line in result.lines { report("tcp", line) }
  laboratory.reportHealth()
  laboratory.stop()
  return result.end == .exited(0) ? 0 : 1
}

private let member = """
  import socket, struct, sys
  s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
  s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
  s.bind(("224.0.0.251", 5353))
  four = socket.inet_aton("224.0.0.251") + socket.inet_aton(sys.argv[1])
  s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, four)
  t = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
  t.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
  t.bind(("::", 5353))
  i = socket.if_nametoindex("net0")
  six = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("i", i)
  t.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, six)
  print("joined", flush=True)
  if sys.argv[2] == "ask":
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    t.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
    s.sendto(b"four", ("224.0.0.251", 5353))
    t.sendto(b"six", ("ff02::fb", 5353, 0, i))
  else:
    for q in (s, t):
      q.settimeout(10)
      d, a = q.recvfrom(100)
      print(d.decode(), a[0].split("%")[0], flush=True)
  """

/// What one of three says to the mDNS groups, the other two hear.
let multicast: @Sendable (Bench) throws -> Int32 = { _ in
  let laboratory = try Topology.lan(hosts: 3).start()
  var listeners: [HostProcess] = []
  for index in [1, 2] {
    var description = ProcessDescription(
      "member", "python3", ["-c", member, "192.168.1.\(index + 1)", "hear"])
    description.output = .lines
    let process = try laboratory.spawn(description, in: "h\(index)")
    var position = 0
    _ = process.next(from: &position, until: MonotonicClock.now + .seconds(10)) { $0 == .line("joined") }
    listeners.append(process)
  }
  _ = try laboratory.run("python3", "-c", member, "192.168.1.1", "ask", in: "h0")
  for process in listeners {
    _ = process.awaitEnd(until: MonotonicClock.now + .seconds(12))
    for event in laboratory.events.events() where event.host == process.host {
      if case .line(let line) = event.kind { report(process.host, line) }
    }
    for line in process.lastLines where process.end != .exited(0) { report("\(process.host)-error", line) }
  }
  laboratory.stop()
  return 0
}

/// A link goes down and up, and a host gets another address, while somebody pings.
let changes: @Sendable (Bench) throws -> Int32 = { _ in
  let laboratory = try Topology.internet(hosts: 2).start()
  let host = try laboratory.host("h1")
  func answers(_ address: String) throws -> Bool {
    try laboratory.echo(address, from: "h0") != nil
  }
  report("before", try answers("11.0.1.2"))
  try host.setLink("net0", isUp: false)
  report("down", try answers("11.0.1.2"))
  try host.setLink("net0", isUp: true)
  report("up", try answers("11.0.1.2"))
  report("up6", try answers("2600:1::2"))
  let only = [InterfaceAddress("2600:1::2/128")].compactMap { $0 }
  try host.readdress("net0", addresses: only, routes: Route.everything)
  report("without", try answers("11.0.1.2"))
  report("still6", try answers("2600:1::2"))
  report("hostname", try laboratory.run("cat", "/proc/sys/kernel/hostname", in: "h1").lines.first ?? "none")
  try laboratory.fabric.change { network, now in
    network.setName("first.example", to: [Address(11, 0, 1, 1)], at: now)
  }
  let lookup = "import socket; print(socket.gethostbyname('first.example'))"
  report("name", try laboratory.run("python3", "-c", lookup, in: "h0").lines.last ?? "none")
  report("interfaces", try laboratory.run("ls", "/sys/class/net", in: "h1").lines.joined(separator: ","))
  laboratory.stop()
  return 0
}
