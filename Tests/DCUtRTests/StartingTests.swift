// B: the side that accepted the relayed connection, and starts.

import DCUtR
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct StartingTests {
  // MARK: The exchange

  @Test func `an upgrade, from the circuit to the direct connection`() throws {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    #expect(rig.said() == [], "identify has not said whether the peer speaks it")
    rig.describe(20, at: ms(5))
    let asked = rig.said()
    #expect(
      asked == [outcome(1, .starting, .started), .openStream(OpenID(rawValue: 1), on: rig.connection(20))])
    let stream = rig.freshStream(20)
    rig.machine.opened(OpenID(rawValue: 1), as: stream, at: ms(10))
    #expect(rig.said() == [.write(Message.connect([ourAddress]).encoded, on: stream)])

    rig.send(.connect([theirAddress]), on: stream, at: ms(50))
    #expect(rig.said() == [.write(Message.sync.encoded, on: stream), .finish(stream)])
    #expect(rig.deadline == ms(70), "half of 40 ms")
    #expect(rig.advance(to: ms(69)) == [])
    let punch = Punch(
      id: AttemptID(rawValue: 1), peer: peers[20], addresses: [theirAddress], transport: .tcp,
      role: .responder, initiatesAfter: .milliseconds(1080))
    #expect(rig.advance(to: ms(70)) == [.punch(punch)])
    #expect(rig.machine.summary(of: peers[20]) == Summary(state: .trying, failure: nil))

    rig.machine.tcpConnected(punch.id, at: ms(80))
    rig.machine.punched(punch.id, as: .responder, at: ms(95))
    rig.machine.directConnected(peers[20], at: ms(95))
    #expect(rig.said() == [outcome(1, .starting, .succeeded(after: .milliseconds(90), by: .punch))])
    #expect(rig.machine.summary(of: peers[20])?.state == .direct)
    rig.machine.streamEnded(stream, at: ms(100))
    #expect(rig.deadline == nil)
    #expect(rig.machine.counters.attemptsSucceeded == 1)
  }

  @Test func `the side that dialled the circuit does not start`() {
    var rig = Rig()
    rig.circuit(20, isInbound: false)
    rig.describe(20)
    #expect(rig.said() == [])
    #expect(rig.deadline == nil)
  }

  @Test func `with a direct connection nothing starts, nor on a circuit beside it`() {
    var rig = Rig()
    rig.machine.directConnected(peers[20], at: .zero)
    rig.circuit(20, isInbound: true)
    rig.describe(20)
    #expect(rig.said() == [])
  }

  @Test func `a round trip is believed up to four seconds`() throws {
    var rig = Rig()
    let stream = try rig.asks()
    rig.send(.connect([theirAddress]), on: stream, at: ms(9000))
    _ = rig.said()
    #expect(rig.advance(to: ms(10_999)) == [])
    #expect(rig.advance(to: ms(11_000)).compactMap(\.punch).count == 1)
    #expect(rig.machine.counters.roundTripsClamped == 1)
  }

  @Test func `an answer after twenty seconds finds the attempt given up`() throws {
    var rig = Rig()
    let stream = try rig.asks()
    #expect(rig.advance(to: ms(10_000)) == [.reset(stream), outcome(1, .starting, .failed(.noAnswer))])
    rig.send(.connect([theirAddress]), on: stream, at: ms(20_000))
    #expect(rig.said() == [])
    #expect(rig.machine.counters.timeouts == 1)
    #expect(rig.machine.counters.attemptsFailed == 1)
  }

  @Test func `a stream that never opens is given up likewise`() {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    rig.describe(20)
    _ = rig.said()
    #expect(rig.advance(to: ms(10_000)) == [outcome(1, .starting, .failed(.noAnswer))])
    let stream = rig.freshStream(20)
    rig.machine.opened(OpenID(rawValue: 1), as: stream, at: ms(11_000))
    #expect(rig.said() == [.reset(stream)])
  }

  // MARK: Addresses

  @Test func `without an address of our own we ask all the same, and are the initiator`() throws {
    var rig = Rig([])
    let punch = try rig.punches()
    #expect(punch.role == .initiator, "the peer can dial nothing: its listening socket answers")
    #expect(punch.initiatesAfter == nil)
    rig.machine.punchFailed(punch.id, .timedOut, at: ms(1))
    #expect(rig.said().failures == [.noAddressOfOurs])
  }

  @Test func `without an address of the peer's we wait for it to come`() throws {
    var rig = Rig()
    let stream = try rig.asks()
    rig.send(.connect([]), on: stream, at: .zero)
    #expect(rig.said() == [.write(Message.sync.encoded, on: stream), .finish(stream)])
    #expect(rig.advance(to: .zero) == [], "there is nothing to dial")
    rig.machine.directConnected(peers[20], at: ms(30))
    let expected = outcome(1, .starting, .succeeded(after: .milliseconds(30), by: .other))
    #expect(rig.said().filter { $0.outcome != nil } == [expected])
  }

  @Test func `without any address there is no SYNC and no second attempt`() throws {
    var rig = Rig([])
    let stream = try rig.asks()
    rig.send(.connect(addresses("/ip4/10.0.0.1/tcp/1")), on: stream, at: .zero)
    #expect(rig.said() == [.finish(stream), outcome(1, .starting, .failed(.noAddresses))])
    #expect(rig.machine.counters.addressesDropped == 1)
  }

  @Test func `addresses of identify stand in for those of a CONNECT without any`() throws {
    var rig = Rig { $0.dialsFirst = false }
    rig.circuit(20, isInbound: true)
    rig.describe(20, [theirAddress])
    let stream = try rig.opens(at: .zero)
    #expect(try rig.synchronises(stream, from: [], at: .zero).addresses == [theirAddress])
  }

  @Test func `what is told of us is what others can dial`() throws {
    var rig = Rig([])
    rig.machine.ownAddressesChanged(
      addresses(
        "/ip4/10.0.0.1/tcp/1", "/ip4/45.0.0.1/tcp/4001/p2p/\(peers[10])", "/ip4/45.0.0.1/udp/1/quic-v1"),
      at: .zero)
    rig.circuit(20, isInbound: true)
    rig.describe(20)
    let open = try #require(rig.said().compactMap(\.open).first)
    let stream = rig.freshStream(20)
    rig.machine.opened(open, as: stream, at: .zero)
    #expect(rig.said() == [.write(Message.connect([ourAddress]).encoded, on: stream)])
  }

  // MARK: The plain dial

  @Test func `public addresses of the peer are dialled plainly, beside the exchange`() throws {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    rig.describe(20, [theirAddress] + addresses("/ip4/10.0.0.1/tcp/1"))
    let asked = rig.said()
    let dial = try #require(asked.compactMap(\.dial).first)
    #expect(asked.first == .dial(dial, peers[20], [theirAddress]))
    _ = try rig.opens(in: asked, at: .zero)
    rig.machine.punched(dial, as: .initiator, at: ms(20))
    let events = rig.said()
    #expect(events.contains(outcome(1, .starting, .succeeded(after: .milliseconds(20), by: .dial))))
    #expect(events.compactMap(\.reset).count == 1, "the exchange is not wanted any more")
    #expect(!events.contains(.abandon(dial)))
    #expect(rig.machine.counters.dialsSucceeded == 1)
  }

  @Test func `SYNC is held back while the plain dial shakes hands`() throws {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    rig.describe(20, [theirAddress])
    let asked = rig.said()
    let dial = try #require(asked.compactMap(\.dial).first)
    let stream = try rig.opens(in: asked, at: .zero)
    rig.machine.tcpConnected(dial, at: ms(10))
    rig.send(.connect([theirAddress]), on: stream, at: ms(20))
    #expect(rig.said() == [])
    rig.machine.punchFailed(dial, .handshake, at: ms(500))
    #expect(rig.said() == [.write(Message.sync.encoded, on: stream), .finish(stream)])
    #expect(rig.deadline == ms(510), "the round trip was 20 ms")
  }

  @Test func `a plain dial that hangs holds nothing up`() throws {
    var rig = Rig { $0.dialTimeout = .seconds(3) }
    rig.circuit(20, isInbound: true)
    rig.describe(20, [theirAddress])
    let asked = rig.said()
    let dial = try #require(asked.compactMap(\.dial).first)
    let stream = try rig.opens(in: asked, at: .zero)
    let punch = try rig.synchronises(stream, at: .zero)
    #expect(rig.advance(to: ms(3000)).contains(.abandon(dial)))
    #expect(rig.machine.counters.dialsFailed == 1)
    rig.machine.punched(punch.id, as: .responder, at: ms(3001))
    #expect(rig.said().compactMap(\.outcome?.result) == [.succeeded(after: .milliseconds(3001), by: .punch)])
  }

  @Test func `a peer that does not speak the protocol is dialled plainly, and the reason told once`() throws {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    rig.describe(20, speaks: false, [theirAddress])
    let dial = try #require(rig.said().compactMap(\.dial).first)
    rig.machine.punchFailed(dial, .timedOut, at: ms(5000))
    #expect(rig.said() == [outcome(0, .starting, .failed(.notSpoken))])
    let again = try #require(rig.deadline)
    let second = try #require(rig.advance(to: again).compactMap(\.dial).first)
    rig.machine.punchFailed(second, .timedOut, at: again)
    #expect(rig.said() == [])
  }

  @Test func `a protocol that comes later, by a push, is used at once`() throws {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    rig.describe(20, speaks: false)
    #expect(rig.said() == [outcome(0, .starting, .failed(.notSpoken))])
    rig.describe(20, speaks: true, at: ms(300))
    #expect(rig.said().compactMap(\.open).count == 1)
    // And while the plain dial goes on.
    rig.circuit(21, isInbound: true, at: ms(300))
    rig.describe(21, speaks: false, [theirAddress], at: ms(300))
    #expect(rig.said().compactMap(\.open).count == 0)
    rig.describe(21, speaks: true, [theirAddress], at: ms(400))
    #expect(rig.said().compactMap(\.open).count == 1)
  }

  @Test func `a peer that unlearns the protocol between two attempts leaves the plain dial`() throws {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    rig.describe(20, [theirAddress])
    let asked = rig.said()
    let dial = try #require(asked.compactMap(\.dial).first)
    let punch = try rig.synchronises(rig.opens(in: asked, at: .zero), at: .zero)
    rig.describe(20, speaks: false, [theirAddress], at: ms(5))
    rig.machine.punchFailed(punch.id, .rejected, at: ms(10))
    #expect(rig.said() == [outcome(1, .starting, .failed(.rejected))])
    rig.machine.punched(dial, as: .initiator, at: ms(20))
    #expect(rig.said() == [outcome(0, .starting, .succeeded(after: .milliseconds(20), by: .dial))])
  }

  // MARK: Attempts

  @Test func `three attempts, each with a round trip of its own, the last in reversed roles`() throws {
    var rig = Rig()
    var stream = try rig.asks()
    var now = Instant.zero
    for (number, role) in [(1, Role.responder), (2, .responder), (3, .initiator)] {
      let roundTrip = Duration.milliseconds(number * 20)
      now += roundTrip
      rig.send(.connect([theirAddress]), on: stream, at: now)
      rig.machine.streamEnded(stream, at: now)
      _ = rig.said()
      #expect(rig.deadline == now + roundTrip / 2)
      now += roundTrip / 2
      let punch = try #require(rig.advance(to: now).compactMap(\.punch).first)
      #expect(punch.role == role)
      now += .seconds(5)
      let events = rig.advance(to: now)
      #expect(events.prefix(2) == [.abandon(punch.id), outcome(number, .starting, .failed(.noPacket))])
      #expect(events.compactMap(\.open).count == (number < 3 ? 1 : 0))
      if number < 3 { stream = try rig.opens(in: events, at: now) }
    }
    #expect(rig.machine.counters.attemptsFailed == 3)
    #expect(rig.machine.summary(of: peers[20])?.failure == .noPacket)
  }

  @Test func `roles are not reversed on the last attempt when the option is off`() throws {
    var rig = Rig { $0.reversesRolesOnLastAttempt = false }
    var punch = try rig.punches()
    for _ in 2...3 {
      rig.machine.punchFailed(punch.id, .rejected, at: ms(1))
      punch = try rig.synchronises(rig.opens(at: ms(1)), at: ms(1))
      #expect(punch.role == .responder)
    }
  }

  @Test func `a handshake that fails is tried in the other role, and what worked comes first`() throws {
    var rig = Rig()
    var punch = try rig.punches()
    rig.machine.tcpConnected(punch.id, at: ms(10))
    #expect(rig.advance(to: ms(5009)) == [])
    let events = rig.advance(to: ms(5010))
    #expect(events.failures == [.handshakeFailed], "TCP stood, and nothing came of it in five seconds")
    punch = try rig.synchronises(rig.opens(in: events, at: ms(5010)), at: ms(5010))
    #expect(punch.role == .initiator)
    rig.machine.punched(punch.id, as: .initiator, at: ms(5020))
    _ = rig.said()
    rig.machine.directLost(peers[20], at: ms(6000))
    let again = try #require(rig.deadline)
    #expect(again >= ms(8000) && again <= ms(8500))
    punch = try rig.synchronises(rig.opens(in: rig.advance(to: again), at: again), at: again)
    #expect(punch.role == .initiator)
  }

  @Test func `a responder that had to begin itself is the initiator the next time`() throws {
    var rig = Rig()
    let punch = try rig.punches()
    rig.machine.punched(punch.id, as: .initiator, at: ms(10))
    rig.machine.directLost(peers[20], at: ms(20))
    _ = rig.said()
    let again = try #require(rig.deadline)
    let next = try rig.synchronises(rig.opens(in: rig.advance(to: again), at: again), at: again)
    #expect(next.role == .initiator)
  }

  @Test func `behind a router that maps differently to each we are the initiator`() throws {
    var rig = Rig()
    rig.machine.ownMappingChanged(.addressDependent, at: .zero)
    #expect(try rig.punches().role == .initiator)
  }

  // MARK: Reasons

  @Test(arguments: [
    (Mapping.endpointIndependent, ["/ip4/46.0.0.2/tcp/1"], DialFailure.timedOut, Failure.noPacket),
    (.addressDependent, ["/ip4/46.0.0.2/tcp/1"], .timedOut, .ourMappingVaries),
    (.unknown, ["/ip4/46.0.0.2/tcp/1", "/ip4/46.0.0.2/tcp/2"], .timedOut, .theirMappingVaries),
    (.addressDependent, ["/ip4/46.0.0.2/tcp/1", "/ip4/46.0.0.2/tcp/2"], .timedOut, .bothMappingsVary),
    (.endpointIndependent, ["/ip4/46.0.0.2/tcp/1", "/ip4/46.0.0.3/tcp/1"], .timedOut, .noPacket),
    (.addressDependent, ["/ip4/46.0.0.2/tcp/1"], .rejected, .rejected),
    (.unknown, ["/ip4/46.0.0.2/tcp/1"], .unreachable, .noRoute),
    (.unknown, ["/ip4/46.0.0.2/tcp/1"], .handshake, .handshakeFailed),
    (.unknown, ["/ip4/46.0.0.2/tcp/1"], .wrongPeer, .wrongPeer),
  ])
  func `a failure says what can be known`(
    mapping: Mapping, theirs: [String], met: DialFailure, failure: Failure
  ) throws {
    var rig = Rig()
    rig.machine.ownMappingChanged(mapping, at: .zero)
    let punch = try rig.punches(from: theirs.map(address))
    rig.machine.punchFailed(punch.id, met, at: ms(1))
    #expect(rig.said().failures == [failure])
  }

  @Test func `every reason is told in words of its own`() {
    #expect(Set(Failure.allCases.map(\.description)).count == Failure.allCases.count)
  }

  // MARK: Trying again

  @Test func `series are repeated, less and less often`() throws {
    var rig = Rig()
    rig.circuit(20, isInbound: true)
    rig.describe(20)
    var asked = rig.said()
    var now = Instant.zero
    for delay in [30.0, 120, 600, 600] {
      let stream = try rig.opens(in: asked, at: now)
      rig.machine.streamEnded(stream, at: now)
      #expect(rig.said().failures == [.refusedByPeer])
      let again = try #require(rig.deadline)
      let seconds = (again - now).milliseconds / 1000
      #expect(seconds <= delay && seconds >= delay * 3 / 4)
      #expect(
        rig.machine.summary(of: peers[20]) == Summary(state: .retrying(at: again), failure: .refusedByPeer))
      now = again
      asked = rig.advance(to: now)
    }
  }

  @Test func `an address of ours that is new is reason enough, though not at once again`() throws {
    var rig = Rig()
    let stream = try rig.asks()
    rig.machine.streamEnded(stream, at: ms(100))
    _ = rig.said()
    rig.machine.ownAddressesChanged([ourAddress], at: ms(200))
    #expect(rig.deadline.map { $0 > ms(20_000) } == true, "nothing is new")
    rig.machine.ownAddressesChanged([ourAddress, address("/ip4/47.0.0.1/tcp/1")], at: ms(200))
    #expect(rig.deadline == ms(10_100))
    #expect(rig.advance(to: ms(10_100)).compactMap(\.open).count == 1)
  }

  @Test func `an address that becomes known during a series makes the next one come soon`() throws {
    var rig = Rig()
    let stream = try rig.asks()
    rig.machine.ownAddressesChanged([address("/ip4/47.0.0.1/tcp/1")], at: ms(50))
    rig.machine.streamEnded(stream, at: ms(100))
    #expect(rig.deadline == ms(10_100))
  }

  @Test func `a peer that keeps changing its addresses is not followed for ever`() throws {
    var rig = Rig { $0.dialsFirst = false }
    rig.circuit(20, isInbound: true)
    rig.describe(20)
    var asked = rig.said()
    var series = 0
    var now = Instant.zero
    for number in 1...60 {
      if let open = asked.compactMap(\.open).first {
        series += 1
        rig.machine.openFailed(open, isUnsupported: false, at: now)
        _ = rig.said()
      }
      now += .seconds(1)
      rig.describe(20, [address("/ip4/46.0.0.2/tcp/\(number)")], at: now)
      asked = rig.said() + rig.advance(to: now)
    }
    #expect(series >= 2 && series <= 6, "\(series) in a minute")
    #expect(rig.machine.counters.promptsLimited > 50)
  }

  @Test func `a direct connection that is lost is made again after a pause`() throws {
    var rig = Rig()
    let punch = try rig.punches()
    rig.machine.punched(punch.id, as: .responder, at: ms(10))
    _ = rig.said()
    _ = rig.advance(to: ms(60_000))
    rig.machine.directLost(peers[20], at: ms(60_000))
    #expect(rig.said() == [])
    let again = try #require(rig.deadline)
    #expect(again >= ms(62_000) && again <= ms(62_500))
    #expect(rig.advance(to: again).compactMap(\.open).count == 1)
  }

  @Test func `without the circuit nothing is tried again`() throws {
    var rig = Rig()
    let stream = try rig.asks()
    rig.machine.relayedClosed(rig.connection(20), to: peers[20], at: ms(10))
    #expect(rig.said() == [outcome(1, .starting, .failed(.circuitClosed))])
    rig.machine.streamEnded(stream, at: ms(10))
    #expect(rig.machine.summary(of: peers[20]) == nil)
    #expect(rig.deadline == ms(600_010), "only its memory")
    #expect(rig.advance(to: ms(600_010)) == [])
    #expect(rig.deadline == nil)
  }

  @Test func `dials outlive the circuit that arranged them`() throws {
    var rig = Rig()
    let punch = try rig.punches()
    rig.machine.relayedClosed(rig.connection(20), to: peers[20], at: ms(10))
    #expect(rig.said() == [])
    rig.machine.punched(punch.id, as: .responder, at: ms(20))
    #expect(rig.said().compactMap(\.outcome?.result) == [.succeeded(after: .milliseconds(20), by: .punch)])
  }
}
