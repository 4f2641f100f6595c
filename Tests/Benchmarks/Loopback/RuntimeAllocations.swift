import Connection
import Logging
import MallocCount
import Meshwork

/// What a whole node allocates for a frame: sockets, event loop and all. Two nodes of this process, over
/// loopback.
///
/// How many reads and writes the bytes take is up to the kernel, so the figure moves a little from run to
/// run.
enum RuntimeAllocations {
  static func figures(_ effort: Effort) async throws -> [Figure] {
    guard malloc_count_is_available() else { throw BenchError("allocations are counted on glibc only") }
    let server = try await node { $0.serveBench = true }
    let client = try await node { _ in }
    guard let address = await server.info().listenAddresses.first else { throw BenchError("nobody listens") }
    let peer = try await client.connect(to: address).peerID
    let bytes = UInt64(effort.bytes(512 << 20))
    _ = try await client.perf(peer, upload: bytes / 8, download: bytes / 8)
    let before = malloc_count()
    _ = try await client.perf(peer, upload: bytes / 2, download: bytes / 2)
    let allocations = Double(malloc_count() - before)
    await client.shutdown()
    await server.shutdown()
    let frames = Double(bytes) / Double(Connection.Configuration().noiseFrameBytes)
    return [
      Figure(
        name: "two nodes over loopback, both ends", measured: allocations / frames, unit: "allocations/frame")
    ]
  }

  private static func node(_ configure: (inout Configuration) -> Void) async throws -> MeshNode {
    var configuration = Configuration(identity: .ephemeral())
    configuration.listen = [.tcp(.v4(.loopback), port: 0)]
    configuration.mdns = false
    configure(&configuration)
    let node = MeshNode(configuration, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
    try await node.start()
    return node
  }
}
