import Lab

/// `echo ADDRESS COUNT`: asks a host's kernel COUNT times for an ICMP echo, and prints the round trip times
/// that were found, in microseconds, or nothing. Not every machine has `ping`.
private let script = """
  import socket, struct, sys, time
  six = ":" in sys.argv[1]
  family, protocol = (socket.AF_INET6, socket.getprotobyname("ipv6-icmp")) if six else (socket.AF_INET, 1)
  s = socket.socket(family, socket.SOCK_RAW, protocol)
  s.settimeout(1)
  def checksum(b):
    t = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while t >> 16: t = (t >> 16) + (t & 0xffff)
    return t ^ 0xffff
  found = []
  for n in range(int(sys.argv[2])):
    head = lambda c: struct.pack("!BBHHH", 128 if six else 8, 0, c, 77, n)
    start = time.monotonic()
    try:
      s.sendto(head(0 if six else checksum(head(0))), (sys.argv[1], 0))
      while True:
        d = s.recv(2000)
        d = d if six else d[20:]
        if d[0] in (0, 129) and struct.unpack("!HH", d[4:8]) == (77, n): break
      found.append(int((time.monotonic() - start) * 1e6))
      time.sleep(0.02)
    except OSError: pass
  if found: print(min(found), sorted(found)[len(found) // 2], max(found), len(found))
  sys.exit(0 if found else 1)
  """

extension Laboratory {
  /// Least, median and greatest round trip in microseconds, and how many were answered; nil when none was.
  func echo(_ address: String, count: Int = 1, from host: String) throws -> [Int]? {
    let result = try run("python3", "-c", script, address, "\(count)", in: host)
    guard result.end == .exited(0) else { return nil }
    return result.lines.first.map { $0.split(separator: " ").compactMap { Int($0) } }
  }
}
