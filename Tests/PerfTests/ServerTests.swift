// The serving side.

import NIOCore
import Perf
import SansIO
import Testing

@Suite struct ServerTests {
  @Test func `the standard form answers the half-close, never before it`() throws {
    var server = Server(form: .standard, at: ms(0))
    server.receives(u64(5), at: ms(10))
    server.receives(zeros(3), at: ms(20))
    #expect(server.nextChunk(maxBytes: 100, at: ms(21)) == nil)
    server.remoteFinished(at: ms(30))
    #expect(!server.outboundFinished)
    #expect(server.sends(at: ms(45)) == zeros(5))
    #expect(server.outboundFinished)
    try server.expect(.served(report(3, 5, upMs: 20, downMs: 15)))
    try server.expect(nil)
  }

  @Test func `an empty download is a half-close`() throws {
    var server = Server(form: .standard, at: ms(0))
    server.receives(u64(0) + zeros(9), at: ms(10))
    server.remoteFinished(at: ms(12))
    #expect(server.outboundFinished)
    try server.expect(.served(report(9, 0, upMs: 2, downMs: 0)))
  }

  @Test func `the counted form acknowledges the last byte`() throws {
    var server = Server(form: .counted, at: ms(0))
    server.receives(u64(3, 5) + zeros(2), at: ms(10))
    #expect(server.nextChunk(maxBytes: 100, at: ms(11)) == nil)
    server.receives(zeros(1), at: ms(20))
    #expect(server.sends(at: ms(25)) == acknowledgement + zeros(5))
    #expect(!server.outboundFinished)
    try server.expect(.served(report(3, 5, upMs: 10, downMs: 5)))
  }

  @Test func `counted runs follow each other until the client finishes`() throws {
    var server = Server(form: .counted, at: ms(0))
    for run in 1...5 as ClosedRange<Int64> {
      server.receives(u64(UInt64(run), 2) + zeros(Int(run)), at: ms(run * 100))
      #expect(server.sends(at: ms(run * 100)) == acknowledgement + zeros(2))
      try server.expect(.served(report(UInt64(run), 2, upMs: 0, downMs: 0)))
    }
    server.remoteFinished(at: ms(1000))
    #expect(server.outboundFinished && server.deadline == nil)
    try server.expect(nil)
  }

  @Test func `empty counted runs still get their acknowledgement`() throws {
    var server = Server(form: .counted, at: ms(0))
    server.receives(u64(0, 0), at: ms(1))
    #expect(server.sends(at: ms(1)) == acknowledgement)
    try server.expect(.served(report(0, 0, upMs: 0, downMs: 0)))
  }

  @Test func `a request split at every boundary`() throws {
    let counted = u64(2, 3) + zeros(2)
    for cut in 0...counted.readableBytes {
      var server = Server(form: .counted, at: ms(0))
      server.receives(counted.getSlice(at: 0, length: cut) ?? zeros(0), at: ms(1))
      let second = counted.getSlice(at: cut, length: counted.readableBytes - cut) ?? zeros(0)
      server.receives(second, at: ms(2))
      #expect(server.sends(at: ms(2)) == acknowledgement + zeros(3), "cut at \(cut)")
    }
    for cut in 0...8 {
      var server = Server(form: .standard, at: ms(0))
      server.receives(u64(3).getSlice(at: 0, length: cut) ?? zeros(0), at: ms(1))
      server.receives(u64(3).getSlice(at: cut, length: 8 - cut) ?? zeros(0), at: ms(1))
      server.remoteFinished(at: ms(2))
      #expect(server.sends(maxBytes: 1, at: ms(2)) == zeros(3), "cut at \(cut)")
    }
  }

  // Limits.

  @Test func `sizes up to u64 max are served when nothing limits them`() throws {
    for form in [Form.standard, .counted] {
      var server = Server(form: form, at: ms(0))
      server.receives(form == .counted ? u64(0, .max) : u64(.max), at: ms(0))
      if form == .standard { server.remoteFinished(at: ms(0)) }
      for _ in 0..<100 { #expect(server.nextChunk(maxBytes: .max, at: ms(0)) != nil) }
      #expect(!server.outboundFinished)
      try server.expect(nil)
    }
    var huge = Server(form: .counted, at: ms(0))
    huge.receives(u64(.max, .max) + zeros(1 << 20), at: ms(0))
    #expect(huge.nextChunk(maxBytes: 1, at: ms(0)) == nil)
    try huge.expect(nil)
  }

  @Test func `limits are met exactly, and one byte more is refused`() throws {
    let limits = Server.Limits(uploadBytesMax: 100, downloadBytesMax: 200)

    var within = Server(form: .counted, limits: limits, at: ms(0))
    within.receives(u64(100, 200) + zeros(100), at: ms(0))
    #expect(within.sends(at: ms(0)).readableBytes == 201)

    var upload = Server(form: .counted, limits: limits, at: ms(0))
    upload.receives(u64(101, 200), at: ms(0))
    try upload.expectFailure(.requestTooLarge)

    var download = Server(form: .standard, limits: limits, at: ms(0))
    download.receives(u64(201), at: ms(0))
    try download.expectFailure(.requestTooLarge)

    var undeclared = Server(form: .standard, limits: limits, at: ms(0))
    undeclared.receives(u64(0) + zeros(100), at: ms(0))
    try undeclared.expect(nil)
    undeclared.receives(zeros(1), at: ms(0))
    try undeclared.expectFailure(.requestTooLarge)
    #expect(PerfError.requestTooLarge.fault == .limit)
  }

  @Test func `a stream that stands still is dropped, and a request that trickles too`() throws {
    let limits = Server.Limits(stallTimeout: .seconds(10))
    var server = Server(form: .counted, limits: limits, at: ms(0))
    #expect(server.deadline == ms(10_000))
    server.receives(zeros(1), at: ms(9000))
    #expect(server.deadline == ms(10_000))
    server.receives(zeros(15), at: ms(9500))
    #expect(server.deadline == ms(19_500))
    server.advance(to: ms(19_499))
    try server.expect(nil)
    server.advance(to: ms(19_500))
    try server.expectFailure(.stalled)
  }

  // Violations.

  @Test func `bytes after the upload`() throws {
    var server = Server(form: .counted, at: ms(0))
    server.receives(u64(1, 9) + zeros(2), at: ms(0))
    try server.expectFailure(.unexpectedBytes)
  }

  @Test func `a stream that ends inside a request or an upload`() throws {
    for count in 0..<8 {
      var server = Server(form: .standard, at: ms(0))
      server.receives(zeros(count), at: ms(0))
      server.remoteFinished(at: ms(0))
      try server.expectFailure(.endedEarly)
    }
    for count in 1..<20 {
      var server = Server(form: .counted, at: ms(0))
      server.receives((u64(10, 0) + zeros(4)).getSlice(at: 0, length: count) ?? zeros(0), at: ms(0))
      server.remoteFinished(at: ms(0))
      try server.expectFailure(.endedEarly)
    }
  }

  @Test func `a counted client may half-close while it downloads`() throws {
    var server = Server(form: .counted, at: ms(0))
    server.receives(u64(0, 4), at: ms(0))
    server.remoteFinished(at: ms(0))
    #expect(server.sends(at: ms(0)) == acknowledgement + zeros(4))
    #expect(server.outboundFinished)
  }
}
