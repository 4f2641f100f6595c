// A client by hand, at relays that are not what they should be.

import CircuitRelay
import Identity
import NIOCore
import SansIO
import Testing
import Wire

/// One client with one relay, which the test plays.
struct Guest {
  let relay = keys(200)
  var client: Client
  var events: [Client.Event] = []
  var nowMs = epochMs
  private var streamNumber: UInt32 = 0

  init(
    at place: String = "/ip4/45.1.2.3/tcp/4001", _ change: (inout ClientConfiguration) -> Void = { _ in }
  ) {
    var configuration = ClientConfiguration()
    change(&configuration)
    client = Client(
      own: peer(1), configuration: configuration, generator: SeededGenerator(seed: 7), now: .zero)
    client.addCandidate(relay.peerID, at: [address(place)], now: .zero)
    client.peerConnected(relay.peerID, at: address(place), now: .zero)
    client.advance(to: .zero)
  }

  mutating func pull() {
    events = []
    while let event = client.nextEvent() { events.append(event) }
  }

  /// The stream on which the client asks now.
  mutating func asks(at now: Instant = .zero) throws -> StreamHandle {
    pull()
    let open = events.compactMap { if case .openHop(let open, _) = $0 { open } else { nil } }.last
    streamNumber += 2
    let stream = StreamHandle(connection: ConnectionID(rawValue: 1), stream: streamNumber)
    client.opened(try #require(open), as: stream, at: now)
    pull()
    return stream
  }

  mutating func send(_ bytes: ByteBuffer, on stream: StreamHandle, at now: Instant = .zero) {
    var bytes = bytes
    client.receive(&bytes, from: stream, nowMs: nowMs, at: now)
    #expect(bytes.readableBytes == 0)
    pull()
  }

  /// A reservation that is answered with this.
  mutating func reserves(
    _ reservation: Reservation?, _ status: Status = .ok, _ limit: Limit = .unlimited, at now: Instant = .zero
  ) throws {
    let stream = try asks(at: now)
    #expect(events == [.write(HopMessage.reserve.encoded, on: stream)])
    send(HopMessage.status(status, reservation, limit).encoded, on: stream, at: now)
    #expect(events.contains(.finish(stream)))
    client.streamEnded(stream, at: now)
  }

  func granted(
    for lifetime: Int64 = 3600, addresses: [String] = ["/ip4/45.1.2.3/tcp/4001"], voucher: [UInt8]? = nil
  ) -> Reservation {
    Reservation(
      expiration: UInt64(clamping: epochMs / 1000 + lifetime), addresses: addresses.map { address($0) },
      voucher: voucher)
  }

  mutating func deadline() -> Instant { client.deadline ?? .distantFuture }

  var states: [ReservationState] {
    events.compactMap { if case .reservation(_, let state) = $0 { state } else { nil } }
  }

  /// A stop stream of the relay's, with this on it.
  mutating func stop(_ bytes: ByteBuffer, at now: Instant = .zero) -> StreamHandle {
    streamNumber += 2
    let stream = StreamHandle(connection: ConnectionID(rawValue: 1), stream: streamNumber + 1)
    client.streamOpened(stream, by: relay.peerID, at: now)
    send(bytes, on: stream, at: now)
    return stream
  }

  var answered: Status? {
    for case .write(let frame, _) in events {
      if let body = try? body(frame), case .status(let status)? = try? StopMessage(decoding: body) {
        return status
      }
    }
    return nil
  }
}

@Suite struct ClientTests {
  // Reservations.

  @Test func `an accepted reservation gives an address`() throws {
    var guest = Guest()
    let voucher = Voucher(relay: guest.relay.peerID, peer: peer(1), expiration: 1).sealed(by: guest.relay)
    try guest.reserves(guest.granted(voucher: voucher), .ok, Limit(bytes: 9))
    let expiry = Instant.zero + .seconds(3600)
    #expect(guest.states == [.accepted(expiresAt: expiry, Limit(bytes: 9), isRefresh: false)])
    #expect(
      guest.client.addresses
        == [address("/ip4/45.1.2.3/tcp/4001/p2p/\(guest.relay.peerID)/p2p-circuit")])
    #expect(guest.events.contains(.addressesChanged(guest.client.addresses)))
  }

  @Test func `no voucher is no harm, a forged one is`() throws {
    var guest = Guest()
    try guest.reserves(guest.granted())
    #expect(
      guest.client.counters.vouchersMissing == 1 && guest.client.holdsReservation(at: guest.relay.peerID))
    let forged = [
      Voucher(relay: guest.relay.peerID, peer: peer(2), expiration: 1).sealed(by: guest.relay),
      Voucher(relay: peer(5), peer: peer(1), expiration: 1).sealed(by: keys(5)), [1, 2, 3],
    ]
    for voucher in forged {
      var guest = Guest()
      try guest.reserves(guest.granted(voucher: voucher))
      guard case .refused(.invalid)? = guest.states.first else {
        Issue.record("\(guest.states)")
        continue
      }
      #expect(guest.client.addresses.isEmpty && guest.client.counters.vouchersForged == 1)
      // Not tried again soon.
      guest.client.advance(to: ms(600_000))
      guest.pull()
      #expect(guest.events.isEmpty || !guest.events.contains { "\($0)".contains("openHop") })
    }
  }

  @Test func `every refusal is told, and tried again later`() throws {
    for status in [
      Status.reservationRefused, .resourceLimitExceeded, .permissionDenied, .malformedMessage, .other(7),
    ] {
      var guest = Guest()
      try guest.reserves(nil, status)
      #expect(guest.states == [.refused(.status(status))])
      let retry = guest.deadline()
      #expect(retry >= ms(7500))
      guest.client.advance(to: ms(3_600_000))
      guest.pull()
      #expect(guest.states == [.requested])
    }
    var guest = Guest()
    try guest.reserves(nil, .ok)
    #expect(guest.states == [.refused(.invalid(.malformedMessage))])
  }

  @Test func `a relay that does not answer, ends early, or is none`() throws {
    var guest = Guest()
    let stream = try guest.asks()
    guest.client.advance(to: ms(10_000))
    guest.pull()
    #expect(
      guest.events.prefix(2) == [
        .reset(stream), .reservation(guest.relay.peerID, .refused(.invalid(.timedOut))),
      ])

    guest = Guest()
    let other = try guest.asks()
    guest.client.remoteFinished(other, at: .zero)
    guest.pull()
    #expect(guest.states == [.refused(.invalid(.endedEarly))])

    guest = Guest()
    guest.pull()
    guest.client.openFailed(OpenID(rawValue: 1), isUnsupported: true, at: .zero)
    guest.pull()
    #expect(guest.states == [.refused(.unsupported)])
  }

  @Test func `clocks that are wrong and expiries that are absurd are clamped`() throws {
    func lifetime(_ expiration: UInt64?) throws -> Duration {
      var guest = Guest()
      try guest.reserves(
        Reservation(expiration: expiration, addresses: [address("/ip4/45.1.2.3/tcp/4001")], voucher: nil))
      guard case .accepted(let expiry, _, _)? = guest.states.first else { return .zero }
      let refresh = guest.deadline()
      #expect(refresh - .zero >= .seconds(10) && refresh - .zero <= .seconds(900))
      return expiry - .zero
    }
    let now = UInt64(epochMs / 1000)
    #expect(try lifetime(now + 1800) == .seconds(1800))
    #expect(try lifetime(now + 1) == .seconds(120))
    #expect(try lifetime(now - 100_000) == .seconds(120))
    #expect(try lifetime(0) == .seconds(120))
    #expect(try lifetime(.max) == .seconds(3600))
    #expect(try lifetime(nil) == .seconds(3600))
  }

  @Test func `a reservation is refreshed long before its end, and lost at its end`() throws {
    var guest = Guest()
    try guest.reserves(guest.granted(for: 600))
    let refresh = guest.deadline()
    #expect((405...450).contains((refresh - .zero).components.seconds))
    guest.client.advance(to: refresh)
    try guest.reserves(guest.granted(for: 1200), at: refresh)
    #expect(guest.states == [.accepted(expiresAt: refresh + .seconds(1200), .unlimited, isRefresh: true)])
    #expect(!guest.events.contains { "\($0)".contains("addressesChanged") })

    // The next one is refused: it is used while it lasts.
    let again = guest.deadline()
    guest.client.advance(to: again)
    try guest.reserves(nil, .reservationRefused, at: again)
    #expect(guest.states.isEmpty && guest.client.holdsReservation(at: guest.relay.peerID))
    for second in 0..<2000 as Range<Int64> {
      guest.client.advance(to: again + .seconds(second))
      guest.pull()
      if guest.states == [.lost(.expired)] { break }
      for case .openHop(let open, _) in guest.events {
        guest.client.openFailed(open, isUnsupported: false, at: again + .seconds(second))
      }
    }
    #expect(guest.states == [.lost(.expired)] && guest.client.addresses.isEmpty)
  }

  @Test func `a relay that lies about where it is`() throws {
    func announced(_ claims: [String], at place: String = "/ip4/45.1.2.3/tcp/4001") throws -> [String] {
      var guest = Guest(at: place)
      try guest.reserves(guest.granted(addresses: claims))
      let tail = "/p2p/\(guest.relay.peerID)/p2p-circuit"
      return guest.client.addresses.map { String("\($0)".replacing(tail, with: "")) }
    }
    let public4 = "/ip4/45.1.2.3/tcp/4001"
    #expect(
      try announced([
        "/ip4/127.0.0.1/tcp/4001", "/ip4/192.168.1.1/tcp/4001", "/ip4/224.0.0.1/tcp/1", "/ip4/0.0.0.0/tcp/1",
        "/ip4/9.9.9.9/tcp/0", "/ip4/9.9.9.9/tcp/1/p2p/\(peer(9))",
        "/ip4/9.9.9.9/tcp/1/p2p/\(peer(9))/p2p-circuit", "/dns4/relay.example/tcp/4001",
        "/ip4/8.8.8.8/tcp/4001",
      ]) == ["/dns4/relay.example/tcp/4001", "/ip4/8.8.8.8/tcp/4001"])
    // Nothing believable: where we found it.
    #expect(try announced(["/ip4/10.0.0.1/tcp/4001"]) == [public4])
    #expect(try announced([]) == [public4])
    // On one machine, loopback is where it is.
    let loopback = "/ip4/127.0.0.1/tcp/4001"
    #expect(try announced([loopback], at: loopback) == [loopback])
    #expect(try announced((1...16).map { "/ip4/9.9.9.\($0)/tcp/1" }).count == 4)
  }
}
