// A: the side that dialled the relayed connection, and answers; and where the two sides meet in one node.

import DCUtR
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct AnsweringTests {
  /// A, with a circuit to peer 20.
  func rig(_ own: [Multiaddr] = [ourAddress], _ change: (inout Configuration) -> Void = { _ in }) -> Rig {
    var rig = Rig(own, change)
    rig.circuit(20, isInbound: false)
    return rig
  }

  @Test func `CONNECT is answered, and SYNC acted on at once`() {
    var rig = rig()
    let stream = rig.freshStream(20)
    rig.machine.streamOpened(stream, by: peers[20], at: .zero)
    #expect(rig.said() == [])
    rig.send(.connect([theirAddress]), on: stream, at: ms(5))
    #expect(rig.said() == [.write(Message.connect([ourAddress]).encoded, on: stream)])
    rig.send(.sync, on: stream, at: ms(45))
    let punch = Punch(
      id: AttemptID(rawValue: 1), peer: peers[20], addresses: [theirAddress], transport: .tcp,
      role: .initiator, initiatesAfter: nil)
    #expect(rig.said() == [.finish(stream), outcome(1, .answering, .started), .punch(punch)])
    rig.machine.punched(punch.id, as: .initiator, at: ms(75))
    #expect(rig.said() == [outcome(1, .answering, .succeeded(after: .milliseconds(30), by: .punch))])
    rig.machine.streamEnded(stream, at: ms(80))
    #expect(rig.deadline == nil)
  }

  @Test func `both messages in one piece are both taken`() {
    var rig = rig()
    let stream = rig.freshStream(20)
    rig.machine.streamOpened(stream, by: peers[20], at: .zero)
    var both = Message.connect([theirAddress]).encoded
    both.writeImmutableBuffer(Message.sync.encoded)
    rig.send(both, on: stream, at: .zero)
    #expect(rig.said().compactMap(\.punch).count == 1)
  }

  @Test func `every cut of the bytes comes to the same`() {
    var both = Message.connect([theirAddress]).encoded
    both.writeImmutableBuffer(Message.sync.encoded)
    for cut in 1..<both.readableBytes {
      var rig = rig()
      let stream = rig.freshStream(20)
      rig.machine.streamOpened(stream, by: peers[20], at: .zero)
      var rest = both
      guard let first = rest.readSlice(length: cut) else { return }
      rig.send(first, on: stream, at: .zero)
      let before = rig.said()
      rig.send(rest, on: stream, at: .zero)
      #expect((before + rig.said()).compactMap(\.punch).count == 1, "cut at \(cut)")
    }
  }

  @Test func `without an address of the peer's the attempt waits for it to come`() {
    var rig = rig()
    let stream = rig.freshStream(20)
    rig.machine.streamOpened(stream, by: peers[20], at: .zero)
    rig.send(.connect([]), on: stream, at: .zero)
    _ = rig.said()
    rig.send(.sync, on: stream, at: .zero)
    #expect(rig.said() == [.finish(stream), outcome(1, .answering, .started)])
    rig.machine.directConnected(peers[20], at: ms(20))
    #expect(
      rig.said() == [
        .abandon(AttemptID(rawValue: 1)),
        outcome(1, .answering, .succeeded(after: .milliseconds(20), by: .other)),
      ])
  }

  @Test func `an attempt that comes to nothing is told with its reason, and is B's to repeat`() throws {
    var rig = rig()
    let punch = try rig.answers()
    #expect(
      rig.advance(to: ms(5000)) == [.abandon(punch.id), outcome(1, .answering, .failed(.noPacket))])
    #expect(rig.machine.summary(of: peers[20]) == Summary(state: .waiting, failure: .noPacket))
    _ = rig.advance(to: ms(10_000))
    #expect(rig.deadline == nil)
  }

  @Test func `B's next attempt takes the place of the one before`() throws {
    var rig = rig()
    let first = try rig.answers()
    let stream = rig.freshStream(20)
    rig.machine.streamOpened(stream, by: peers[20], at: ms(100))
    rig.send(.connect([theirAddress]), on: stream, at: ms(100))
    _ = rig.said()
    rig.send(.sync, on: stream, at: ms(140))
    let events = rig.said()
    #expect(events.contains(.abandon(first.id)))
    #expect(events.contains(outcome(1, .answering, .failed(.superseded))))
    #expect(events.contains(outcome(2, .answering, .started)))
    #expect(events.compactMap(\.punch).map(\.role) == [.initiator])
  }

  @Test func `of an old Go's three attempts the second is answered in the other role`() throws {
    var rig = rig()
    let first = try rig.answers()
    #expect(first.role == .initiator)
    rig.machine.tcpConnected(first.id, at: ms(10))
    rig.machine.punchFailed(first.id, .handshake, at: ms(30))
    #expect(rig.said().failures == [.handshakeFailed], "both were initiators")
    let second = try rig.answers(at: ms(40))
    #expect(second.role == .responder)
    rig.machine.punched(second.id, as: .responder, at: ms(60))
    _ = rig.said()
    rig.machine.directLost(peers[20], at: ms(90_000))
    #expect(try rig.answers(at: ms(95_000)).role == .responder, "what worked comes first")
  }

  @Test func `the third attempt is answered in reversed roles`() throws {
    var rig = rig()
    var roles: [Role] = []
    var waits: [Duration?] = []
    for number in 0..<6 {
      let punch = try rig.answers(at: ms(Int64(number) * 12_000))
      roles.append(punch.role)
      waits.append(punch.initiatesAfter)
      #expect(rig.advance(to: ms(Int64(number) * 12_000 + 5000)).contains(.abandon(punch.id)))
    }
    #expect(roles == [.initiator, .initiator, .responder, .initiator, .initiator, .responder])
    #expect(waits[2] == .milliseconds(2500))
    #expect(waits[0] == nil)
  }

  @Test func `without an address of our own we are the initiator on every attempt`() throws {
    var rig = rig([])
    for number in 0..<3 {
      let punch = try rig.answers(at: ms(Int64(number) * 12_000))
      #expect(punch.role == .initiator)
      _ = rig.advance(to: ms(Int64(number) * 12_000 + 5000))
    }
  }

  @Test func `a B that ends the stream instead of SYNC has given up`() {
    var rig = rig()
    let stream = rig.freshStream(20)
    rig.machine.streamOpened(stream, by: peers[20], at: .zero)
    rig.send(.connect([]), on: stream, at: .zero)
    _ = rig.said()
    rig.machine.remoteFinished(stream, at: ms(5))
    #expect(rig.said() == [.finish(stream)])
    #expect(rig.machine.counters.exchangesAbandoned == 1)
    #expect(rig.machine.counters.attemptsStarted == 0)
  }

  @Test func `SYNC means nothing when there is a direct connection`() {
    var rig = rig()
    rig.machine.directConnected(peers[20], at: .zero)
    let stream = rig.freshStream(20)
    rig.machine.streamOpened(stream, by: peers[20], at: .zero)
    rig.send(.connect([theirAddress]), on: stream, at: .zero)
    _ = rig.said()
    rig.send(.sync, on: stream, at: .zero)
    #expect(rig.said() == [.finish(stream)])
  }

  // MARK: Both sides at once

  /// We are number 10, so of peers 5 and 20 the first one's attempt is made, and ours with the second.
  @Test func `when both start, the smaller peer's attempt is made`() throws {
    for (number, isOurs) in [(5, false), (20, true)] {
      var rig = Rig()
      rig.circuit(number, isInbound: true)
      rig.describe(number)
      let ours = try rig.opens(number, at: .zero)
      let other = ConnectionID(rawValue: 900)
      rig.machine.relayedOpened(other, to: peers[number], isInbound: false, at: .zero)
      let theirs = StreamHandle(connection: other, stream: 1)
      rig.machine.streamOpened(theirs, by: peers[number], at: .zero)
      if isOurs {
        #expect(rig.said() == [.reset(theirs)])
        #expect(rig.machine.counters.collisionsRefused == 1)
      } else {
        let events = rig.said()
        #expect(events.first == .reset(ours))
        #expect(events.failures == [.superseded])
        #expect(rig.machine.counters.collisionsYielded == 1)
        #expect(rig.machine.counters.attemptsFailed == 1)
        rig.send(.connect([theirAddress]), on: theirs, at: .zero)
        rig.send(.sync, on: theirs, at: .zero)
        #expect(rig.said().compactMap(\.punch).count == 1)
      }
    }
  }

  @Test func `a SYNC that finds us started meets the same rule`() throws {
    for (number, isOurs) in [(5, false), (20, true)] {
      var rig = Rig()
      let other = ConnectionID(rawValue: 900)
      rig.machine.relayedOpened(other, to: peers[number], isInbound: false, at: .zero)
      let theirs = StreamHandle(connection: other, stream: 1)
      rig.machine.streamOpened(theirs, by: peers[number], at: .zero)
      rig.send(.connect([theirAddress]), on: theirs, at: .zero)
      _ = rig.said()
      let ours = try rig.punches(number)
      rig.send(.sync, on: theirs, at: ms(5))
      let events = rig.said()
      #expect(events.contains(.abandon(ours.id)) == !isOurs)
      #expect(events.compactMap(\.punch).count == (isOurs ? 0 : 1))
      // Either way the one that goes on comes to its end, and the next one begins.
      var later = rig.advance(to: ms(5005))
      while later.compactMap(\.open).isEmpty, let due = rig.deadline, due < ms(60_000) {
        later += rig.advance(to: due)
      }
      #expect(later.compactMap(\.open).count == 1)
    }
  }

  @Test func `after yielding, our own series comes later`() throws {
    var rig = Rig()
    rig.circuit(5, isInbound: true)
    rig.describe(5)
    _ = try rig.opens(5, at: .zero)
    let other = ConnectionID(rawValue: 900)
    rig.machine.relayedOpened(other, to: peers[5], isInbound: false, at: .zero)
    let theirs = StreamHandle(connection: other, stream: 1)
    rig.machine.streamOpened(theirs, by: peers[5], at: .zero)
    _ = rig.said()
    rig.machine.streamEnded(theirs, at: ms(10))
    #expect(rig.advance(to: ms(30_000)).compactMap(\.open).count == 1)
  }
}
