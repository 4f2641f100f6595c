// Circuits as a client dials and accepts them, by hand.

import CircuitRelay
import Identity
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct ClientCircuitTests {
  @Test func `a dial: a status, then raw bytes`() throws {
    var guest = Guest { $0.relaysDesired = 0 }
    let id = guest.client.dial(peer(2), through: guest.relay.peerID, at: .zero)
    let stream = try guest.asks()
    #expect(guest.events == [.write(HopMessage.connect(to: peer(2)).encoded, on: stream)])
    let limit = Limit(duration: .seconds(120), bytes: 131_072)
    guest.send(HopMessage.status(.ok, nil, limit).encoded + buffer("raw"), on: stream)
    let circuit = CircuitDescription(
      id: id, peer: peer(2), relay: guest.relay.peerID, limit: limit, direction: .outbound)
    #expect(guest.events.last == .circuitOpened(circuit, on: stream, early: buffer("raw")))

    // Its end is told beforehand, once, by time or by bytes.
    #expect(guest.client.deadline == ms(90_000))
    guest.client.carried(id, sent: 98_303, received: 5, at: .zero)
    guest.client.carried(id, sent: 1, received: 0, at: .zero)
    guest.client.advance(to: ms(90_000))
    guest.pull()
    #expect(guest.events == [.circuitEnding(id, .bytes(left: 32_768))])
    guest.client.streamEnded(stream, at: ms(120_000))
    #expect(guest.client.circuitCount == 0 && guest.client.deadline == nil)
  }

  @Test func `a circuit's time is told before it is over`() throws {
    for (limit, warning) in [(120, 90), (1800, 1740), (2, 1)] as [(Int64, Int64)] {
      var guest = Guest { $0.relaysDesired = 0 }
      let id = guest.client.dial(peer(2), through: guest.relay.peerID, at: .zero)
      let stream = try guest.asks()
      guest.send(HopMessage.status(.ok, nil, Limit(duration: .seconds(limit))).encoded, on: stream)
      guest.client.advance(to: ms(warning * 1000 + 999))
      guest.pull()
      guard case .circuitEnding(id, .time)? = guest.events.first else {
        Issue.record("\(guest.events)")
        continue
      }
    }
  }

  @Test func `every refusal of a dial is told`() throws {
    let statuses: [Status] = [
      .noReservation, .resourceLimitExceeded, .permissionDenied, .connectionFailed, .malformedMessage,
      .other(9),
    ]
    for status in statuses {
      var guest = Guest { $0.relaysDesired = 0 }
      let id = guest.client.dial(peer(2), through: guest.relay.peerID, at: .zero)
      let stream = try guest.asks()
      guest.send(HopMessage.status(status, nil, .unlimited).encoded, on: stream)
      #expect(guest.events.suffix(2) == [.finish(stream), .circuitFailed(id, .refused(status))])
      #expect(guest.client.circuitCount == 0)
    }
    var guest = Guest { $0.relaysDesired = 0 }
    let late = guest.client.dial(peer(2), through: guest.relay.peerID, at: .zero)
    let stream = try guest.asks()
    guest.client.advance(to: ms(10_000))
    guest.pull()
    #expect(guest.events == [.reset(stream), .circuitFailed(late, .invalid(.timedOut))])

    let cancelled = guest.client.dial(peer(2), through: guest.relay.peerID, at: .zero)
    guest.client.cancelDial(cancelled, at: .zero)
    let orphan = try guest.asks()
    #expect(guest.events == [.reset(orphan)] && guest.client.circuitCount == 0)
  }

  @Test func `dials are limited`() throws {
    var guest = Guest {
      $0.relaysDesired = 0
      $0.circuitsPerPeerMax = 1
    }
    _ = guest.client.dial(peer(2), through: guest.relay.peerID, at: .zero)
    let second = guest.client.dial(peer(2), through: guest.relay.peerID, at: .zero)
    let own = guest.client.dial(peer(1), through: guest.relay.peerID, at: .zero)
    guest.pull()
    #expect(guest.events.suffix(2) == [.circuitFailed(second, .tooMany), .circuitFailed(own, .tooMany)])
  }

  @Test func `a circuit is accepted from a relay that holds a reservation of ours`() throws {
    var guest = Guest()
    try guest.reserves(guest.granted())
    let limit = Limit(bytes: 77)
    let stream = guest.stop(StopMessage.connect(from: peer(2), limit).encoded + buffer("hi"))
    #expect(guest.answered == .ok)
    let circuit = CircuitDescription(
      id: CircuitID(rawValue: 1), peer: peer(2), relay: guest.relay.peerID, limit: limit, direction: .inbound)
    #expect(guest.events.last == .circuitOpened(circuit, on: stream, early: buffer("hi")))
  }

  @Test func `and from nobody else, and nothing else`() throws {
    var guest = Guest()
    let wish = StopMessage.connect(from: peer(2), .unlimited).encoded
    _ = guest.stop(wish)
    #expect(guest.client.counters.circuitsDenied == 1 && guest.client.circuitCount == 0)

    guest = Guest()
    try guest.reserves(guest.granted())
    _ = guest.stop(StopMessage.connect(from: peer(1), .unlimited).encoded)
    #expect(guest.answered == .permissionDenied)
    _ = guest.stop(StopMessage.status(.ok).encoded)
    #expect(guest.answered == .unexpectedMessage)
    _ = guest.stop(ByteBuffer(bytes: [1, 0xFF]))
    #expect(guest.answered == .malformedMessage)
    for _ in 0..<4 { _ = guest.stop(wish) }
    _ = guest.stop(wish)
    #expect(guest.answered == .resourceLimitExceeded)

    let silent = guest.stop(ByteBuffer())
    guest.client.advance(to: ms(10_000))
    guest.pull()
    #expect(guest.answered == .malformedMessage && guest.events.contains(.finish(silent)))
  }

  @Test func `no order of things does harm`() throws {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var guest = Guest()
      let relay = guest.relay.peerID
      var (now, number) = (Instant.zero, UInt32(100))
      var streams: [StreamHandle] = []
      var opens: [OpenID] = []
      for _ in 0..<200 {
        now += generator.duration(upTo: .seconds(20))
        let stream = streams.randomElement(using: &generator)
        number += 1
        let fresh = StreamHandle(connection: ConnectionID(rawValue: 1), stream: number)
        switch (Int.random(in: 0..<12, using: &generator), stream) {
        case (0, _): if let open = opens.popLast() { guest.client.opened(open, as: fresh, at: now) }
        case (1, _):
          if let open = opens.popLast() { guest.client.openFailed(open, isUnsupported: false, at: now) }
        case (2, _): guest.client.peerConnected(relay, at: nil, now: now)
        case (3, _): if number % 5 == 0 { guest.client.peerDisconnected(relay, at: now) }
        case (4, _): guest.client.advance(to: now)
        case (5, _): _ = guest.client.dial(peer(3), through: relay, at: now)
        case (6, _): guest.client.streamOpened(fresh, by: relay, at: now)
        case (7, let stream?):
          guest.send(HopMessage.status(.ok, guest.granted(), .unlimited).encoded, on: stream, at: now)
        case (8, let stream?):
          guest.send(StopMessage.connect(from: peer(4), .unlimited).encoded, on: stream, at: now)
        case (9, let stream?): guest.client.streamEnded(stream, at: now)
        case (10, let stream?): guest.send(ByteBuffer(bytes: generator.bytes(9)), on: stream, at: now)
        case (11, let stream?): guest.client.remoteFinished(stream, at: now)
        default: guest.client.networkChanged(at: now)
        }
        streams.append(fresh)
        guest.pull()
        opens += guest.events.compactMap { if case .openHop(let open, _) = $0 { open } else { nil } }
      }
      let isHeld = guest.client.holdsReservation(at: relay)
      #expect(isHeld == !guest.client.addresses.isEmpty)
      guest.client.removeCandidate(relay, at: now)
      for stream in streams { guest.client.streamEnded(stream, at: now) }
      guest.client.advance(to: now + .seconds(7200))
      let (count, deadline) = (guest.client.circuitCount, guest.client.deadline)
      #expect(count == 0 && deadline == nil, "seed \(seed)")
    }
  }
}
