// The relay's desk: who gets a slot, and who does not.

import CircuitRelay
import Identity
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct ReservationTests {
  @Test func `a reservation has an expiry, an address with the relay in it, and a voucher`() throws {
    var desk = Desk()
    desk.connect(1)
    guard case .status(.ok, let reservation?, .unlimited) = try desk.ask(.reserve, by: 1) else {
      Issue.record("refused")
      return
    }
    #expect(reservation.expiration == 1_700_003_600)
    #expect(reservation.addresses == [address("/ip4/45.1.2.3/tcp/4001/p2p/\(desk.relay.peerID)")])
    let voucher = try Voucher.open(#require(reservation.voucher), from: desk.relay.peerID, to: peer(1))
    #expect(voucher.expiration == 1_700_003_600)
    #expect(desk.service.hasReservation(peer(1)))
  }

  @Test func `a relay that knows no address of its own tells where it was reached`() throws {
    var desk = Desk()
    desk.service.announce([])
    desk.connect(1)
    guard case .status(.ok, let reservation?, _) = try desk.ask(.reserve, by: 1) else { return }
    #expect(reservation.addresses == [address("/ip4/45.1.2.3/tcp/4001/p2p/\(desk.relay.peerID)")])
  }

  @Test func `many long addresses still make a message that others read`() throws {
    var desk = Desk()
    let label = String(repeating: "x", count: 60)
    desk.service.announce(
      (0..<40).map { address("/dns4/\(label).\(label).\(label).host\($0).example/tcp/4001") })
    desk.connect(1)
    guard case .status(.ok, let reservation?, _) = try desk.ask(.reserve, by: 1) else { return }
    #expect(reservation.addresses.count > 4)
  }

  @Test func `asking again renews, and takes no second slot`() throws {
    var desk = Desk { $0.reservationsMax = 1 }
    desk.connect(1)
    desk.connect(2)
    #expect(try desk.status(.reserve, by: 1) == .ok)
    #expect(try desk.status(.reserve, by: 1, at: ms(1_800_000)) == .ok)
    #expect(try desk.status(.reserve, by: 2, at: ms(1_800_000)) == .reservationRefused)
    #expect(desk.service.reservationCount == 1)
    desk.service.advance(to: ms(3_600_000))
    #expect(desk.service.hasReservation(peer(1)))
    desk.service.advance(to: ms(5_400_000))
    #expect(!desk.service.hasReservation(peer(1)))
    #expect(try desk.status(.reserve, by: 2, at: ms(5_400_000)) == .ok)
    #expect(desk.service.counters.reservationsRefreshed == 1)
    #expect(desk.service.counters.refusedFull == 1)
  }

  @Test func `addresses and networks have limits of their own, and loopback has none`() throws {
    var desk = Desk {
      $0.reservationsPerAddressMax = 2
      $0.reservationsPerNetworkMax = 3
    }
    let places = ["8.8.8.8", "8.8.8.8", "8.8.8.8", "8.8.4.4", "8.8.1.1", "9.9.9.9"]
    var answers: [Status] = []
    for (number, place) in places.enumerated() {
      desk.connect(number, from: "/ip4/\(place)/tcp/\(number + 1)")
      answers.append(try desk.status(.reserve, by: number))
    }
    #expect(answers == [.ok, .ok, .reservationRefused, .ok, .reservationRefused, .ok])
    #expect(desk.service.counters.refusedAddress == 1 && desk.service.counters.refusedNetwork == 1)
    for number in 10..<20 {
      desk.connect(number, from: "/ip4/127.0.0.1/tcp/\(number)")
      #expect(try desk.status(.reserve, by: number) == .ok)
    }
    // A /56 is one home.
    for number in 20..<23 {
      desk.connect(number, from: "/ip6/2a00:1:2:3\(number):\(number)::1/tcp/1")
    }
    #expect(try desk.status(.reserve, by: 20) == .ok)
    // Leaving makes room.
    desk.service.peerDisconnected(ConnectionID(rawValue: 0), at: .zero)
    #expect(try desk.status(.reserve, by: 2) == .ok)
  }

  @Test func `a reservation dies with the last direct connection, not with another one`() throws {
    var desk = Desk()
    desk.connect(1)
    #expect(try desk.status(.reserve, by: 1) == .ok)
    desk.service.peerConnected(
      peer(1), on: ConnectionID(rawValue: 77), local: address("/ip4/45.1.2.3/tcp/4001"),
      remote: address("/ip4/60.9.9.9/tcp/1"), isRelayed: false)
    desk.service.peerDisconnected(ConnectionID(rawValue: 1), at: ms(5))
    #expect(desk.service.hasReservation(peer(1)))
    desk.service.peerDisconnected(ConnectionID(rawValue: 77), at: ms(6))
    #expect(!desk.service.hasReservation(peer(1)))
    _ = desk.pump()
    #expect(desk.events.contains(.reservationEnded(peer(1), .disconnected)))
    #expect(desk.service.deadline == nil)
  }

  @Test func `nothing is relayed over a relayed connection`() throws {
    var desk = Desk()
    desk.connect(1, isRelayed: true)
    desk.connect(2)
    #expect(try desk.status(.reserve, by: 1) == .permissionDenied)
    #expect(try desk.status(.reserve, by: 2) == .ok)
    #expect(try desk.status(.connect(to: peer(2)), by: 1) == .permissionDenied)
  }

  @Test func `access is for whom it is given`() throws {
    var desk = Desk { $0.access = .except([peer(1)]) }
    desk.connect(1)
    desk.connect(2)
    #expect(try desk.status(.reserve, by: 1) == .permissionDenied)
    #expect(try desk.status(.reserve, by: 2) == .ok)
    #expect(try desk.status(.connect(to: peer(2)), by: 1) == .permissionDenied)
    var closed = Desk { $0.access = .only([peer(1)]) }
    closed.connect(2)
    #expect(try closed.status(.reserve, by: 2) == .permissionDenied)
  }

  @Test func `a flood of requests is refused, and only the flooder's`() throws {
    var desk = Desk()
    desk.connect(1)
    desk.connect(2)
    for _ in 0..<30 { #expect(try desk.status(.reserve, by: 1) == .ok) }
    for _ in 0..<100 { #expect(try desk.status(.reserve, by: 1) == .resourceLimitExceeded) }
    #expect(try desk.status(.reserve, by: 2) == .ok)
    #expect(try desk.status(.reserve, by: 1, at: ms(4000)) == .ok)
    #expect(desk.service.counters.refusedRate == 100)
  }

  @Test func `a flood of silent streams is bounded and timed out`() throws {
    var desk = Desk { $0.requestsPerConnectionMax = 4 }
    desk.connect(1)
    let streams = (0..<100).map { _ in desk.open(1) }
    _ = desk.pump()
    #expect(desk.events == streams[4...].map { .reset($0) })
    desk.service.advance(to: ms(15_000))
    _ = desk.pump()
    #expect(Set(desk.events.map { "\($0)" }) == Set(streams[..<4].map { "\(Service.Event.reset($0))" }))
    #expect(desk.service.counters.requestsTimedOut == 4 && desk.service.deadline == nil)
  }

  @Test func `what is no request is answered by its status`() throws {
    var desk = Desk()
    desk.connect(1)
    let answers = try [
      ByteBuffer(bytes: [2, 8, 1]), ByteBuffer(bytes: [3, 8, 1, 0xFF]), ByteBuffer(bytes: [0x81, 0x20]),
      ByteBuffer(bytes: [2, 8, 7]), HopMessage.status(.ok, nil, .unlimited).encoded,
    ].map { try desk.ask($0, by: 1) }
    let expected: [Status] = [
      .malformedMessage, .malformedMessage, .malformedMessage, .unexpectedMessage, .unexpectedMessage,
    ]
    #expect(answers == expected.map { .status($0, nil, .unlimited) })
  }

  @Test func `a request may come byte by byte`() throws {
    var desk = Desk()
    desk.connect(1)
    let stream = desk.open(1)
    for byte in [2, 8, 0] as [UInt8] { desk.send(ByteBuffer(bytes: [byte]), on: stream) }
    #expect(desk.pump()[stream] != nil)
    #expect(desk.service.hasReservation(peer(1)))
  }

  @Test func `an answered stream that the peer leaves open is reset`() throws {
    var desk = Desk()
    desk.connect(1)
    let stream = desk.open(1)
    desk.send(HopMessage.reserve.encoded, on: stream)
    _ = desk.pump()
    desk.service.advance(to: ms(10_000))
    _ = desk.pump()
    #expect(desk.events == [.reset(stream)])
  }

  // Leaving.

  @Test func `a relay that leaves takes nothing new and lets its peers go one by one`() throws {
    var desk = Desk()
    for number in 1...4 {
      desk.connect(number)
      #expect(try desk.status(.reserve, by: number) == .ok)
    }
    let circuit = try desk.circuit(from: 1, to: 2)
    desk.service.drain(over: .seconds(4), at: ms(1000))
    desk.connect(5)
    #expect(try desk.status(.reserve, by: 5, at: ms(1000)) == .reservationRefused)
    #expect(try desk.status(.connect(to: peer(4)), by: 5, at: ms(1000)) == .resourceLimitExceeded)
    var released: [Int] = []
    for second in 1...6 {
      desk.service.advance(to: ms(Int64(second) * 1000))
      _ = desk.pump()
      released += (1...4).filter { desk.events.contains(.release(peer($0))) }
      if desk.events.contains(.reset(circuit.stop)) { #expect(desk.events.contains(.release(peer(1)))) }
    }
    // Those with a circuit go last. The first went with the command.
    #expect(released == [4, 1, 2])
    #expect(desk.events.isEmpty && desk.service.reservationCount == 0 && desk.service.circuitCount == 0)
    #expect(desk.service.isDraining)
  }
}
