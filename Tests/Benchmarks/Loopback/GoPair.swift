import Foundation

/// Two go-libp2p daemons, driven through their control sockets by `Peers/go_pair.py`.
final class GoPair: TransferPair {
  private let driver: Child
  /// Of a daemon that has just started.
  let idleResidentBytes: Double

  init(python: String, daemon: String) throws {
    driver = try Child(
      python, ["Tests/Benchmarks/Peers/go_pair.py", daemon], environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    let ready = try driver.readLine()
    guard let found = try? JSONDecoder().decode(Ready.self, from: Data(ready.utf8)) else {
      throw BenchError("the Go pair's driver says \(ready)")
    }
    idleResidentBytes = found.idleResidentBytes
  }

  deinit { driver.stop() }

  func transfer(_ bytes: Int, _ direction: Direction) throws -> Transfer {
    try driver.writeLine("\(direction.upload(bytes)) \(direction.download(bytes))")
    let line = try driver.readLine()
    guard let run = try? JSONDecoder().decode(Run.self, from: Data(line.utf8)) else {
      throw BenchError("the Go pair's driver says \(line)")
    }
    return Transfer(bytes: bytes, seconds: run.seconds, cpuSeconds: run.cpuSeconds)
  }

  private struct Ready: Decodable {
    let idleResidentBytes: Double
  }

  private struct Run: Decodable {
    let seconds, cpuSeconds: Double
  }
}
