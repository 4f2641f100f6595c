import Foundation

/// `meshnode run` and `meshnode perf`, as a person would run them.
final class MeshnodePair: TransferPair {
  private let executable: String
  private let server: RunningNode
  private let data = TemporaryFolder()

  init(executable: String) throws {
    self.executable = executable
    server = try RunningNode(executable, data: "\(data.path)/server", ["--serve-bench"])
  }

  deinit { server.child.stop() }

  func transfer(_ bytes: Int, _ direction: Direction) throws -> Transfer {
    let before = try ProcessStatistics.cpuSeconds(of: server.child.pid)
    let (run, clientSeconds) = try Self.perf(executable, server.address, bytes, direction)
    let serverSeconds = try ProcessStatistics.cpuSeconds(of: server.child.pid) - before
    return Transfer(bytes: bytes, seconds: run.ms / 1000, cpuSeconds: clientSeconds + serverSeconds)
  }

  /// `meshnode perf`, and the processor time that it took.
  static func perf(
    _ executable: String, _ address: String, _ bytes: Int, _ direction: Direction
  ) throws -> (run: Run, cpuSeconds: Double) {
    let client = try Child(
      executable,
      [
        "perf", address, "--upload", "\(direction.upload(bytes))", "--download",
        "\(direction.download(bytes))", "--json",
      ])
    let answer = try client.readLine()
    let seconds = try client.finish()
    guard let run = try? JSONDecoder().decode(Answer.self, from: Data(answer.utf8))[direction],
      run.bytes == bytes
    else { throw BenchError("meshnode perf answered \(answer)") }
    return (run, seconds)
  }

  struct Run: Decodable {
    let bytes: Int
    let ms: Double
  }

  private struct Answer: Decodable {
    let upload, download: Run

    subscript(direction: Direction) -> Run { direction == .upload ? upload : download }
  }
}

/// A `meshnode run` that has said it is ready.
struct RunningNode {
  let child: Child
  let peer: String
  /// With the peer's id.
  let address: String

  /// - Parameter isRelay: whether the executable is `meshrelay`.
  init(_ executable: String, data: String, _ flags: [String] = [], isRelay: Bool = false) throws {
    child = try Child(
      executable,
      [
        "run", "--data", data, "--listen", "/ip4/127.0.0.1/tcp/0", "--api", "stdio", "--log-level", "error",
      ]
        + (isRelay ? [] : ["--no-mdns"]) + flags, isQuiet: true)
    let decoder = JSONDecoder()
    while true {
      let line = try child.readLine(within: 10)
      guard let event = try? decoder.decode(Event.self, from: Data(line.utf8)).params, event.type == "ready",
        let peer = event.peerId, let address = event.listenAddrs?.first
      else { continue }
      self.peer = peer
      self.address = address.contains("/p2p/") ? address : "\(address)/p2p/\(peer)"
      return
    }
  }

  /// Waits until it is reachable through the relay it was given.
  func awaitReservation() throws {
    while true {
      let line = Data(try child.readLine(within: 30).utf8)
      guard let event = try? JSONDecoder().decode(Event.self, from: line).params else { continue }
      if event.type == "reservation", event.state == "accepted" { return }
    }
  }

  private struct Event: Decodable {
    let params: Parameters
    struct Parameters: Decodable {
      let type: String
      let peerId: String?
      let state: String?
      let listenAddrs: [String]?
    }
  }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "meshwork-bench-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
