import Identity
import NIOCore
import Testing
import Wire

@testable import Noise

@Suite struct KeyLogTests {
  @Test func `lines come with their keys, and both sides write the same`() throws {
    var (initiator, responder) = (Handshake.initiator(), Handshake.responder())
    #expect(initiator.keyLogLines() == [])
    try responder.receive(initiator.sent())
    #expect(responder.keyLogLines() == [])
    try initiator.receive(responder.sent())
    let lines = initiator.keyLogLines()  // before message 3 is drained
    #expect(lines.count == 2)
    #expect(initiator.keyLogLines() == [])
    try responder.receive(initiator.sent())
    #expect(responder.keyLogLines() == lines)
  }

  @Test func `the form of the lines`() throws {
    var (initiator, responder) = (Handshake.initiator(), Handshake.responder())
    let first = initiator.sent()
    try responder.receive(first)
    try initiator.receive(responder.sent())
    let lines = initiator.keyLogLines().map { $0.split(separator: " ") }
    #expect(lines.map(\.count) == [5, 4])
    #expect(lines.map { $0[0] } == ["NOISE_XX_HANDSHAKE", "NOISE_XX_TRANSPORT"])
    for words in lines {
      #expect(hex(String(words[1])) == first.unframed)
      #expect(words.dropFirst().allSatisfy { $0.count == 64 && $0 == $0.lowercased() })
    }
  }

  @Test func `a recorded conversation can be read`() throws {
    var (initiator, responder) = (Handshake.initiator(muxers: [yamux]), Handshake.responder(muxers: [yamux]))
    let first = initiator.sent()
    try responder.receive(first)
    let reply = responder.sent()
    try initiator.receive(reply)
    let final = initiator.sent()
    try responder.receive(final)
    var here = try initiator.outcome().session
    var there = try responder.outcome().session
    let question = try here.sealed([1, 2, 3], [4]) + here.sealed([5])
    let answer = try there.sealed([6, 7])

    let entries = try responder.keyLogLines().map { try KeyLog.Entry(line: $0 + "\n") }
    guard entries.count == 2, case .handshake(let handshake) = entries[0],
      case .transport(let transport) = entries[1]
    else {
      Issue.record("unexpected entries: \(entries)")
      return
    }
    var recording = RecordedHandshake(keys: handshake)
    #expect(try recording.open(.first, first.unframed).ephemeral == transport.ephemeral)
    let introduction = try recording.open(.reply, reply.unframed)
    let remote = try HandshakePayload(
      decoding: introduction.payload, staticKey: try #require(introduction.staticKey))
    #expect(remote.identityKey == bob.publicKey && remote.muxers == [yamux])
    let confirmation = try recording.open(.final, final.unframed)
    #expect(
      try HandshakePayload(decoding: confirmation.payload, staticKey: try #require(confirmation.staticKey))
        .identityKey == alice.publicKey)

    #expect(
      try read(question, FrameOpener(transport.ciphers.initiatorToResponder)) == [[1, 2, 3], [4], [5]])
    #expect(try read(answer, FrameOpener(transport.ciphers.responderToInitiator)) == [[6, 7]])
    var cipher = CipherState(key: transport.responderToInitiator)
    #expect(try cipher.open(answer.unframed) == [6, 7])
  }

  private func read(_ bytes: [UInt8], _ opener: FrameOpener) throws -> [[UInt8]] {
    var opener = opener
    try opener.receive(ByteBuffer(bytes: bytes))
    var plaintexts: [[UInt8]] = []
    while let plaintext = opener.nextPlaintext() { plaintexts.append(plaintext.allBytes) }
    return plaintexts
  }

  @Test func `the wrong keys read nothing`() throws {
    let run = try Run()
    var (initiator, responder) = (Handshake.initiator(), Handshake.responder())
    try responder.receive(initiator.sent())
    try initiator.receive(responder.sent())
    let line = try initiator.keyLogLine()
    let swapped = line.split(separator: " ")
    let wrong = [swapped[0], swapped[1], swapped[3], swapped[2], swapped[4]].joined(separator: " ")
    guard case .handshake(let keys) = try KeyLog.Entry(line: wrong) else { return }
    var recording = RecordedHandshake(keys: keys)
    _ = try recording.open(.first, run.messages[0].unframed)
    #expect(throws: NoiseError.handshakeNotAuthentic(.reply)) {
      try recording.open(.reply, run.messages[1].unframed)
    }
    #expect(throws: NoiseError.messageTooShort(.final, bytes: 3)) { try recording.open(.final, [1, 2, 3]) }
  }

  @Test func `a refused reply can still be read`() throws {
    var (initiator, responder) = (Handshake.initiator(expecting: bob.peerID), Handshake.responder(mallory))
    let first = initiator.sent()
    try responder.receive(first)
    let reply = responder.sent()
    #expect(throws: NoiseError.self) { try initiator.receive(reply) }
    let lines = initiator.keyLogLines()
    #expect(lines.count == 1)
    guard case .handshake(let keys) = try KeyLog.Entry(line: try #require(lines.first)) else { return }
    var recording = RecordedHandshake(keys: keys)
    _ = try recording.open(.first, first.unframed)
    let contents = try recording.open(.reply, reply.unframed)
    let payload = try HandshakePayload(
      decoding: contents.payload, staticKey: try #require(contents.staticKey))
    #expect(payload.identityKey == mallory.publicKey)
  }

  private static let value = String(repeating: "0aF9", count: 16)
  private static let transport = "NOISE_XX_TRANSPORT \(value) \(value) \(value)"
  private static let handshake = "NOISE_XX_HANDSHAKE \(value) \(value) \(value) \(value)"

  @Test(arguments: [handshake, transport]) func `a line read is the line written`(line: String) throws {
    #expect(try KeyLog.Entry(line: line).line == line.replacing("aF", with: "af"))
    #expect(try KeyLog.Entry(line: line + "\r\n") == KeyLog.Entry(line: line))
    #expect(
      try KeyLog.Entry(line: "  " + line.split(separator: " ").joined(separator: "\t"))
        == KeyLog.Entry(line: line))
  }

  @Test(arguments: [handshake, transport]) func `every truncated line is refused`(line: String) {
    for count in 0..<line.count {
      #expect(throws: KeyLog.LineError.self) { try KeyLog.Entry(line: line.prefix(count)) }
    }
  }

  @Test func `what is wrong with a line is told`() {
    expect(.unknownLabel(""), "")
    expect(.unknownLabel(""), " \n")
    expect(.unknownLabel("#"), "# a comment")
    expect(.unknownLabel("CLIENT_HANDSHAKE_TRAFFIC_SECRET"), "CLIENT_HANDSHAKE_TRAFFIC_SECRET 00 00")
    expect(.unknownLabel("noise_xx_transport"), Self.transport.lowercased())
    expect(.wrongValueCount(expected: 3, actual: 4), Self.transport + " " + Self.value)
    expect(
      .wrongValueCount(expected: 4, actual: 3), "NOISE_XX_HANDSHAKE \(Self.value) \(Self.value) \(Self.value)"
    )
    expect(.malformedValue(position: 1), "NOISE_XX_TRANSPORT 00 \(Self.value) \(Self.value)")
    expect(.malformedValue(position: 3), "NOISE_XX_TRANSPORT \(Self.value) \(Self.value) \(Self.value)0")
    expect(
      .malformedValue(position: 2),
      "NOISE_XX_TRANSPORT \(Self.value) \(String(repeating: "zz", count: 32)) \(Self.value)")
    expect(.tooLong(bytesMax: 512), String(repeating: "x", count: 513))
    expect(.unknownLabel(String(repeating: "x", count: 512)), String(repeating: "x", count: 512))
  }

  private func expect(
    _ error: KeyLog.LineError, _ line: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: error, sourceLocation: sourceLocation) { try KeyLog.Entry(line: line) }
  }
}
