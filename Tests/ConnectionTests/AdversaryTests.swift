import Connection
import Identity
import NIOCore
import Noise
import SansIO
import TestKit
import Testing
import Wire

/// Bytes of a good conversation, spoilt in every way and at every place, never trap and never establish.
@Suite struct AdversaryTests {
  /// What an initiator sends first: header, proposal, Noise message 1.
  static let opening: [UInt8] = {
    var end = ConnectionEnd(.initiator, Keys.alice)
    var wire = ByteBuffer()
    _ = end.drainOutbound(into: &wire)
    return Array(wire.readableBytesView)
  }()

  private func feed(_ bytes: [UInt8]) -> (failure: ConnectionError?, peer: PeerID?, sent: Int) {
    var end = ConnectionEnd(.responder, Keys.bob)
    end.receive(ByteBuffer(bytes: bytes), at: .zero)
    end.settle(at: .zero)
    var wire = ByteBuffer()
    while end.drainOutbound(into: &wire) {}
    return (end.failure, end.peer, wire.readableBytes)
  }

  @Test func everyTruncationWaits() {
    for length in 0..<Self.opening.count {
      let result = feed(Array(Self.opening[..<length]))
      #expect(result.failure == nil, "after \(length) bytes")
      #expect(result.peer == nil)
    }
  }

  @Test func everyFlippedBitFailsOrChangesNothingThatIsTrusted() {
    for index in Self.opening.indices {
      for bit in 0..<8 {
        var bytes = Self.opening
        bytes[index] ^= 1 << bit
        #expect(feed(bytes).peer == nil)
      }
    }
  }

  @Test(arguments: 0..<200)
  func randomBytesNeverTrap(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    #expect(feed(generator.bytes(Int.random(in: 0...4096, using: &generator))).peer == nil)
  }

  /// One frame holds the stream, its proposal and 300 bytes. A flipped bit of its length makes it wait for
  /// more or fail; one anywhere else fails. Nothing of it is ever delivered.
  @Test func aFlippedBitAnywhereInARunningConnectionEndsIt() throws {
    for position in stride(from: 0, to: 340, by: 7) {
      var pair = dial()
      pair.run(for: .seconds(1))
      var wire = ByteBuffer()
      _ = try pair.left.say(String(repeating: "x", count: 300))
      while pair.left.drainOutbound(into: &wire) {}
      let byte = try #require(wire.getInteger(at: position, as: UInt8.self))
      wire.setInteger(byte ^ 0x10, at: position)
      pair.right.receive(wire, at: pair.now)
      pair.right.settle(at: pair.now)
      #expect(pair.right.received.isEmpty)
      if position >= 2 { #expect(pair.right.failure == .noise(.frameNotAuthentic), "at \(position)") }
    }
  }

  @Test func anEndlessHandshakeIsBounded() {
    var end = ConnectionEnd(.responder, Keys.bob)
    end.receive(ByteBuffer(bytes: Self.opening.dropLast(34)), at: .zero)
    end.settle(at: .zero)
    // A message of the greatest length a frame can announce, which never ends.
    end.receive(ByteBuffer(bytes: [0xFF, 0xFF]), at: .zero)
    for _ in 0..<64 where end.failure == nil { end.receive(ByteBuffer(repeating: 0, count: 1024), at: .zero) }
    #expect(end.failure != nil)
  }

  @Test func aSlowLorisHoldsASlotNoLongerThanTheUpgradeTimeout() {
    var end = ConnectionEnd(.responder, Keys.bob)
    var now = Instant.zero
    for byte in Self.opening.dropLast() where end.failure == nil {
      now += .seconds(1)
      if let deadline = end.deadline, deadline <= now { end.advance(to: now) }
      end.receive(ByteBuffer(bytes: [byte]), at: now)
      end.settle(at: now)
    }
    #expect(end.failure == .upgradeTimedOut)
    #expect(now <= .zero + Connection.Configuration().upgradeTimeout)
  }
}
