import Foundation

/// Many connections between two processes on loopback: how fast they come, and what each costs when it is
/// idle.
enum ConnectionFigures {
  /// An idle connection gives its buffers back after two seconds; identify is long over by then.
  private static let settleSeconds = 6.0

  static func figures(_ effort: Effort) throws -> [Figure] {
    let count = effort.count(5000)
    let accepting = try measure(count, oneNodeListens: true)
    let dialing = try measure(count, oneNodeListens: false)
    var handshakes = HandshakeBound()
    let oneSide = 2 * handshakes.rate(effort.count(1000))
    let rate = Double(count) / accepting.seconds
    return [
      Figure(
        name: "connections, loopback, 2 processes", measured: rate, unit: "/s",
        bound: .init("X25519 and Ed25519, one side", oneSide, ratio: rate / oneSide)),
      Figure(
        name: "idle connection, accepted (of \(count))", measured: accepting.residentKiB, unit: "KiB",
        goal: .atMost(24), counted: "idle-accepted-kib"),
      Figure(
        name: "idle connection, dialed (of \(count))", measured: dialing.residentKiB, unit: "KiB",
        goal: .atMost(24), counted: "idle-dialed-kib"),
    ]
  }

  private struct Result {
    /// From the first dial to the last connection.
    let seconds: Double
    /// Of the process with one node, for each connection.
    let residentKiB: Double
  }

  /// One node in one process, connected with `count` nodes in the other.
  private static func measure(_ count: Int, oneNodeListens: Bool) throws -> Result {
    let one = try Crowd(of: 1, listens: oneNodeListens)
    defer { one.child.stop() }
    let many = try Crowd(of: count, listens: !oneNodeListens)
    defer { many.child.stop() }
    let (dialer, listener) = oneNodeListens ? (many, one) : (one, many)

    let before = try ProcessStatistics.memory(of: one.child.pid)
    for address in listener.addresses { try dialer.child.writeLine(address) }
    try dialer.child.writeLine("dial")
    let answer = try dialer.child.readLine(within: 300)
    guard let seconds = Double(answer) else { throw BenchError("dialing ended with \(answer)") }
    usleep(UInt32(settleSeconds * 1e6))
    let after = try ProcessStatistics.memory(of: one.child.pid)
    return Result(seconds: seconds, residentKiB: (after.resident - before.resident) / 1024 / Double(count))
  }
}
