// Both sides of a stream against each other over seeds, in virtual time; and against noise.

import NIOCore
import SansIO
import TestKit
import Testing

@testable import Chat

/// A sender with messages to send.
private struct Writer: StreamEnd {
  var sender = DirectSender(at: .zero)
  var rest: [Message]
  var delivered: [String] = []
  var failure: DirectError?

  mutating func receive(_ bytes: consuming ByteBuffer, at now: Instant) { sender.receive(&bytes, at: now) }

  mutating func settle(at now: Instant) {
    do throws(DirectError) {
      while let event = try sender.nextEvent() {
        if case .acknowledged(let id, .kept) = event { delivered.append(id) }
      }
    } catch {
      failure = error
    }
    while sender.hasRoom, !rest.isEmpty { sender.send(rest.removeFirst(), at: now) }
  }

  mutating func advance(to now: Instant) { sender.advance(to: now) }
  var deadline: Instant? { sender.deadline }

  mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    guard var chunk = sender.nextChunk(maxBytes: 1400, at: .zero) else { return false }
    wire.writeBuffer(&chunk)
    return true
  }
}

/// A receiver whose messages are kept after a while.
private struct Keeper: StreamEnd {
  var receiver = DirectReceiver(at: .zero)
  let patience: Duration
  var keeping: [(id: String, due: Instant)] = []
  var texts: [String] = []
  var failure: DirectError?
  var now = Instant.zero

  mutating func receive(_ bytes: consuming ByteBuffer, at now: Instant) { receiver.receive(&bytes, at: now) }

  mutating func settle(at now: Instant) {
    self.now = now
    do throws(DirectError) {
      while let event = try receiver.nextEvent() {
        guard case .received(let message) = event else { continue }
        texts.append(message.text ?? "")
        keeping.append((message.id, now + patience))
      }
    } catch {
      failure = error
    }
  }

  mutating func advance(to now: Instant) {
    receiver.advance(to: now)
    while let first = keeping.first, first.due <= now {
      keeping.removeFirst()
      receiver.acknowledge(first.id, .kept, at: now)
    }
  }

  var deadline: Instant? { [receiver.deadline, keeping.first?.due].compactMap { $0 }.min() }

  mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    guard var chunk = receiver.nextChunk(maxBytes: 1400, at: now) else { return false }
    wire.writeBuffer(&chunk)
    return true
  }
}

@Suite struct DirectPairTests {
  @Test(arguments: 0..<30 as Range<UInt64>)
  func everythingArrivesInOrder(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 1...120, using: &generator)
    let messages = (0..<count).map { number in
      let long = Int.random(in: 0..<10, using: &generator) == 0
      return outgoing("\(number) " + text(bytes: long ? 16_000 : 20), UInt8(number))
    }
    let patience = generator.duration(upTo: .milliseconds(300))
    var pair = VirtualPair(
      Writer(rest: messages), Keeper(patience: patience),
      latency: generator.duration(upTo: .milliseconds(200)),
      chunking: .random(upTo: 3000), seed: seed)
    pair.left.settle(at: .zero)
    let isDone = pair.run(within: .seconds(120)) { left, _ in left.delivered.count == count }
    #expect(isDone && pair.left.failure == nil && pair.right.failure == nil)
    #expect(pair.right.texts == messages.map(\.text))
    #expect(pair.left.delivered == messages.map(\.key.id))
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func randomBytesEndsAndTimesNeverTrap(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var sender = DirectSender(at: .zero)
    var receiver = DirectReceiver(at: .zero)
    for step in 0..<80 as Range<UInt8> {
      let now = Instant(nanoseconds: .random(in: .min ... .max, using: &generator))
      switch Int.random(in: 0..<9, using: &generator) {
      case 0: sender.remoteFinished(at: now)
      case 1: receiver.remoteFinished(at: now)
      case 2: sender.advance(to: now)
      case 3: receiver.advance(to: now)
      case 4: if sender.hasRoom { sender.send(outgoing("x", step), at: now) }
      case 5: receiver.receives(frame("x", step), at: now)
      case 6: sender.receives(answer(UInt8.random(in: 0...step, using: &generator)), at: now)
      case 7: receiver.acknowledge(name(UInt8.random(in: 0...step, using: &generator)), .kept, at: now)
      default:
        let noise = ByteBuffer(bytes: generator.bytes(Int.random(in: 0...200, using: &generator)))
        if Bool.random(using: &generator) {
          sender.receives(noise, at: now)
        } else {
          receiver.receives(noise, at: now)
        }
      }
      _ = try? sender.nextEvent()
      _ = try? receiver.nextEvent()
      if Bool.random(using: &generator) {
        _ = sender.drained(at: now)
        _ = receiver.drained(at: now)
      }
    }
  }
}
