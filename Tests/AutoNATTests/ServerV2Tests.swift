// Version 2 from the server's side.

import AutoNAT
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@Suite struct ServerV2Tests {
  let home = "/ip4/\(Desk.ip(1))/tcp/4001"
  let elsewhere = "/ip4/80.1.1.1/tcp/4001"

  func request(_ addresses: String..., nonce: UInt64 = 99) -> V2Message {
    .dialRequest(addresses.map(address), nonce: nonce)
  }

  @Test func `dials, says the nonce, hears the response, closes, answers`() throws {
    var desk = Desk()
    let stream = desk.ask(request(home, nonce: 0xABCD))
    #expect(desk.dialled == [address(home)] && desk.dials[0].peer == peer(1))
    let dialBack = try desk.reach()
    #expect(try DialBackMessage.nonce(decoding: #require(desk.written(on: dialBack).first)) == 0xABCD)
    #expect(desk.events.contains(.finish(dialBack)))
    desk.send(DialBackMessage.response, on: dialBack)
    desk.pump()
    #expect(desk.events.first == .closeConnection(dialBack.connection))
    #expect(try desk.v2Answer(on: stream) == .answer(0, .ok))
    desk.server.streamEnded(dialBack, at: .zero)
    desk.server.streamEnded(stream, at: .zero)
    #expect(desk.server.streamCount == 0 && desk.server.deadline == nil)
  }

  @Test func `no connection is a dial error`() throws {
    var desk = Desk()
    let stream = desk.ask(request(home))
    desk.server.dialFailed(desk.dials[0].key, at: ms(5))
    desk.pump()
    #expect(try desk.v2Answer(on: stream) == .answer(0, .dialError))
  }

  @Test func `a dial that never ends is one too, before Rust's clients give up`() throws {
    var desk = Desk()
    let stream = desk.ask(request(home))
    let key = desk.dials[0].key
    desk.advance(to: ms(7999))
    #expect(desk.events == [])
    desk.advance(to: ms(8000))
    #expect(desk.events.first == .cancelDial(key))
    #expect(try desk.v2Answer(on: stream) == .answer(0, .dialError))
    desk.server.dialed(key, on: ConnectionID(rawValue: 9), at: ms(8001))
    desk.pump()
    #expect(desk.events == [.closeConnection(ConnectionID(rawValue: 9))])
  }

  enum Greeting: CaseIterable { case response, end, refusal, reset, nonsense, silence, noStream }

  @Test(arguments: Greeting.allCases)
  func `a nonce that may not have arrived is a dial-back error`(_ greeting: Greeting) throws {
    var desk = Desk()
    let stream = desk.ask(request(home))
    if greeting == .noStream {
      desk.server.dialed(desk.dials[0].key, on: ConnectionID(rawValue: 1000), at: .zero)
      desk.server.openFailed(OpenID(rawValue: 1), at: .zero)
      desk.pump()
    } else {
      let dialBack = try desk.reach()
      switch greeting {
      case .response: desk.send(DialBackMessage.response, on: dialBack)
      case .end: desk.server.remoteFinished(dialBack, at: .zero)
      case .refusal: desk.send(ByteBuffer(bytes: [2, 8, 1]), on: dialBack)
      case .reset: desk.server.streamEnded(dialBack, at: .zero)
      case .nonsense: desk.send(ByteBuffer(bytes: [0xFF, 0xFF, 0x7F]), on: dialBack)
      case .silence: desk.server.advance(to: ms(5000))
      case .noStream: break
      }
      desk.pump()
    }
    let isDelivered = greeting == .response || greeting == .end
    #expect(desk.events.contains(.closeConnection(ConnectionID(rawValue: 1000))))
    #expect(try desk.v2Answer(on: stream) == .answer(0, isDelivered ? .ok : .dialBackError))
    #expect(desk.server.counters.dialBacksFailed == (isDelivered ? 0 : 1))
  }

  // Which address.

  @Test func `the first that can be dialled, and no other`() throws {
    var desk = Desk()
    let stream = desk.ask(
      request(
        "/ip4/192.168.0.1/tcp/1", "/ip4/127.0.0.1/tcp/1", "/ip4/0.0.0.0/tcp/1", "/ip4/224.0.0.1/tcp/1",
        "/ip4/255.255.255.255/tcp/1", "/ip4/169.254.1.1/tcp/1", "/ip6/::1/tcp/1", "/ip6/fd00::1/tcp/1",
        "/ip6/::ffff:10.0.0.1/tcp/1", "/ip6/64:ff9b::a00:1/tcp/1", "/dns4/localhost/tcp/1",
        "/dns/a.org/tcp/1",
        "/ip4/\(Desk.ip(1))/udp/1/quic-v1", "/ip4/\(Desk.ip(1))/tcp/1/ws", "/ip4/\(Desk.ip(1))/tcp/0",
        "/ip4/45.1.2.3/tcp/22", "/ip4/9.9.9.9/tcp/1/p2p/\(peer(7))/p2p-circuit",
        "/ip4/\(Desk.ip(1))/tcp/1/p2p/\(peer(2))", home, elsewhere))
    #expect(desk.dialled == [address(home)])
    desk.server.dialFailed(desk.dials[0].key, at: ms(1))
    desk.pump()
    #expect(try desk.v2Answer(on: stream) == .answer(18, .dialError))
    #expect(desk.dialled.isEmpty, "no second attempt")
  }

  @Test func `without any, the dial is refused`() throws {
    var desk = Desk()
    for message in [request("/ip4/192.168.0.1/tcp/1"), request(), .dialRequest([nil], nonce: 1)] {
      let stream = desk.ask(message)
      #expect(try desk.v2Answer(on: stream) == .answer(.dialRefused))
    }
    #expect(desk.server.counters.refusedAddresses == 3 && desk.server.counters.dials == 0)
  }

  @Test func `families and transports that are lacking are refused`() throws {
    let six = "/ip6/2a00::1/tcp/4001"
    let quic = "/ip4/\(Desk.ip(1))/udp/4001/quic-v1"
    var desk = Desk([.ip4, .tcp])
    #expect(try desk.v2Answer(to: request(six, quic)) == .answer(.dialRefused))
    desk.server.transports = [.ip4, .tcp, .quic]
    desk.ask(request(six, quic))
    #expect(desk.dialled == [address(quic)])
    desk.server.transports = [.ip6, .tcp]
    #expect(try desk.v2Answer(to: request(home)) == .answer(.dialRefused))
  }

  @Test func `fifty addresses are looked at`() throws {
    var desk = Desk()
    let bad = [Multiaddr?](repeating: nil, count: 50)
    #expect(
      try desk.v2Answer(to: .dialRequest(bad + [address(home)], nonce: 1)) == .answer(.dialRefused))
    desk.ask(.dialRequest(bad.dropLast() + [address(home)], nonce: 1))
    #expect(desk.dialled == [address(home)])
  }

  @Test func `private addresses are dialled where that is allowed`() throws {
    var desk = Desk { $0.allowsPrivate = true }
    desk.ask(request("/ip4/127.0.0.1/tcp/5"), from: "/ip4/127.0.0.1/tcp/9")
    #expect(desk.dialled == [address("/ip4/127.0.0.1/tcp/5")])
    let stream = desk.ask(request("/ip4/0.0.0.0/tcp/5", "/ip4/224.0.0.1/tcp/5", "/ip4/127.0.0.1/tcp/0"))
    #expect(try desk.v2Answer(on: stream) == .answer(.dialRefused))
  }

  @Test func `IPv4 inside IPv6 is IPv4`() throws {
    var desk = Desk()
    desk.ask(request("/ip6/::ffff:60.0.1.1/tcp/4001"))
    #expect(desk.dialled == [address("/ip4/60.0.1.1/tcp/4001")], "and the same as what we see")
  }

  // Amplification.

  @Test func `another IP costs thirty to a hundred thousand bytes and a wait`() throws {
    var amounts: Set<UInt64> = []
    var waits: Set<Int> = []
    var desk = Desk { $0.v2RatePerPeer = Rate(burst: 99, interval: .seconds(1)) }
    for round in 0..<12 {
      let stream = desk.ask(request("/ip4/10.0.0.1/tcp/1", elsewhere))
      let (index, bytes) = try desk.demanded(on: stream)
      #expect(index == 1 && dialDataBytes.contains(Int(bytes)))
      #expect(desk.dialled.isEmpty)
      amounts.insert(bytes)
      var owed = Int(bytes)
      while owed > 0 {
        #expect(desk.dialled.isEmpty, "not before the last byte")
        desk.send(V2Message.dialData(bytes: min(owed, 4096)).encoded, on: stream)
        owed -= 4096
        desk.pump()
      }
      var now = 0
      while desk.dialled.isEmpty, now <= 3000 {
        now += 1
        desk.advance(to: ms(Int64(now)))
      }
      #expect(desk.dialled == [address(elsewhere)])
      waits.insert(now)
      desk.server.dialFailed(desk.dials[0].key, at: ms(3000))
      desk.pump()
      #expect(try desk.v2Answer(on: stream) == .answer(1, .dialError))
      desk.server.streamEnded(stream, at: .zero)
      _ = round
    }
    #expect(amounts.count == 12 && waits.count > 6)
  }

  @Test func `the same IP at another port costs nothing`() throws {
    var desk = Desk()
    desk.ask(request("/ip4/\(Desk.ip(1))/tcp/22"))
    #expect(desk.dialled.count == 1)
  }

  @Test func `a last message may hold more than is owed`() throws {
    var desk = Desk()
    let stream = desk.ask(request(elsewhere))
    let count = try Int(desk.demanded(on: stream).bytes) / 4096 + 1
    for _ in 0..<count { desk.send(V2Message.dialData(bytes: 4096).encoded, on: stream) }
    desk.advance(to: ms(3000))
    #expect(desk.dialled == [address(elsewhere)])
  }

  @Test func `crumbs are not counted for long`() throws {
    var desk = Desk()
    let stream = desk.ask(request(elsewhere))
    desk.send(V2Message.dialData(bytes: 100).encoded, on: stream)
    desk.send(V2Message.dialData(bytes: 99).encoded, on: stream)
    desk.pump()
    #expect(desk.events == [.reset(stream)] && desk.server.counters.dialDataTooSmall == 1)
    #expect(desk.server.counters.dialDataBytes == 199 && desk.server.streamCount == 0)
  }

  @Test func `who pays too slowly is not waited for`() throws {
    var desk = Desk()
    let stream = desk.ask(request(elsewhere))
    for second in 1...14 {
      desk.send(V2Message.dialData(bytes: 1000).encoded, on: stream, at: seconds(Int64(second)))
    }
    desk.advance(to: seconds(15))
    #expect(desk.events == [.reset(stream)] && desk.server.counters.timeouts == 1)
    #expect(desk.server.counters.dials == 0)
  }

  @Test func `another question is no payment`() throws {
    var desk = Desk()
    let stream = desk.ask(request(elsewhere))
    desk.send(request(home).encoded, on: stream)
    desk.pump()
    #expect(desk.events == [.reset(stream)] && desk.server.counters.unexpectedMessages == 1)
  }

  @Test func `data that comes unasked pays for nothing`() throws {
    var desk = Desk()
    let stream = desk.open(.v2)
    desk.send(V2Message.dialData(bytes: 4096).encoded, on: stream)
    desk.pump()
    #expect(desk.events == [.reset(stream)])
    // Behind the request in one piece it counts, once it is owed.
    var bytes = request(elsewhere).encoded
    for _ in 0..<30 { bytes.writeImmutableBuffer(V2Message.dialData(bytes: 4096).encoded) }
    let second = desk.open(.v2)
    desk.send(bytes, on: second)
    desk.advance(to: ms(3000))
    #expect(desk.dialled == [address(elsewhere)])
  }

  @Test func `twelve times another IP, then no more for now`() throws {
    var desk = Desk()
    for number in 1...12 {
      let stream = desk.ask(request(elsewhere), by: number)
      _ = try desk.demanded(on: stream)
    }
    #expect(try desk.v2Answer(to: request(elsewhere), by: 13) == .answer(.requestRejected))
    desk.ask(request("/ip4/\(Desk.ip(14))/tcp/1"), by: 14)
    #expect(desk.dialled.count == 1, "its own IP is free")
    let later = desk.ask(request(elsewhere), by: 15, at: ms(5000))
    _ = try desk.demanded(on: later)
  }

  // Rates and limits.

  @Test func `two at once of one peer`() throws {
    var desk = Desk()
    let first = desk.ask(request(home))
    let key = desk.dials[0].key
    desk.ask(request(home))
    #expect(try desk.v2Answer(to: request(home)) == .answer(.requestRejected))
    #expect(desk.server.counters.refusedConcurrency == 1)
    desk.server.dialFailed(key, at: .zero)
    desk.server.streamEnded(first, at: .zero)
    desk.ask(request(home))
    #expect(desk.dialled.count == 1)
  }

  @Test func `twelve of one peer, sixty of all`() throws {
    var desk = Desk { $0.v2RateOfData = Rate(burst: 1000, interval: .seconds(1)) }
    func serve(_ number: Int, at now: Instant = .zero) throws -> Bool {
      let stream = desk.ask(request("/ip4/\(Desk.ip(number))/tcp/1"), by: number, at: now)
      defer { desk.server.streamEnded(stream, at: now) }
      guard let dial = desk.dials.first else {
        #expect(try desk.v2Answer(on: stream) == .answer(.requestRejected))
        return false
      }
      desk.server.dialFailed(dial.key, at: now)
      return true
    }
    for _ in 0..<12 { #expect(try serve(1)) }
    #expect(try !serve(1))
    for number in 2...49 { #expect(try serve(number)) }
    #expect(try !serve(50))
    #expect(try serve(50, at: ms(1000)))
    #expect(try serve(1, at: ms(5000)))
  }

  @Test func `streams are counted, of one peer and of all`() throws {
    var desk = Desk { $0.streamsMax = 20 }
    for number in 1...4 {
      for _ in 0..<9 { _ = desk.open(.v2, by: number) }
    }
    #expect(desk.server.streamCount == 20)
    #expect(desk.server.counters.streamsOverLimit == 16)
    desk.advance(to: seconds(15))
    #expect(desk.server.streamCount == 0, "unfinished requests and answers that are not taken end in time")
  }

  @Test func `an answered stream that is left open is reset`() throws {
    var desk = Desk()
    let stream = desk.ask(request("/ip4/10.0.0.1/tcp/1"))
    desk.advance(to: seconds(10))
    #expect(desk.events == [.reset(stream)] && desk.server.streamCount == 0)
  }

  @Test func `nothing is asked over a circuit`() throws {
    var desk = Desk()
    let stream = desk.open(.v2, from: "/ip4/60.0.1.1/tcp/1/p2p/\(peer(5))/p2p-circuit")
    desk.pump()
    #expect(try desk.v2Answer(on: stream) == .answer(.requestRejected))
    desk.send(request("/ip4/60.0.1.1/tcp/1").encoded, on: stream)
    desk.pump()
    #expect(desk.events == [])
  }

  // Asker and driver that go away.

  @Test func `who leaves is not dialled any more`() throws {
    for step in 0..<4 {
      var desk = Desk()
      let stream = desk.ask(request(step == 0 ? elsewhere : home))
      let key = desk.dials.first?.key
      if step == 2 {
        desk.server.dialed(try #require(key), on: ConnectionID(rawValue: 1000), at: .zero)
        desk.pump()
      } else if step == 3 {
        _ = try desk.reach()
      }
      desk.server.streamEnded(stream, at: ms(1))
      desk.pump()
      switch step {
      case 0: #expect(desk.events == [])
      case 1: #expect(desk.events == [.cancelDial(try #require(key))])
      default: #expect(desk.events == [.closeConnection(ConnectionID(rawValue: 1000))])
      }
      #expect(desk.server.dialCount == 0 && desk.server.streamCount == 0 && desk.server.deadline == nil)
      #expect(desk.server.counters.requestsAbandoned == 1)
      desk.server.opened(
        OpenID(rawValue: 1), as: StreamHandle(connection: .init(rawValue: 1), stream: 9), at: ms(2))
      desk.pump()
      #expect(desk.events.count == 1, "a stream that comes all the same is reset")
    }
  }

  // Bytes.

  @Test func `requests may come in any pieces`() throws {
    let bytes = request(home, nonce: 7).encoded.bytes
    for cut in 0...bytes.count {
      var desk = Desk()
      let stream = desk.open(.v2)
      desk.send(ByteBuffer(bytes: bytes[..<cut]), on: stream)
      desk.send(ByteBuffer(bytes: bytes[cut...]), on: stream)
      desk.pump()
      #expect(desk.dialled == [address(home)])
    }
  }

  @Test func `requests that are cut are reset, at every byte`() throws {
    for (version, bytes) in [
      (Version.v1, V1Message.dial(peer(1), [address(home)]).encoded.bytes),
      (.v2, request(home).encoded.bytes),
    ] {
      for cut in 0..<bytes.count {
        var desk = Desk()
        let stream = desk.open(version)
        desk.send(ByteBuffer(bytes: bytes[..<cut]), on: stream)
        desk.server.remoteFinished(stream, at: .zero)
        desk.pump()
        #expect(desk.events == [.reset(stream)])
        #expect(desk.server.counters.endedEarly == 1 && desk.server.streamCount == 0)
      }
    }
  }

  @Test func `no changed byte makes it dial anybody else for free`() throws {
    let own = address(home).host?.ip
    for (version, bytes) in [
      (Version.v1, V1Message.dial(peer(1), [address(home)]).encoded.bytes),
      (.v2, request(home).encoded.bytes),
    ] {
      for changed in bytes.bitFlips {
        var desk = Desk()
        let stream = desk.open(version)
        desk.send(ByteBuffer(bytes: changed), on: stream)
        desk.pump()
        #expect(desk.dialled.allSatisfy { $0.host?.ip == own })
        for second in [20, 40, 60] { desk.advance(to: seconds(Int64(second))) }
        #expect(desk.server.streamCount == 0 && desk.server.dialCount == 0)
      }
    }
  }

  @Test func `a message over the limit is refused by its length`() throws {
    for version in [Version.v1, .v2] {
      var desk = Desk()
      var length = ByteBuffer()
      Varint.encode(UInt64(version.messageBytesMax + 1), into: &length)
      let stream = desk.open(version)
      desk.send(length, on: stream)
      desk.pump()
      #expect(desk.events == [.reset(stream)] && desk.server.counters.malformedMessages == 1)
    }
  }

  @Test func `an answer instead of a question is reset`() throws {
    var desk = Desk()
    for bytes in [V2Message.answer(0, .ok), .dialDataRequest(index: 0, bytes: 1)].map(\.encoded) {
      let stream = desk.open(.v2)
      desk.send(bytes, on: stream)
      desk.pump()
      #expect(desk.events == [.reset(stream)])
    }
    let stream = desk.open(.v1)
    desk.send(V1Message.response(.ok, nil).encoded, on: stream)
    desk.pump()
    #expect(desk.events == [.reset(stream)] && desk.server.counters.unexpectedMessages == 3)
  }
}
