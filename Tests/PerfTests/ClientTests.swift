// The measuring side.

import NIOCore
import Perf
import SansIO
import Testing

@Suite struct ClientTests {
  // /perf/1.0.0

  @Test func `the standard form sends the download size, the upload, and half-closes`() throws {
    var client = Client(form: .standard, upload: 3, download: 5, at: ms(0))
    #expect(!client.outboundFinished)
    #expect(client.sends(at: ms(1)) == u64(5) + zeros(3))
    #expect(client.outboundFinished)
    try client.expect(nil)
    client.receives(zeros(2), at: ms(20))
    try client.expect(nil)
    client.receives(zeros(3), at: ms(50))
    try client.expect(.finished(report(3, 5, upMs: 20, downMs: 30)))
    client.remoteFinished(at: ms(51))
    try client.expect(nil)
    #expect(client.deadline == nil && client.outboundFinished)
  }

  @Test func `an empty download ends with the server's half-close`() throws {
    var client = Client(form: .standard, upload: 10, download: 0, at: ms(0))
    _ = client.sends(at: ms(0))
    client.remoteFinished(at: ms(30))
    try client.expect(.finished(report(10, 0, upMs: 30, downMs: 0)))
  }

  @Test func `the standard form with nothing to do`() throws {
    var client = Client(form: .standard, upload: 0, download: 0, at: ms(0))
    #expect(client.sends(at: ms(0)) == u64(0))
    client.remoteFinished(at: ms(7))
    try client.expect(.finished(report(0, 0, upMs: 7, downMs: 0)))
  }

  // /gopeer/bench/1

  @Test func `the counted form declares both sizes and half-closes only when all is done`() throws {
    var client = Client(form: .counted, upload: 3, download: 5, at: ms(0))
    #expect(client.sends(at: ms(1)) == u64(3, 5) + zeros(3))
    #expect(!client.outboundFinished)
    client.receives(acknowledgement, at: ms(20))
    #expect(!client.outboundFinished)
    client.receives(zeros(5), at: ms(50))
    try client.expect(.finished(report(3, 5, upMs: 20, downMs: 30)))
    #expect(client.outboundFinished)
  }

  @Test func `the acknowledgement and the download in one piece`() throws {
    var client = Client(form: .counted, upload: 0, download: 4, at: ms(0))
    _ = client.sends(at: ms(0))
    client.receives(acknowledgement + zeros(4), at: ms(9))
    try client.expect(.finished(report(0, 4, upMs: 9, downMs: 0)))
  }

  @Test func `the acknowledgement ends an empty download`() throws {
    var client = Client(form: .counted, upload: 8, download: 0, at: ms(0))
    _ = client.sends(at: ms(0))
    client.receives(acknowledgement, at: ms(9))
    try client.expect(.finished(report(8, 0, upMs: 9, downMs: 0)))
  }

  // Chunks.

  @Test func `chunks keep to the size asked for, the request too`() {
    for maxBytes in 1...20 {
      var client = Client(form: .counted, upload: 30, download: 2, at: ms(0))
      #expect(client.sends(maxBytes: maxBytes, at: ms(0)) == u64(30, 2) + zeros(30))
    }
    var client = Client(form: .standard, upload: 30, download: 2, at: ms(0))
    #expect(client.nextChunk(maxBytes: 0, at: ms(0)) == nil)
    #expect(client.nextChunk(maxBytes: -1, at: ms(0)) == nil)
  }

  @Test func `bulk chunks share one storage`() {
    var client = Client(form: .standard, upload: 1 << 30, download: 0, at: ms(0))
    _ = client.nextChunk(maxBytes: .max, at: ms(0))
    var addresses: Set<UnsafeRawPointer?> = []
    for _ in 0..<100 {
      let chunk = client.nextChunk(maxBytes: .max, at: ms(0))
      #expect(chunk?.readableBytes == 65_536)
      chunk?.withUnsafeReadableBytes { _ = addresses.insert($0.baseAddress) }
    }
    #expect(addresses.count == 1)
  }

  @Test func `the largest sizes there are`() throws {
    for form in [Form.standard, .counted] {
      var client = Client(form: form, upload: .max, download: .max, at: ms(0), progressInterval: .seconds(1))
      for _ in 0..<10 { _ = client.nextChunk(maxBytes: .max, at: ms(0)) }
      client.advance(to: ms(1000))
      try client.expect(
        .progress(uploadedBytes: 9 * 65_536, downloadedBytes: 0, elapsed: .milliseconds(1000)))
    }
    var client = Client(form: .standard, upload: 0, download: .max, at: ms(0))
    _ = client.sends(at: ms(0))
    client.receives(zeros(1 << 20), at: ms(5))
    try client.expect(nil)
    client.remoteFinished(at: ms(6))
    try client.expectFailure(.endedEarly)
  }

  // Progress and time.

  @Test func `progress is told once an interval`() throws {
    var client = Client(form: .standard, upload: 10, download: 100, at: ms(0), progressInterval: .seconds(1))
    #expect(client.deadline == ms(1000))
    _ = client.sends(at: ms(10))
    client.receives(zeros(40), at: ms(900))
    client.advance(to: ms(999))
    try client.expect(nil)
    client.advance(to: ms(1003))
    try client.expect(.progress(uploadedBytes: 10, downloadedBytes: 40, elapsed: .milliseconds(1003)))
    try client.expect(nil)
    #expect(client.deadline == ms(2003))
  }

  @Test func `a run that stands still is broken off`() throws {
    var client = Client(
      form: .counted, upload: 1, download: 1, at: ms(0), progressInterval: .seconds(100),
      stallTimeout: .seconds(9))
    #expect(client.deadline == ms(9000))
    _ = client.sends(at: ms(5000))
    #expect(client.deadline == ms(14_000))
    client.advance(to: ms(13_999))
    try client.expect(nil)
    client.advance(to: ms(14_000))
    try client.expectFailure(.stalled)
    client.receives(acknowledgement, at: ms(15_000))
    try client.expect(nil)
  }

  // Violations.

  @Test(arguments: [Form.standard, .counted])
  func `an answer before the upload is out`(form: Form) throws {
    var client = Client(form: form, upload: 100_000, download: 10, at: ms(0))
    _ = client.nextChunk(maxBytes: .max, at: ms(0))
    _ = client.nextChunk(maxBytes: .max, at: ms(0))
    client.receives(acknowledgement, at: ms(1))
    try client.expectFailure(.unexpectedBytes)
  }

  @Test func `an acknowledgement that is none`() throws {
    var client = Client(form: .counted, upload: 0, download: 10, at: ms(0))
    _ = client.sends(at: ms(0))
    client.receives(zeros(1), at: ms(1))
    try client.expectFailure(.wrongAcknowledgement)
  }

  @Test func `more than was asked for, at once or later`() throws {
    var atOnce = Client(form: .standard, upload: 0, download: 4, at: ms(0))
    _ = atOnce.sends(at: ms(0))
    atOnce.receives(zeros(5), at: ms(1))
    try atOnce.expectFailure(.surplusBytes)

    var later = Client(form: .counted, upload: 0, download: 4, at: ms(0))
    _ = later.sends(at: ms(0))
    later.receives(acknowledgement + zeros(4), at: ms(1))
    try later.expect(.finished(report(0, 4, upMs: 1, downMs: 0)))
    later.receives(zeros(1), at: ms(2))
    try later.expectFailure(.surplusBytes)
  }

  @Test(arguments: [Form.standard, .counted])
  func `a server that ends early, in every phase`(form: Form) throws {
    var uploading = Client(form: form, upload: 10, download: 10, at: ms(0))
    uploading.remoteFinished(at: ms(1))
    try uploading.expectFailure(.endedEarly)

    var waiting = Client(form: form, upload: 10, download: 10, at: ms(0))
    _ = waiting.sends(at: ms(0))
    waiting.remoteFinished(at: ms(1))
    try waiting.expectFailure(.endedEarly)

    var downloading = Client(form: form, upload: 10, download: 10, at: ms(0))
    _ = downloading.sends(at: ms(0))
    downloading.receives(acknowledgement, at: ms(1))
    downloading.remoteFinished(at: ms(1))
    try downloading.expectFailure(.endedEarly)
  }
}

func + (left: ByteBuffer, right: ByteBuffer) -> ByteBuffer {
  var sum = left
  sum.writeImmutableBuffer(right)
  return sum
}
