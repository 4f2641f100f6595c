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
    let client = try Child(
      executable,
      [
        "perf", server.address, "--upload", "\(direction.upload(bytes))", "--download",
        "\(direction.download(bytes))",
        "--json",
      ])
    let answer = try client.readLine()
    let clientSeconds = try client.finish()
    let serverSeconds = try ProcessStatistics.cpuSeconds(of: server.child.pid) - before
    guard let run = try? JSONDecoder().decode(Answer.self, from: Data(answer.utf8))[direction],
      run.bytes == bytes
    else { throw BenchError("meshnode perf answered \(answer)") }
    return Transfer(bytes: bytes, seconds: run.ms / 1000, cpuSeconds: clientSeconds + serverSeconds)
  }

  private struct Answer: Decodable {
    let upload, download: Run
    struct Run: Decodable {
      let bytes: Int
      let ms: Double
    }

    subscript(direction: Direction) -> Run { direction == .upload ? upload : download }
  }
}

/// A `meshnode run` that has said it is ready.
struct RunningNode {
  let child: Child
  /// With the peer's id.
  let address: String

  init(_ executable: String, data: String, _ flags: [String] = []) throws {
    child = try Child(
      executable,
      [
        "run", "--data", data, "--listen", "/ip4/127.0.0.1/tcp/0", "--no-mdns", "--api", "stdio",
        "--log-level", "error",
      ]
        + flags, isQuiet: true)
    let decoder = JSONDecoder()
    while true {
      let line = try child.readLine(within: 10)
      guard let event = try? decoder.decode(Event.self, from: Data(line.utf8)).params, event.type == "ready",
        let peer = event.peerId, let address = event.listenAddrs?.first
      else { continue }
      self.address = address.contains("/p2p/") ? address : "\(address)/p2p/\(peer)"
      return
    }
  }

  private struct Event: Decodable {
    let params: Parameters
    struct Parameters: Decodable {
      let type: String
      let peerId: String?
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
