import Foundation

/// A relay that is measured: ours, or Go's.
final class MeasuredRelay {
  private let child: Child
  let address: String
  let pid: pid_t
  private let data = TemporaryFolder()

  /// `meshrelay run`, as `scripts/install` puts it in place.
  init(executable: String, _ flags: [String] = []) throws {
    let node = try RunningNode(executable, data: data.path, flags, isRelay: true)
    (child, address, pid) = (node.child, node.address, node.child.pid)
    child.ignoreOutput()
  }

  init(python: String, goDaemon: String) throws {
    child = try Child(
      python, ["Tests/Benchmarks/Peers/go_relay.py", goDaemon], environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    let line = try child.readLine(within: 120)
    guard let place = try? JSONDecoder().decode(Place.self, from: Data(line.utf8)) else {
      throw BenchError("the Go relay's driver says \(line)")
    }
    (address, pid) = (place.address, place.pid)
  }

  deinit { child.stop() }

  private struct Place: Decodable {
    let address: String
    let pid: pid_t
  }
}

/// `meshnode run` behind a relay, and `meshnode perf` that reaches it through a circuit. The ends are the
/// same for every relay, and theirs is not counted: the processor time is the relay's alone.
final class RelayedPair: TransferPair {
  private let executable: String
  private let relay: MeasuredRelay
  private let server: RunningNode
  private let data = TemporaryFolder()

  init(executable: String, relay: MeasuredRelay) throws {
    (self.executable, self.relay) = (executable, relay)
    server = try RunningNode(
      executable, data: "\(data.path)/server", ["--serve-bench", "--relay", relay.address])
    try server.awaitReservation()
  }

  deinit { server.child.stop() }

  func transfer(_ bytes: Int, _ direction: Direction) throws -> Transfer {
    let before = try ProcessStatistics.cpuSeconds(of: relay.pid)
    let circuit = "\(relay.address)/p2p-circuit/p2p/\(server.peer)"
    let run = try MeshnodePair.perf(executable, circuit, bytes, direction).run
    let spent = try ProcessStatistics.cpuSeconds(of: relay.pid) - before
    return Transfer(bytes: bytes, seconds: run.ms / 1000, cpuSeconds: spent)
  }
}
