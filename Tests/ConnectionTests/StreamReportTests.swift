@testable import Connection
import NIOCore
import TestKit
import Testing
import Wire
import Yamux

/// What the owner is told of a stream: once that it is there, once that it is gone, nothing before and
/// nothing after.
@Suite struct StreamReportTests {
  private func established(_ alice: (inout Connection.Configuration) -> Void = { _ in }) -> ConnectionPair {
    var configuration = Connection.Configuration()
    alice(&configuration)
    var pair = dial(alice: configuration)
    pair.run(for: .seconds(1))
    return pair
  }

  @Test func aResetIsReportedOnceAsTheEnd() throws {
    var pair = established()
    let id = try pair.left.say("heard")
    pair.run(for: .seconds(1))
    pair.right.connection.reset(id, code: 7)
    pair.right.settle(at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.left.ends == [.streamClosed(id, resetCode: 7)])
    #expect(pair.right.ends == [.streamClosed(id, resetCode: nil)])
  }

  @Test func aRefusalIsTheLastWordOfAStream() throws {
    var pair = established()
    let id = try pair.left.say("lost", over: "/test/unknown/1")
    pair.run(for: .seconds(1))
    #expect(pair.left.ends == [.streamRefused(id)])
    #expect(pair.right.ends.isEmpty)
  }

  @Test func aNegotiationThatTookTooLongIsTheLastWordToo() throws {
    var pair = established { $0.negotiationTimeout = .milliseconds(1) }
    let id = try pair.left.say("late")
    pair.run(for: .seconds(1))
    // No refusal: on a dead path nobody has said what the peer speaks.
    #expect(pair.left.ends == [.streamClosed(id, resetCode: 0)])
  }

  @Test func streamsTheOwnerNeverHeardOfEndUnheard() throws {
    var pair = established()
    _ = try pair.left.openMute()
    pair.run(for: .seconds(20))
    #expect(pair.right.ends.isEmpty)
    #expect(pair.right.connection.unspoken.isEmpty)
  }

  @Test func aStreamThatCannotCarryItsProposalIsNotOpened() throws {
    var pair = established {
      $0.yamux.sendBufferBytes = 1000
      $0.yamux.sendBufferTotalBytes = 1000
    }
    let id = try pair.left.say("open")
    pair.run(for: .seconds(1))
    try pair.left.connection.write(ByteBuffer(repeating: 1, count: 1000), to: id)
    #expect(throws: StreamError.sendBufferFull) { try pair.left.connection.openStream([.echo]) }
    #expect(pair.left.connection.streamCount == 1)
    #expect(pair.left.connection.negotiations.isEmpty)
    pair.run(for: .seconds(20))
    #expect(pair.left.ends.isEmpty)
    #expect(pair.right.events.count { if case .streamOpened = $0 { true } else { false } } == 1)
  }

  @Test func streamsThatComeAndGoLeaveNoDeadlinesBehind() throws {
    var pair = established()
    for _ in 0..<300 {
      _ = try pair.left.say("short", finish: true)
      pair.run(for: .milliseconds(50))
    }
    #expect(pair.left.connection.streamCount == 0)
    #expect(pair.left.connection.negotiationDeadlines.count <= 18)
    #expect(pair.right.connection.negotiationDeadlines.count <= 18)
    #expect(pair.left.connection.unspoken.isEmpty && pair.right.connection.unspoken.isEmpty)
  }

  @Test func whatIsHandedOutAndNotConsumedIsHeld() throws {
    var pair = established()
    pair.right.consumes = false
    _ = try pair.left.say(String(repeating: "x", count: 1000))
    pair.run(for: .seconds(1))
    #expect(pair.right.connection.bufferedBytes == 1000)
  }
}

extension ConnectionEnd {
  fileprivate var ends: [Connection.Event] {
    events.filter {
      switch $0 {
      case .streamRefused, .streamClosed: true
      default: false
      }
    }
  }
}
