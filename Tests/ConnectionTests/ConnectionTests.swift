@testable import Connection
import Identity
import NIOCore
import Noise
import SansIO
import TestKit
import Testing
import Wire
import Yamux

@Suite struct UpgradeTests {
  @Test func bothEndsLearnWhoIsThere() {
    var pair = dial()
    pair.run(for: .seconds(1))
    #expect(pair.left.peer == Keys.bob.peerID)
    #expect(pair.right.peer == Keys.alice.peerID)
    #expect(pair.left.muxerNegotiation == .early)
    #expect(pair.right.muxerNegotiation == .early)
  }

  @Test func firstAnswerOnAStreamTakesTwoRoundTripsAfterTCPs() throws {
    var pair = dial(latency: .milliseconds(50))
    let isUp = pair.run(within: .seconds(1)) { left, _ in left.peer != nil }
    #expect(isUp)
    #expect(pair.now - .zero == .milliseconds(100))
    _ = try pair.left.say("hello")
    let isAnswered = pair.run(within: .seconds(1)) { left, _ in left.answeredAt != nil }
    #expect(isAnswered)
    // With the round trip of TCP's own handshake: three.
    #expect(pair.now - .zero == .milliseconds(200))
  }

  @Test(arguments: 1...64)
  func everyPieceSizeGivesTheSameConversation(size: Int) throws {
    var pair = dial(chunking: .pieces(size))
    let isUp = pair.run(within: .seconds(1)) { left, right in left.peer != nil && right.peer != nil }
    #expect(isUp)
    let id = try pair.left.say("one byte at a time", finish: true)
    pair.run(for: .seconds(1))
    #expect(pair.left.received[id] == Array("one byte at a time".utf8))
    #expect(pair.left.closed.contains(id))
    #expect(pair.right.closed.contains(id))
  }

  @Test func aWrongPeerIsRefusedByNameBeforeAnythingIsSaid() {
    var pair = dial(expecting: Keys.mallory.peerID)
    pair.run(for: .seconds(20))
    #expect(
      pair.left.failure
        == .noise(.wrongPeer(expected: Keys.mallory.peerID, actual: Keys.bob.peerID)))
    #expect(pair.left.peer == nil)
    #expect(pair.right.peer == nil)
  }

  /// Two responders, as after a simultaneous open with an old Go, which sends its header unasked.
  @Test func aResponderThatIsOnlyGreetedMayBecomeTheInitiator() {
    let greeting = ByteBuffer(string: "\u{13}/multistream/1.0.0\n")
    var left = ConnectionEnd(.responder, Keys.alice)
    var right = ConnectionEnd(.responder, Keys.bob)
    expectSilence(of: left, .complete)
    var said = ByteBuffer()
    left.receive(greeting, at: .zero)
    // Its own header has not left yet.
    expectSilence(of: left, nil)
    _ = left.drainOutbound(into: &said)
    #expect(said == greeting)
    expectSilence(of: left, .greeted)
    right.receive(said, at: .zero)
    _ = right.drainOutbound(into: &said)
    left.connection = Connection(
      role: .initiator, isGreeted: true, identity: Keys.alice, expectedPeer: Keys.bob.peerID,
      supported: [.echo],
      configuration: .init(), entropy: [UInt8](repeating: 7, count: 64), now: .zero)
    expectSilence(of: left, nil)
    var pair = VirtualPair(left, right)
    pair.run(for: .seconds(1))
    #expect(pair.left.peer == Keys.bob.peerID)
    #expect(pair.right.peer == Keys.alice.peerID)
  }

  @Test func aResponderThatHasHeardMoreIsNotSilent() {
    var end = ConnectionEnd(.responder, Keys.alice)
    end.receive(ByteBuffer(string: "\u{13}/multi"), at: .zero)
    expectSilence(of: end, nil)
    end.receive(ByteBuffer(string: "stream/1.0.0\n\u{07}/tls/1\n"), at: .zero)
    var said = ByteBuffer()
    _ = end.drainOutbound(into: &said)
    expectSilence(of: end, nil)
  }

  private func expectSilence(
    of end: borrowing ConnectionEnd, _ expected: Connection.Silence?,
    at place: SourceLocation = #_sourceLocation
  ) {
    let silence = end.connection.silence
    #expect(silence == expected, sourceLocation: place)
  }

  @Test func aSilentPeerIsGivenUpAfterTheUpgradeTimeout() {
    var pair = VirtualPair(ConnectionEnd(.initiator, Keys.alice), SilentEnd())
    pair.run(for: .seconds(60))
    #expect(pair.left.failure == .upgradeTimedOut)
    #expect(pair.now - .zero == Connection.Configuration().upgradeTimeout)
  }

  @Test func keyLogHasBothLinesBeforeTheBytesTheyOpen() {
    var pair = dial()
    pair.run(for: .seconds(1))
    #expect(pair.left.keyLog.count == 2)
    #expect(pair.left.keyLog == pair.right.keyLog)
    #expect(pair.left.keyLog.first?.hasPrefix("NOISE_XX_HANDSHAKE ") ?? false)
    #expect(pair.left.keyLog.last?.hasPrefix("NOISE_XX_TRANSPORT ") ?? false)
  }
}

@Suite struct StreamTests {
  @Test func anUnknownProtocolIsRefusedAndTheConnectionLives() throws {
    var pair = dial()
    pair.run(for: .seconds(1))
    let id = try pair.left.say("lost", over: "/test/unknown/1")
    pair.run(for: .seconds(1))
    #expect(pair.left.events.contains(.streamRefused(id)))
    let next = try pair.left.say("heard")
    pair.run(for: .seconds(1))
    #expect(pair.left.received[next] == Array("heard".utf8))
  }

  @Test func theFirstProtocolBothSpeakIsAgreedOn() throws {
    var pair = dial()
    pair.run(for: .seconds(1))
    let id = try pair.left.connection.openStream(["/test/unknown/1", "/test/unknown/2", .echo])
    pair.run(for: .seconds(1))
    #expect(pair.left.events.contains(.streamOpened(id, .echo, isInbound: false)))
    #expect(pair.right.events.contains(.streamOpened(id, .echo, isInbound: true)))
  }

  @Test func bothSidesOpenStreamsAtOnce() throws {
    var pair = dial()
    pair.left.echoes = true
    pair.run(for: .seconds(1))
    let ours = try pair.left.say("from alice", finish: true)
    let theirs = try pair.right.say("from bob", finish: true)
    pair.left.echoes = false
    pair.run(for: .seconds(1))
    #expect(pair.left.received[ours] == Array("from alice".utf8))
    #expect(ours != theirs)
    #expect(pair.left.received[theirs] == Array("from bob".utf8))
  }

  @Test func aStreamThatNeverNamesItsProtocolIsResetAfterTheTimeout() throws {
    var pair = dial()
    pair.run(for: .seconds(1))
    let start = pair.now
    let id = try pair.left.openMute()
    let isReset = pair.run(within: .seconds(30)) { left, _ in left.closed.contains(id) }
    #expect(isReset)
    #expect(pair.now - start >= Connection.Configuration().negotiationTimeout)
    #expect(pair.right.failure == nil)
  }

  @Test func streamsBeyondTheNegotiationLimitAreReset() throws {
    var few = Connection.Configuration()
    few.inboundNegotiationsMax = 4
    var pair = dial(bob: few)
    pair.run(for: .seconds(1))
    var ids: [StreamID] = []
    for _ in 0..<6 { ids.append(try pair.left.openMute()) }
    pair.run(for: .seconds(1))
    #expect(pair.left.closed.count == 2)
    #expect(pair.right.failure == nil)
  }

  @Test func aGoodbyeReachesThePeer() {
    var pair = dial()
    pair.run(for: .seconds(1))
    pair.left.connection.close(.normal)
    pair.run(for: .seconds(1))
    #expect(pair.right.events.contains(.goAway(code: 0)))
  }

  @Test(arguments: 0..<20)
  func manyStreamsOverRandomChunksArriveWhole(seed: UInt64) throws {
    var pair = dial(chunking: .random(upTo: 4096), seed: seed)
    pair.run(for: .seconds(1))
    var generator = SeededGenerator(seed: seed)
    var sent: [StreamID: [UInt8]] = [:]
    for _ in 0..<16 {
      let payload = generator.bytes(Int.random(in: 1...100_000, using: &generator))
      let id = try pair.left.connection.openStream([.echo])
      try pair.left.connection.write(ByteBuffer(bytes: payload), to: id)
      pair.left.connection.finish(id)
      sent[id] = payload
    }
    pair.run(for: .seconds(20))
    #expect(pair.left.received == sent)
    #expect(pair.left.closed == Set(sent.keys))
    #expect(pair.left.connection.streamCount == 0)
    #expect(pair.right.connection.streamCount == 0)
    #expect(pair.left.connection.bufferedBytes == 0)
    #expect(pair.right.connection.bufferedBytes == 0)
  }
}

/// Takes everything, says nothing.
struct SilentEnd: StreamEnd {
  mutating func receive(_ bytes: consuming ByteBuffer, at now: Instant) {}
  mutating func settle(at now: Instant) {}
  mutating func advance(to now: Instant) {}
  var deadline: Instant? { nil }
  mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool { false }
}
