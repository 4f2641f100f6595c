import Meshwork
import NIOCore

/// `/meshwork/test/transfer/1`: counted bytes up, their SHA-256 back, counted bytes down.
///
/// The client sends three big-endian 64-bit numbers, up, down and seed, then `up` bytes of the ``Keystream``
/// of the seed. The server answers with the 32-byte SHA-256 of what it got, then `down` bytes of the stream
/// of seed + 1. Everything is counted, so neither side waits for the other to finish.
enum TransferProtocol {
  static let name = "/meshwork/test/transfer/1"

  struct Sums {
    let sent: String
    let remote: String
    let received: String
  }

  static func serve(_ stream: MeshStream) async {
    do {
      var reader = StreamReader(stream)
      var header = try await reader.read(exactly: 24)
      guard let (up, down, seed) = header.readMultipleIntegers(as: (UInt64, UInt64, UInt64).self) else {
        return
      }
      try await stream.write(ByteBuffer(bytes: reader.digest(of: up)))
      _ = try await send(down, seed: seed &+ 1, on: stream)
      stream.finish()
    } catch {
      stream.reset()
    }
  }

  static func run(_ stream: MeshStream, up: UInt64, down: UInt64, seed: UInt64) async throws -> Sums {
    var reader = StreamReader(stream)
    var header = ByteBuffer()
    header.writeMultipleIntegers(up, down, seed)
    try await stream.write(header)
    let sent = try await send(up, seed: seed, on: stream)
    let remote = try await reader.read(exactly: 32)
    let received = try await reader.digest(of: down)
    stream.finish()
    return Sums(sent: sent.hex, remote: remote.readableBytesView.hex, received: received.hex)
  }

  /// Sends the first bytes of the stream of `seed`; returns their SHA-256.
  private static func send(_ count: UInt64, seed: UInt64, on stream: MeshStream) async throws -> [UInt8] {
    var keystream = Keystream(seed: seed)
    var sum = SHA256()
    var left = count
    while left > 0 {
      let block = keystream.next(Int(min(left, UInt64(Keystream.blockBytes))))
      sum.update(block)
      try await stream.write(block)
      left -= UInt64(block.readableBytes)
    }
    return sum.finish()
  }
}

extension Collection<UInt8> {
  var hex: String {
    let digits = Array("0123456789abcdef")
    return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
