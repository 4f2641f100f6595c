// Client and server against each other over seeds, with windows and splits at random; and against noise.

import NIOCore
import Perf
import SansIO
import Testing

@Suite struct PairTests {
  @Test(arguments: 0..<100 as Range<UInt64>)
  func `both ends count the same bytes`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let form = Bool.random(using: &generator) ? Form.standard : .counted
    let upload = UInt64.random(in: 0...300_000, using: &generator)
    let download = UInt64.random(in: 0...300_000, using: &generator)
    var now = ms(0)
    var client = Client(form: form, upload: upload, download: download, at: now)
    var server = Server(form: form, at: now)
    var up = ByteBuffer()
    var down = ByteBuffer()
    var (clientReport, serverReport): (Report?, Report?)
    var (clientFinished, serverFinished) = (false, false)

    while clientReport == nil || serverReport == nil {
      now += generator.duration(upTo: .milliseconds(5))
      let window = Int.random(in: 1...100_000, using: &generator)
      if let chunk = client.nextChunk(maxBytes: window, at: now) { up.writeImmutableBuffer(chunk) }
      if let chunk = server.nextChunk(maxBytes: window, at: now) { down.writeImmutableBuffer(chunk) }
      server.receives(Self.some(&up, &generator), at: now)
      client.receives(Self.some(&down, &generator), at: now)
      if client.outboundFinished, up.readableBytes == 0, !clientFinished {
        clientFinished = true
        server.remoteFinished(at: now)
      }
      if server.outboundFinished, down.readableBytes == 0, !serverFinished {
        serverFinished = true
        client.remoteFinished(at: now)
      }
      client.advance(to: now)
      while let event = try client.nextEvent() {
        if case .finished(let report) = event { clientReport = report }
      }
      if case .served(let report) = try server.nextEvent() { serverReport = report }
    }
    for report in [clientReport, serverReport] {
      #expect(report?.uploadedBytes == upload && report?.downloadedBytes == download)
      #expect((report?.uploadElapsed ?? .zero) >= .zero && (report?.downloadElapsed ?? .zero) >= .zero)
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `random bytes, ends and times never trap`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let form = Bool.random(using: &generator) ? Form.standard : .counted
    let size =
      UInt64.random(in: .min ... .max, using: &generator) >> UInt64.random(in: 0...63, using: &generator)
    var client = Client(form: form, upload: size, download: .max - size, at: .zero)
    var server = Server(form: form, at: .zero)
    for _ in 0..<60 {
      let now = Instant(nanoseconds: .random(in: .min ... .max, using: &generator))
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: client.remoteFinished(at: now)
      case 1: server.remoteFinished(at: now)
      case 2: client.advance(to: now)
      case 3: server.advance(to: now)
      default:
        let noise = ByteBuffer(bytes: generator.bytes(Int.random(in: 0...40, using: &generator)))
        if Bool.random(using: &generator) { client.receives(noise, at: now) }
        server.receives(noise, at: now)
      }
      _ = client.nextChunk(maxBytes: Int.random(in: .min ... .max, using: &generator), at: now)
      _ = server.nextChunk(maxBytes: Int.random(in: .min ... .max, using: &generator), at: now)
      _ = try? client.nextEvent()
      _ = try? server.nextEvent()
    }
  }

  static func some(_ wire: inout ByteBuffer, _ generator: inout SeededGenerator) -> ByteBuffer {
    wire.readSlice(length: Int.random(in: 0...wire.readableBytes, using: &generator)) ?? ByteBuffer()
  }
}
