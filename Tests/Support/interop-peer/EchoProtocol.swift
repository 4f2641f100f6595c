import CSodium
import Meshwork
import NIOCore

/// `/meshwork/test/echo/1`: everything comes back until the client finishes; then the server finishes too.
enum EchoProtocol {
  static let name = "/meshwork/test/echo/1"

  static func serve(_ stream: MeshStream) async {
    do {
      while let bytes = try await stream.read() { try await stream.write(bytes) }
      stream.finish()
    } catch {
      stream.reset()
    }
  }

  /// Opens all the streams and writes to each before the first answer is read; returns how many came back
  /// unchanged.
  static func run(_ node: MeshNode, _ peer: PeerID, streams count: Int, bytes: Int) async throws -> Int {
    var open: [(reader: StreamReader, sent: ByteBuffer)] = []
    for _ in 0..<count {
      let stream = try await node.openStream(to: peer, protocols: [name])
      open.append((StreamReader(stream), randomBytes(bytes)))
    }
    for (reader, sent) in open { try await reader.stream.write(sent) }
    var unchanged = 0
    for index in open.indices {
      if try await open[index].reader.read(exactly: bytes) == open[index].sent { unchanged += 1 }
      open[index].reader.stream.finish()
    }
    return unchanged
  }

  private static func randomBytes(_ count: Int) -> ByteBuffer {
    var bytes = ByteBuffer(repeating: 0, count: count)
    bytes.withUnsafeMutableReadableBytes { bytes in
      if let start = bytes.baseAddress { randombytes_buf(start, bytes.count) }
    }
    return bytes
  }
}
