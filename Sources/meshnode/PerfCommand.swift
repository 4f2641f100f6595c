import ArgumentParser
import Meshwork
import MeshworkControl

struct PerfCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perf", abstract: "Measure throughput to a peer that serves /perf/1.0.0.",
    discussion: """
      Sizes are bytes, or have a unit: 100M, 1GiB. Without any, 100M go up and 100M come down; with one \
      of the two, only that one. A meshnode serves this with --serve-bench.
      """)

  @OptionGroup var flags: DialFlags

  @Option(help: .init("Send so much.", valueName: "bytes"), transform: Self.size)
  var upload: ByteCount?

  @Option(help: .init("Receive so much.", valueName: "bytes"), transform: Self.size)
  var download: ByteCount?

  private static let usualBytes: UInt64 = 100_000_000

  func run() async throws {
    let isUsual = upload == nil && download == nil
    let up = upload?.bytes ?? (isUsual ? Self.usualBytes : 0)
    let down = download?.bytes ?? (isUsual ? Self.usualBytes : 0)
    try await flags.withConnection { node, connection in
      let result = try await node.perf(connection.peerID, upload: up, download: down)
      if flags.json {
        print(object(connection, result))
        return
      }
      print("\(connection.peerID) at \(connection.address), \(result.protocolName)")
      if up > 0 { print(line("upload", result.uploadedBytes, result.upload)) }
      if down > 0 { print(line("download", result.downloadedBytes, result.download)) }
    }
  }

  private static func size(_ text: String) throws -> ByteCount {
    guard let size = ByteCount(text) else {
      throw ValidationError(
        "\"\(text)\" is not a size; write bytes, like 1000000, or with a unit, like 100M or 1GiB")
    }
    return size
  }

  private func line(_ name: String, _ bytes: UInt64, _ duration: Duration) -> String {
    let speed =
      bytesPerSecond(bytes, duration).map { "\(($0 / 1e5).rounded() / 10) MB/s" } ?? "too fast to tell"
    return "\(name): \(bytes) bytes in \(duration.shown), \(speed)"
  }

  private func object(_ connection: ConnectionInfo, _ result: PerfResult) -> JSONValue {
    func direction(_ bytes: UInt64, _ duration: Duration) -> JSONValue {
      [
        "bytes": .integer(Int64(clamping: bytes)), "ms": .number(duration.milliseconds),
        "bytesPerSecond": bytesPerSecond(bytes, duration).map { .number($0.rounded()) } ?? .null,
      ]
    }
    return [
      "peerId": .string(connection.peerID.description),
      "addr": .string(connection.address.description),
      "protocol": .string(result.protocolName),
      "connectMs": .number(connection.elapsed.milliseconds),
      "upload": direction(result.uploadedBytes, result.upload),
      "download": direction(result.downloadedBytes, result.download),
    ]
  }

  private func bytesPerSecond(_ bytes: UInt64, _ duration: Duration) -> Double? {
    let seconds = duration / .seconds(1)
    return bytes > 0 && seconds > 0 ? Double(bytes) / seconds : nil
  }
}
