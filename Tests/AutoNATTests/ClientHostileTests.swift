// Servers, and whoever connects, that do not play by the rules.

import AutoNAT
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@Suite struct ClientHostileTests {
  let home = address(Asker.home)

  func asked(_ change: (inout ClientConfiguration) -> Void = { _ in }) throws -> (Asker, Asker.Asked) {
    var asker = Asker([Candidate(home, .announced)], change)
    asker.find(1)
    let question = try asker.theQuestion()
    return (asker, question)
  }

  // Lies.

  @Test func `a success without a nonce is a lie`() throws {
    var (asker, asked) = try asked()
    asker.answer(.answer(0, .ok), asked)
    asker.advance(to: ms(6999))
    #expect(asker.events == [])
    asker.advance(to: ms(7000))
    #expect(asker.events == [.reset(asked.stream)])
    #expect(asker.client.counters.lies == 1 && asker.reachability == .unknown)
  }

  @Test func `a wrong nonce is refused and proves nothing`() throws {
    var (asker, asked) = try asked()
    let stream = asker.dialBack(asked.nonce ^ 1)
    #expect(asker.events == [.reset(stream)] && asker.client.counters.noncesUnknown == 1)
    asker.answer(.answer(0, .ok), asked)
    asker.advance(to: ms(7000))
    #expect(asker.reachability == .unknown)
  }

  @Test func `a nonce over a connection that we made proves nothing`() throws {
    var (asker, asked) = try asked()
    let stream = asker.dialBack(asked.nonce, isInbound: false)
    #expect(asker.events.contains(.reset(stream)) && asker.client.counters.dialBacksMisplaced == 1)
    asker.dialBack(asked.nonce, to: "/ip4/45.1.1.1/tcp/1/p2p/\(peer(9))/p2p-circuit")
    #expect(asker.client.counters.dialBacksMisplaced == 2)
    asker.answer(.answer(0, .ok), asked)
    asker.advance(to: ms(7000))
    #expect(asker.reachability == .unknown)
  }

  @Test(arguments: [
    "/ip6/2a00::1/tcp/4001", "/ip4/192.168.1.2/udp/4001/quic-v1", "/ip6/::1/udp/4001/quic-v1",
  ])
  func `a nonce that came by another transport than the address has proves nothing`(_ local: String) throws {
    var (asker, asked) = try asked()
    asker.dialBack(asked.nonce, to: local)
    asker.answer(.answer(0, .ok), asked)
    #expect(asker.client.counters.lies == 1 && asker.reachability == .unknown)
  }

  @Test func `an address of a socket is proven at that socket only`() throws {
    for (local, isRight) in [
      ("/ip4/70.1.2.3/tcp/4001", true), ("/ip6/::ffff:70.1.2.3/tcp/4001", true),
      ("/ip4/70.1.2.3/tcp/4002", false), ("/ip4/192.168.1.2/tcp/4001", false),
    ] {
      var asker = Asker([Candidate(home, .listened)])
      asker.find(1)
      let asked = try asker.theQuestion()
      asker.dialBack(asked.nonce, to: local)
      asker.answer(.answer(0, .ok), asked)
      #expect((asker.reachability == .public) == isRight)
    }
  }

  @Test func `a failure after the nonce came is a contradiction`() throws {
    var (asker, asked) = try asked()
    asker.dialBack(asked.nonce)
    asker.answer(.answer(0, .dialError), asked)
    #expect(asker.client.counters.lies == 1 && asker.reachability == .unknown)
  }

  @Test func `one liar among three does not change the verdict`() throws {
    for liar in 1...3 {
      var asker = Asker()
      for number in 1...3 { asker.find(number) }
      var now = ms(2000)
      while now < seconds(700) {
        for asked in try asker.asked(at: now) {
          if asked.server == peer(liar) {
            asker.answer(.answer(0, .dialError), asked, at: now)
          } else {
            asker.prove(asked, at: now)
          }
        }
        now += .milliseconds(500)
        asker.advance(to: now)
        if now > seconds(20) { #expect(asker.reachability != .private) }
      }
      #expect(asker.client.counters.requests < 30, "and does not make us ask for ever")
    }
  }

  @Test func `a nonce is good once`() throws {
    var (asker, asked) = try asked()
    asker.dialBack(asked.nonce)
    let second = asker.dialBack(asked.nonce)
    #expect(asker.events == [.reset(second)])
    #expect(asker.client.counters.dialBacksAccepted == 1 && asker.client.counters.dialBacksUnasked == 1)
  }

  // Demands.

  @Test(arguments: [100_001, UInt64(UInt32.max), .max])
  func `an absurd demand is not met, and the server is left alone`(_ bytes: UInt64) throws {
    var (asker, asked) = try asked()
    asker.answer(.dialDataRequest(index: 0, bytes: bytes), asked)
    #expect(asker.events == [.reset(asked.stream)])
    #expect(asker.client.counters.dialDataRefused == 1 && asker.client.counters.dialDataBytes == 0)
    #expect(asker.client.deadline == ms(62_000))
  }

  @Test func `a second demand is not met`() throws {
    var (asker, asked) = try asked()
    asker.answer(.dialDataRequest(index: 0, bytes: 30_000), asked)
    asker.answer(.dialDataRequest(index: 0, bytes: 30_000), asked)
    #expect(asker.events == [.reset(asked.stream)])
    #expect(asker.client.counters.dialDataBytes == 30_000)
  }

  @Test func `servers together do not make us pay more than the rate`() throws {
    var asker = Asker {
      $0.failurePauseMin = .zero; $0.quickAsksMax = 1000
    }
    for number in 1...60 { asker.find(number) }
    var now = ms(2000)
    while now < seconds(290) {
      for asked in try asker.asked(at: now) {
        asker.answer(.dialDataRequest(index: 0, bytes: 100_000), asked, at: now)
        asker.answer(.answer(.internalError), asked, at: now)
      }
      now += .milliseconds(500)
      asker.advance(to: now)
    }
    #expect(asker.client.counters.dialDataBytes == 1_000_000)
    #expect(asker.client.counters.dialDataRefused > 20)
  }

  // Nonsense.

  @Test(arguments: [
    V2Message.answer(1, .ok), .answer(.max, .dialError), .answer(0, .unused), .answer(0, .other(77)),
    .answer(0, .dialBackError), .answer(.other(3)), .dialDataRequest(index: 9, bytes: 1), .dialData(bytes: 1),
    .dialRequest([], nonce: 1),
  ])
  func `an answer without a meaning is none`(_ message: V2Message) throws {
    var (asker, asked) = try asked()
    asker.answer(message, asked)
    #expect(asker.events == [.reset(asked.stream)] && asker.reachability == .unknown)
    #expect(asker.client.counters.requestsFailed == 1 && asker.client.questionCount == 0)
    #expect(asker.client.deadline == ms(62_000))
  }

  @Test func `answers that are cut, at every byte`() throws {
    let bytes = V2Message.answer(0, .dialError).encoded.bytes
    for cut in 0..<bytes.count {
      var (asker, asked) = try asked()
      asker.send(ByteBuffer(bytes: bytes[..<cut]), on: asked.stream)
      asker.client.remoteFinished(asked.stream, at: ms(2100))
      asker.pump()
      #expect(asker.events == [.reset(asked.stream)] && asker.reachability == .unknown)
    }
  }

  @Test func `no changed bit makes us public`() throws {
    for changed in V2Message.answer(0, .dialError).encoded.bytes.bitFlips {
      var (asker, asked) = try asked()
      asker.send(ByteBuffer(bytes: changed), on: asked.stream)
      asker.advance(to: seconds(60))
      #expect(asker.reachability != .public && asker.client.questionCount <= 1)
    }
  }

  @Test func `a message over the limit is refused by its length`() throws {
    for (versions, limit) in [(Set<Version>([.v1]), 4096), ([.v2], 8192)] {
      var asker = Asker()
      asker.find(1, versions)
      let asked = try asker.theQuestion()
      var length = ByteBuffer()
      Varint.encode(UInt64(limit + 1), into: &length)
      asker.send(length, on: asked.stream)
      #expect(asker.events == [.reset(asked.stream)] && asker.client.counters.malformedMessages == 1)
    }
  }

  @Test func `version 1 nonsense is no vote`() throws {
    for bytes in [
      V1Message.dial(nil, []).encoded, V1Message.response(.other(5), nil).encoded,
      V1Message.response(.badRequest, nil).encoded, V1Message.response(.internalError, nil).encoded,
      V1Message.response(.dialRefused, nil).encoded, ByteBuffer(bytes: [1, 0xFF]),
    ] {
      var asker = Asker()
      asker.find(1, [.v1])
      asker.send(bytes, on: try asker.theQuestion().stream)
      #expect(asker.reachability == .unknown && asker.client.questionCount == 0)
    }
  }

  // Slowness.

  @Test func `who does not answer is left alone, longer every time`() throws {
    var (asker, _) = try asked()
    var times: [Instant] = []
    var now = ms(2000)
    while times.count < 9, let next = asker.client.deadline {
      now = next
      asker.advance(to: now)
      if try !asker.asked(at: now).isEmpty { times.append(now) }
    }
    let pauses = zip(times, times.dropFirst()).map { Int(($1 - $0).milliseconds / 1000) }
    #expect(pauses == [150, 270, 510, 990, 1950, 3630, 3630, 3630])
    #expect(asker.client.counters.timeouts == 9)
  }

  @Test func `who leaves its half of a stream open is reset`() throws {
    var (asker, asked) = try asked()
    asker.endsStreams = false
    let dialBack = asker.dialBack(asked.nonce)
    asker.answer(.answer(0, .ok), asked)
    #expect(asker.reachability == .public)
    asker.advance(to: ms(6999))
    #expect(asker.events == [])
    asker.advance(to: ms(7000))
    #expect(asker.events == [.reset(dialBack), .reset(asked.stream)])
    #expect(asker.client.counters.timeouts == 0)
  }

  // Dial-backs.

  @Test func `dial-backs that nobody waits for are refused`() throws {
    var asker = Asker()
    asker.dialBack(1)
    #expect(asker.client.counters.dialBacksUnasked == 1)
    asker.find(1, [.v1])
    _ = try asker.theQuestion()
    asker.dialBack(0)
    #expect(asker.client.counters.dialBacksUnasked == 2, "version 1 has none")
  }

  @Test func `dial-backs are few, short and soon over`() throws {
    var (asker, _) = try asked()
    func open(_ number: UInt32) -> StreamHandle {
      let stream = StreamHandle(connection: ConnectionID(rawValue: 5), stream: number)
      asker.client.streamOpened(stream, local: address("/ip4/10.0.0.1/tcp/1"), isInbound: true, at: ms(2000))
      asker.pump()
      return stream
    }
    let streams = (1...8).map(open)
    let ninth = open(9)
    #expect(asker.events == [.reset(ninth)] && asker.client.counters.dialBacksOverLimit == 1)
    asker.send(ByteBuffer(bytes: [0x81, 0x08]), on: streams[0])
    #expect(asker.events == [.reset(streams[0])])
    asker.client.remoteFinished(streams[1], at: ms(2100))
    asker.pump()
    #expect(asker.events == [.reset(streams[1])] && asker.client.counters.dialBacksMalformed == 2)
    asker.advance(to: ms(7000))
    #expect(Set(asker.events) == Set(streams.dropFirst(2).map { .reset($0) }))
  }
}
