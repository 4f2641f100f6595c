import Glibc
import Lab
import NetworkModel
import SansIO

/// Many hosts up, each with a process, and down again.
let many: @Sendable (Bench) throws -> Int32 = { bench in
  let count = bench.number(0, or: 100)
  let start = MonotonicClock.now
  let laboratory = try Topology.internet(hosts: count).start()
  report("up-ms", Int((MonotonicClock.now - start).milliseconds))
  let spawning = MonotonicClock.now
  for host in laboratory.hosts {
    _ = try laboratory.spawn(ProcessDescription("sleep", "sleep", ["1000"]), in: host.name)
  }
  report("spawned-ms", Int((MonotonicClock.now - spawning).milliseconds))
  let last = laboratory.hosts.count - 1
  report("echo", try laboratory.echo("11.0.\(1 + last / 200).\(1 + last % 200)", from: "h0") != nil)
  let stopping = MonotonicClock.now
  laboratory.stop()
  report("down-ms", Int((MonotonicClock.now - stopping).milliseconds))
  return 0
}

/// `blast SECONDS [RATE]`, in a host: 1,200-byte packets to h1, so many a second or as fast as the kernel
/// takes them.
func blast(seconds: Int, rate: Int) {
  let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  var peer = sockaddr_in()
  peer.sin_family = sa_family_t(AF_INET)
  peer.sin_port = in_port_t(9).bigEndian
  inet_pton(AF_INET, "11.0.1.2", &peer.sin_addr)
  _ = withUnsafePointer(to: peer) { peer in
    peer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  let payload = [UInt8](repeating: 7, count: 1172)
  let begin = MonotonicClock.now
  let end = begin + .seconds(seconds)
  var turn = 0
  while rate > 0, MonotonicClock.now < end {
    for _ in 0..<max(1, rate / 1000) { _ = send(socket, payload, payload.count, 0) }
    turn += 1
    // By the clock: what one sleep takes too long the next makes up for.
    let rest = begin + .milliseconds(turn) - MonotonicClock.now
    if rest > .zero { usleep(UInt32(rest.milliseconds * 1000)) }
  }
  while MonotonicClock.now < end {
    for _ in 0..<64 { _ = send(socket, payload, payload.count, 0) }
  }
}

/// How many packets a second the fabric carries, beside a loop that only reads and writes.
let rate: @Sendable (Bench) throws -> Int32 = { bench in
  let seconds = bench.number(0, or: 2)
  for (name, isPlain) in [("plain", true), ("fabric", false)] {
    let laboratory = try Topology.internet(hosts: 2).start()
    let loop = isPlain ? try PlainLoop(taking: laboratory) : nil
    let before = try laboratory.host("h1").counters().values.first?.received ?? 0
    var description = ProcessDescription("blaster", "/proc/self/exe", ["blast", "\(seconds)"])
    description.nice = 0
    let start = MonotonicClock.now
    let process = try laboratory.spawn(description, in: "h0")
    _ = process.awaitEnd(until: start + .seconds(seconds + 10))
    let elapsed = (MonotonicClock.now - start).milliseconds / 1000
    let received = (try laboratory.host("h1").counters().values.first?.received ?? 0) - before
    let dropped = try laboratory.host("h0").counters().values.first?.sendDropped ?? 0
    report("\(name)-pps", Int(Double(received) / elapsed))
    report("\(name)-offered-pps", Int(Double(received + dropped) / elapsed))
    if !isPlain { laboratory.reportHealth() }
    loop?.end()
    laboratory.stop()
  }
  return 0
}

/// The least that any forwarder must do: one read and one write a packet, in one thread that waits in poll.
private final class PlainLoop: Sendable {
  private let isEnding = Monitor(false)
  private let thread: Thread

  init(taking laboratory: Laboratory) throws {
    let (from, to) = (laboratory.hosts[0].devices[0], laboratory.hosts[1].devices[0])
    for device in [from, to] { try laboratory.fabric.detach(device.id) }
    thread = try RealTimeThreads.start("plain", stackBytes: 1 << 20) { [isEnding] in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 8)
      defer { buffer.deallocate() }
      while !isEnding.peek({ $0 }) {
        var polled = pollfd(fd: from.descriptor.number, events: Int16(POLLIN), revents: 0)
        _ = poll(&polled, 1, 100)
        for _ in 0..<64 {
          let count = read(from.descriptor.number, buffer.baseAddress, buffer.count)
          if count <= 0 { break }
          _ = write(to.descriptor.number, buffer.baseAddress, count)
        }
      }
    }
  }

  func end() {
    isEnding.withLock { $0 = true }
    thread.join()
  }
}

/// How late deliveries are with 25 ms links and about 5,000 packets a second.
let delay: @Sendable (Bench) throws -> Int32 = { bench in
  let seconds = bench.number(0, or: 2)
  let laboratory = try Topology.internet(hosts: 2, delay: .milliseconds(25)).start()
  var description = ProcessDescription("blaster", "/proc/self/exe", ["blast", "\(seconds)", "5000"])
  description.nice = 0
  let process = try laboratory.spawn(description, in: "h0")
  _ = process.awaitEnd(until: MonotonicClock.now + .seconds(seconds + 10))
  laboratory.reportHealth()
  laboratory.stop()
  return 0
}
