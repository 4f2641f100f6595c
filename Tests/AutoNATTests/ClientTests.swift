// What a client asks, when, and what it concludes.

import AutoNAT
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@Suite struct ClientTests {
  let home = address(Asker.home)

  // Asking.

  @Test func `nothing is asked before the boot delay is over, or without a server`() throws {
    var asker = Asker(boot: false)
    asker.advance(to: ms(2000))
    #expect(asker.events == [] && asker.client.deadline == nil)
    asker = Asker(boot: false)
    asker.find(1, now: ms(100))
    #expect(asker.events == [] && asker.client.deadline == ms(2000))
    asker.advance(to: ms(2000))
    let asked = try asker.theQuestion()
    #expect(asked.server == peer(1) && asked.addresses == [home])
  }

  @Test func `a proven success makes the address public, and the node`() throws {
    var asker = Asker()
    asker.find(1)
    let asked = try asker.theQuestion()
    let dialBack = asker.dialBack(asked.nonce)
    #expect(asker.events.contains(.write(DialBackMessage.response, on: dialBack)))
    #expect(asker.events.contains(.finish(dialBack)))
    #expect(asker.reachability == .unknown, "not before the server has said which address it was")
    asker.answer(.answer(0, .ok), asked)
    #expect(
      asker.events
        == [.finish(asked.stream), .addressChanged(home, .public), .reachability(.public, [home])])
    #expect(asker.client.confirmedAddresses == [home])
  }

  @Test func `the nonce may come after the answer`() throws {
    var asker = Asker()
    asker.find(1)
    let asked = try asker.theQuestion()
    asker.answer(.answer(0, .ok), asked)
    #expect(asker.reachability == .unknown)
    asker.dialBack(asked.nonce, at: ms(6000))
    #expect(asker.reachability == .public)
  }

  @Test func `a nonce that came proves more than the server knows`() throws {
    var asker = Asker()
    asker.find(1)
    let asked = try asker.theQuestion()
    asker.dialBack(asked.nonce)
    asker.answer(.answer(0, .dialBackError), asked)
    #expect(asker.reachability == .public)
  }

  @Test func `the word of the only network is believed, of several two must agree`() throws {
    var alone = Asker()
    alone.find(1)
    alone.answer(.answer(0, .dialError), try alone.theQuestion())
    #expect(alone.reachability == .private)
    #expect(alone.client.reachability(of: home) == .private)

    var asker = Asker { $0.requestsMax = 1 }
    asker.find(1)
    var asked = try asker.theQuestion()
    asker.find(2)
    asker.answer(.answer(0, .dialError), asked)
    #expect(asker.reachability == .unknown)
    asker.advance(to: ms(3000))
    asked = try asker.theQuestion(at: ms(3000))
    #expect(asked.server == peer(2))
    asker.answer(.answer(0, .dialError), asked, at: ms(3000))
    #expect(asker.reachability == .private)
  }

  @Test func `two servers of one network have one voice`() throws {
    var asker = Asker { $0.pauseV2 = .zero }
    asker.find(1, at: "/ip4/45.1.0.1/tcp/1")
    asker.find(2, at: "/ip4/45.1.99.1/tcp/1")
    asker.find(3, at: "/ip4/45.3.0.1/tcp/1")
    var servers: [PeerID] = []
    var now = ms(2000)
    while now < seconds(60) {
      for asked in try asker.asked(at: now) {
        servers.append(asked.server)
        asker.prove(asked, at: now)
      }
      now += .milliseconds(500)
      asker.advance(to: now)
    }
    #expect(servers.count == 2 && servers.contains(peer(3)))
    #expect(asker.client.counters.successes == 2)
  }

  @Test func `three networks that agree are left alone until it is time to refresh`() throws {
    var asker = Asker()
    for number in 1...6 { asker.find(number) }
    var times: [Instant] = []
    var now = ms(2000)
    while now < seconds(2000) {
      for asked in try asker.asked(at: now) {
        times.append(now)
        asker.prove(asked, at: now)
      }
      guard let next = asker.client.deadline else { break }
      now = max(now, next)
      asker.advance(to: now)
    }
    #expect(times.prefix(3) == [ms(2000), ms(3000), ms(4000)])
    let pauses = zip(times.dropFirst(2), times.dropFirst(3)).map { ($1 - $0).milliseconds / 60_000 }
    #expect(pauses.count >= 2 && pauses.allSatisfy { (13.5...15).contains($0) })
    #expect(Set(pauses).count == pauses.count, "with jitter")
    #expect(asker.client.counters.requests < 7)
  }

  @Test func `who differs is asked again soon, and a change is noticed`() throws {
    var asker = Asker()
    for number in 1...3 { asker.find(number) }
    var isOpen = true
    var now = ms(2000)
    var states: [Reachability] = []
    func run(until end: Instant) throws {
      while true {
        for asked in try asker.asked(at: now) {
          if isOpen {
            asker.prove(asked, at: now)
          } else {
            asker.answer(.answer(0, .dialError), asked, at: now)
          }
        }
        if states.last != asker.reachability { states.append(asker.reachability) }
        guard let next = asker.client.deadline, next <= end else { return now = end }
        now = max(now, next)
        asker.advance(to: now)
      }
    }
    try run(until: seconds(60))
    isOpen = false
    try run(until: seconds(60 + 15 * 60 + 300))
    #expect(states == [.unknown, .public, .unknown, .private])
  }

  @Test func `an old word is forgotten`() throws {
    var asker = Asker()
    asker.find(1)
    asker.prove(try asker.theQuestion())
    asker.client.serverLost(peer(1), at: ms(3000))
    asker.advance(to: seconds(4 * 3600))
    #expect(asker.reachability == .public)
    asker.advance(to: seconds(4 * 3600 + 3))
    #expect(asker.reachability == .unknown && asker.client.confirmedAddresses == [])
    #expect(asker.client.deadline == nil)
  }

  // Several addresses.

  @Test func `announced addresses come first, those of hearsay last`() throws {
    let (a, b, c, d) = (
      address("/ip4/70.0.0.1/tcp/1"), address("/ip4/70.0.0.2/tcp/1"), address("/ip4/70.0.0.3/tcp/1"),
      address("/ip4/70.0.0.4/tcp/1")
    )
    var asker = Asker([
      Candidate(a, .observed), Candidate(b, .agreed), Candidate(c, .listened), Candidate(d, .announced),
    ])
    asker.find(1)
    #expect(try asker.theQuestion().addresses == [d, c, b, a])
  }

  @Test func `what no server would dial is not asked about`() throws {
    let bad = [
      "/ip4/192.168.1.1/tcp/1", "/ip4/127.0.0.1/tcp/1", "/ip4/0.0.0.0/tcp/1", "/ip4/70.0.0.1/tcp/0",
      "/ip4/70.0.0.1/tcp/1/ws", "/ip4/70.0.0.1/udp/1", "/ip6/fe80::1/tcp/1", "/ip4/224.0.0.1/tcp/1",
      "/ip4/70.0.0.1/tcp/1/p2p/\(peer(2))/p2p-circuit",
    ].map { Candidate(address($0), .listened) }
    var asker = Asker(bad + [Candidate(address("/dns4/a.org/tcp/1"), .observed)])
    asker.find(1)
    #expect(asker.client.candidateCount == 0 && asker.events == [])
    #expect(asker.client.counters.candidatesDropped == 10)
    asker = Asker([
      Candidate(address("/dns4/a.org/tcp/1/p2p/\(peer(0))"), .announced), Candidate(home, .agreed),
      Candidate(home, .observed),
    ])
    asker.find(1)
    #expect(try asker.theQuestion().addresses == [address("/dns4/a.org/tcp/1"), home])
  }

  @Test func `fifty addresses are tracked, eight of hearsay, ten are in a request`() throws {
    let many = (1...60).map { Candidate(address("/ip4/70.0.0.\($0)/tcp/1"), .listened) }
    #expect(Asker(many).client.candidateCount == 50)
    var asker = Asker(
      (1...60).map { Candidate(address("/ip4/71.0.0.\($0)/tcp/1"), .observed) } + many.prefix(4))
    #expect(asker.client.candidateCount == 12)
    asker.find(1)
    #expect(try asker.theQuestion().addresses.count == 10)
  }

  @Test func `every address has its own verdict, and one that works makes the node public`() throws {
    let (a, b) = (address("/ip4/70.0.0.1/tcp/1"), address("/ip4/70.0.0.2/tcp/1"))
    var asker = Asker([Candidate(a, .listened), Candidate(b, .agreed)])
    asker.find(1)
    asker.answer(.answer(0, .dialError), try asker.theQuestion())
    #expect(asker.reachability == .unknown, "the other may work")
    asker.advance(to: ms(8000))
    let second = try asker.theQuestion(at: ms(8000))
    #expect(second.addresses == [b])
    asker.prove(second, at: ms(8000))
    #expect(asker.reachability == .public && asker.client.confirmedAddresses == [b])
    #expect(asker.client.reachability(of: a) == .private && asker.client.reachability(of: b) == .public)
  }

  @Test func `a server may choose another address than the first, as Rust does`() throws {
    let (a, b) = (address("/ip4/70.0.0.1/tcp/1"), address("/ip4/70.0.0.2/tcp/1"))
    var asker = Asker([Candidate(a, .agreed), Candidate(b, .agreed)])
    asker.find(1)
    let asked = try asker.theQuestion()
    asker.dialBack(asked.nonce)
    asker.answer(.answer(1, .ok), asked)
    #expect(asker.client.confirmedAddresses == [b])
    asker.advance(to: ms(60_000))
    #expect(asker.events == [], "the one that it passed over is left alone for a while")
    asker.advance(to: ms(602_000))
    #expect(try asker.theQuestion(at: ms(602_000)).addresses == [a])
  }

  @Test func `an address that nobody dials does not keep the node from being private`() throws {
    let six = address("/ip6/2a00::1/tcp/1")
    var asker = Asker([Candidate(home, .agreed), Candidate(six, .listened)])
    asker.find(1)
    var asked = try asker.theQuestion()
    #expect(asked.addresses == [six, home])
    asker.answer(.answer(1, .dialError), asked)
    #expect(asker.reachability == .private)
    asker.client.candidatesChanged(
      [Candidate(home, .agreed), Candidate(address("/ip4/70.9.9.9/tcp/1"), .observed)], at: ms(9000))
    asker.pump()
    #expect(asker.reachability == .private, "nor does one that is new")
    asked = try asker.theQuestion(at: ms(9000))
    asker.prove(asked, at: ms(9000))
    #expect(asker.reachability == .public)
  }

  @Test func `an address that goes takes what is known of it along`() throws {
    var asker = Asker()
    asker.find(1)
    asker.prove(try asker.theQuestion())
    asker.client.candidatesChanged([], at: ms(5000))
    asker.pump()
    #expect(asker.events == [.reachability(.unknown, [])])
    asker.client.candidatesChanged([Candidate(home, .listened)], at: ms(9000))
    asker.pump()
    #expect(try asker.theQuestion(at: ms(9000)).addresses == [home])
  }

  @Test func `a change of the network forgets everything and begins again`() throws {
    var asker = Asker()
    asker.find(1)
    asker.prove(try asker.theQuestion())
    asker.find(2, now: ms(5000))
    let pending = try asker.theQuestion(at: ms(5000))
    asker.client.networkChanged(at: ms(10_000))
    asker.pump()
    #expect(
      asker.events == [.reset(pending.stream), .addressChanged(home, .unknown), .reachability(.unknown, [])])
    asker.answer(.answer(0, .dialError), pending, at: ms(10_001))
    #expect(asker.reachability == .unknown, "an answer from before")
    asker.advance(to: ms(11_999))
    #expect(asker.events == [])
    asker.advance(to: ms(12_000))
    #expect(try asker.theQuestion(at: ms(12_000)).addresses == [home])
  }

  // Version 1.

  @Test func `who speaks only version 1 is asked about the node`() throws {
    var asker = Asker()
    asker.find(1, [.v1])
    var asked = try asker.theQuestion()
    #expect(asked.v1 == .dial(peer(0), [home]))
    asker.send(V1Message.response(.dialError, nil).encoded, on: asked.stream)
    #expect(asker.reachability == .private)
    asker.find(2, [.v1], now: ms(4000))
    asked = try asker.theQuestion(at: ms(4000))
    asker.send(V1Message.response(.dialError, nil).encoded, on: asked.stream, at: ms(4000))
    #expect(asker.reachability == .private && asker.client.counters.failures == 2)
  }

  @Test func `a version 1 success, which proves nothing, takes two networks`() throws {
    var asker = Asker()
    asker.find(1, [.v1])
    asker.send(V1Message.response(.ok, home).encoded, on: try asker.theQuestion().stream)
    #expect(asker.reachability == .unknown)
    asker.find(2, [.v1], now: ms(4000))
    asker.send(
      V1Message.response(.ok, home).encoded, on: try asker.theQuestion(at: ms(4000)).stream, at: ms(4000))
    #expect(asker.reachability == .public)
    #expect(asker.client.confirmedAddresses == [], "and confirms no address")
  }

  @Test func `without an address to ask about, version 1 is what is left`() throws {
    var asker = Asker([])
    asker.find(1, [.v1, .v2])
    #expect(try asker.theQuestion().v1 == .dial(peer(0), []))
    asker = Asker()
    asker.find(1, [.v1, .v2])
    #expect(try asker.theQuestion().v2 != nil)
    #expect(asker.client.questionCount == 1)
  }

  // Servers.

  @Test func `a server that is no witness is not asked`() throws {
    var asker = Asker()
    asker.find(1, at: "/ip4/70.1.2.3/tcp/5")
    #expect(asker.events == [], "behind the same NAT")
    for remote in [
      "/ip4/192.168.1.7/tcp/1", "/ip4/127.0.0.1/tcp/1", "/ip4/45.1.1.1/tcp/1/p2p/\(peer(9))/p2p-circuit",
      "/dns4/a.org/tcp/1",
    ] { asker.find(2, at: remote) }
    #expect(asker.events == [] && asker.client.serverCount == 1)
    #expect(asker.client.counters.serversDropped == 4)
    var private_ = Asker([Candidate(address("/ip4/127.0.0.1/tcp/1"), .listened)]) { $0.allowsPrivate = true }
    private_.find(1, at: "/ip4/127.0.0.1/tcp/2")
    #expect(try private_.theQuestion().server == peer(1))
  }

  @Test func `sixty-four servers are known, four of a network`() throws {
    var asker = Asker(boot: false)
    for number in 1...6 { asker.find(number, at: "/ip4/45.1.0.\(number)/tcp/1", now: .zero) }
    #expect(asker.client.serverCount == 4)
    for number in 10...99 { asker.find(number, now: .zero) }
    #expect(asker.client.serverCount == 64)
    asker.client.serverFound(peer(12), speaks: [], at: address("/ip4/45.12.0.1/tcp/1"), now: .zero)
    #expect(asker.client.serverCount == 63, "it speaks none any more")
  }

  @Test func `three questions at once, one of each server`() throws {
    let many = (1...5).map { Candidate(address("/ip4/70.0.0.\($0)/tcp/1"), .listened) }
    var asker = Asker(many, boot: false)
    for number in 1...5 { asker.find(number, now: .zero) }
    asker.advance(to: ms(2000))
    let asked = try asker.asked()
    #expect(asked.count == 3 && Set(asked.map(\.server)).count == 3)
    #expect(Set(asked.compactMap(\.addresses.first)).count == 3)
  }

  @Test func `a server that is lost takes its question along`() throws {
    var asker = Asker()
    asker.find(1)
    let asked = try asker.theQuestion()
    asker.find(2)
    #expect(asker.events == [], "the address is being asked about")
    asker.client.serverLost(peer(1), at: ms(2500))
    asker.pump()
    #expect(asker.events.contains(.reset(asked.stream)))
    asker.advance(to: ms(3000))
    #expect(try asker.theQuestion(at: ms(3000)).server == peer(2))
  }

  @Test func `a server that does not speak it after all is not asked again`() throws {
    var asker = Asker()
    asker.find(1)
    asker.client.openFailed(OpenID(rawValue: 1), isUnsupported: true, at: ms(2100))
    asker.pump()
    #expect(asker.client.deadline == nil && asker.client.questionCount == 0)
  }

  @Test func `refused and rejected is no verdict`() throws {
    var asker = Asker()
    asker.find(1)
    asker.answer(.answer(.dialRefused), try asker.theQuestion())
    #expect(asker.reachability == .unknown && asker.client.deadline == ms(602_000))
    asker = Asker()
    asker.find(1)
    asker.answer(.answer(.requestRejected), try asker.theQuestion())
    #expect(asker.reachability == .unknown && asker.client.deadline == ms(62_000))
  }

  // Dial data.

  @Test func `dial data is paid, once, in frames of four kilobytes`() throws {
    var asker = Asker()
    asker.find(1)
    let asked = try asker.theQuestion()
    asker.answer(.dialDataRequest(index: 0, bytes: 100_000), asked)
    let sizes = try asker.written(on: asked.stream).map { body -> Int in
      guard case .dialData(let bytes) = try V2Message(decoding: body) else { return 0 }
      return bytes
    }
    #expect(sizes.reduce(0, +) == 100_000 && sizes.dropLast().allSatisfy { $0 == 4096 })
    asker.prove(asked)
    #expect(asker.reachability == .public)
  }

  @Test func `no data is paid for what one peer says, and the server is no worse for asking`() throws {
    var asker = Asker([Candidate(home, .observed)])
    asker.find(1)
    let asked = try asker.theQuestion()
    asker.answer(.dialDataRequest(index: 0, bytes: 30_000), asked)
    #expect(asker.events == [.reset(asked.stream)])
    #expect(asker.client.counters.dialDataRefused == 1 && asker.client.counters.dialDataBytes == 0)
    #expect(asker.client.deadline == ms(602_000), "not asked there again for a while")
  }

  // Bytes.

  @Test func `answers may come in any pieces`() throws {
    let bytes = V2Message.answer(0, .dialError).encoded.bytes
    for cut in 0...bytes.count {
      var asker = Asker()
      asker.find(1)
      let asked = try asker.theQuestion()
      asker.send(ByteBuffer(bytes: bytes[..<cut]), on: asked.stream)
      asker.send(ByteBuffer(bytes: bytes[cut...]), on: asked.stream)
      #expect(asker.reachability == .private)
    }
  }
}
