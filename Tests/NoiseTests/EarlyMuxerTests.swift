import Testing
import Wire

@testable import Noise

/// libp2p specs, connections/inlined-muxer-negotiation.md.
@Suite struct EarlyMuxerTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let initiator: [ProtocolName]
    let responder: [ProtocolName]
    let agreed: ProtocolName?
    var testDescription: String { "\(initiator) × \(responder)" }
  }

  @Test(arguments: [
    Row(initiator: [], responder: [], agreed: nil),
    Row(initiator: [yamux], responder: [], agreed: nil),
    Row(initiator: [], responder: [yamux], agreed: nil),
    Row(initiator: [yamux], responder: [yamux], agreed: yamux),
    Row(initiator: [yamux, mplex], responder: [mplex, yamux], agreed: yamux),
    Row(initiator: [mplex, yamux], responder: [yamux, mplex], agreed: mplex),
    Row(initiator: [yamux, mplex], responder: [mplex], agreed: mplex),
    Row(initiator: [mplex], responder: [yamux, mplex], agreed: mplex),
    Row(initiator: [yamux, yamux], responder: [yamux], agreed: yamux),
  ]) func `the first of the initiator's that both support`(row: Row) throws {
    let run = try Run(.initiator(muxers: row.initiator), .responder(muxers: row.responder))
    #expect(run.initiator.muxer == row.agreed)
    #expect(run.responder.muxer == row.agreed)
  }

  @Test func `no overlap fails at the initiator, before it says anything`() throws {
    var (initiator, responder) = (Handshake.initiator(muxers: [yamux]), Handshake.responder(muxers: [mplex]))
    try responder.receive(initiator.sent())
    #expect(throws: NoiseError.noCommonMuxer(initiator: [yamux], responder: [mplex])) {
      try initiator.receive(responder.sent())
    }
    #expect(initiator.sent() == [])
  }

  @Test func `no overlap fails at the responder`() throws {
    var responder = Handshake.responder(muxers: [mplex])
    var initiator = HandshakeState.initiator()
    try responder.receive(initiator.write([]).framed)
    _ = try initiator.read(responder.sent().unframed)
    let payload = HandshakePayload.encode(
      identity: alice, staticKey: initiator.staticPublicKey, muxers: [yamux])
    #expect(throws: NoiseError.noCommonMuxer(initiator: [yamux], responder: [mplex])) {
      try responder.receive(initiator.write(payload).framed)
    }
  }

  @Test func `message 3 names the choice alone, message 2 all there is`() throws {
    var (initiator, responder) = (
      Handshake.initiator(muxers: [yamux, mplex]), Handshake.responder(muxers: [mplex, yamux])
    )
    let first = initiator.sent()
    try responder.receive(first)
    let reply = responder.sent()
    try initiator.receive(reply)
    let final = initiator.sent()

    let line = try initiator.keyLogLine()
    guard case .handshake(let keys) = try KeyLog.Entry(line: line) else {
      Issue.record("\(line) is no handshake line")
      return
    }
    var recording = RecordedHandshake(keys: keys)
    _ = try recording.open(.first, first.unframed)
    #expect(try muxers(recording.open(.reply, reply.unframed)) == [mplex, yamux])
    #expect(try muxers(recording.open(.final, final.unframed)) == [yamux])
  }

  private func muxers(_ contents: RecordedHandshake.Contents) throws -> [ProtocolName] {
    try HandshakePayload(decoding: contents.payload, staticKey: #require(contents.staticKey)).muxers
  }
}
