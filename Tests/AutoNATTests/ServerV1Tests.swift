// Version 1 from the server's side.

import AutoNAT
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@Suite struct ServerV1Tests {
  let ip = Desk.ip(1)

  func dial(_ addresses: [String], _ number: Int = 1) -> V1Message {
    .dial(peer(number), addresses.map(address))
  }

  @Test func `the first connection is the answer, and is closed`() throws {
    var desk = Desk()
    let stream = desk.ask(dial(["/ip4/\(ip)/tcp/4001"]))
    #expect(desk.dialled == [address("/ip4/\(ip)/tcp/9"), address("/ip4/\(ip)/tcp/4001")])
    #expect(desk.dials.allSatisfy { $0.peer == peer(1) })
    let (first, second) = (desk.dials[0].key, desk.dials[1].key)
    desk.server.dialFailed(first, at: ms(10))
    desk.pump()
    #expect(desk.events == [])
    desk.server.dialed(second, on: ConnectionID(rawValue: 77), at: ms(20))
    desk.pump()
    #expect(desk.events.contains(.closeConnection(ConnectionID(rawValue: 77))))
    #expect(try desk.v1Answer(on: stream) == .response(.ok, address("/ip4/\(ip)/tcp/4001")))
    #expect(desk.server.dialCount == 0)
  }

  @Test func `what is not needed any more is called off`() throws {
    var desk = Desk()
    desk.ask(dial(["/ip4/\(ip)/tcp/1", "/ip4/\(ip)/tcp/2"]))
    let keys = desk.dials.map(\.key)
    desk.server.dialed(keys[1], on: ConnectionID(rawValue: 77), at: ms(20))
    desk.pump()
    #expect(desk.events.contains(.cancelDial(keys[0])) && desk.events.contains(.cancelDial(keys[2])))
    desk.server.dialed(keys[0], on: ConnectionID(rawValue: 78), at: ms(30))
    desk.pump()
    #expect(desk.events == [.closeConnection(ConnectionID(rawValue: 78))], "one that came all the same")
    #expect(desk.server.counters.dialsLate == 1)
  }

  @Test func `failure is told when the time is over and not before`() throws {
    var desk = Desk()
    let stream = desk.ask(dial([]))
    desk.server.dialFailed(desk.dials[0].key, at: ms(1))
    desk.advance(to: ms(14_999))
    #expect(desk.events == [])
    desk.advance(to: ms(15_000))
    #expect(try desk.v1Answer(on: stream) == .response(.dialError, nil))
  }

  @Test func `a dial that never ends is called off in time`() throws {
    var desk = Desk()
    let stream = desk.ask(dial([]))
    let key = desk.dials[0].key
    desk.advance(to: ms(15_000))
    #expect(desk.events.first == .cancelDial(key))
    #expect(try desk.v1Answer(on: stream) == .response(.dialError, nil))
  }

  @Test func `only the IP that the asker comes from is dialled, whatever it says`() throws {
    var desk = Desk { $0.v1DialsMax = 99 }
    desk.ask(
      dial([
        "/ip4/8.8.8.8/tcp/53", "/ip4/192.168.1.2/tcp/4001", "/ip6/2001:4860::8888/tcp/6",
        "/dns4/victim.org/tcp/7",
        "/ip4/127.0.0.1/tcp/8", "/ip4/\(ip)/tcp/4001/p2p/\(peer(2))", "/ip4/\(ip)/udp/5/quic-v1",
        "/ip4/8.8.4.4/tcp/1/p2p/\(peer(3))/p2p-circuit", "/ip4/8.8.4.4/tcp/0", "/ip4/8.8.4.4/tcp/4001",
      ]))
    #expect(desk.dialled.allSatisfy { $0.host?.ip == address("/ip4/\(ip)").host?.ip })
    #expect(desk.dialled == [9, 53, 4001, 6, 8].map { address("/ip4/\(ip)/tcp/\($0)") })
  }

  @Test func `sixteen addresses at most, four at a time`() throws {
    var desk = Desk()
    desk.ask(dial((1...40).map { "/ip4/\(ip)/tcp/\($0)" }))
    var all = desk.dials.map(\.key)
    #expect(all.count == 4)
    var next = 0
    while next < all.count {
      desk.server.dialFailed(all[next], at: ms(1))
      desk.pump()
      all += desk.dials.map(\.key)
      next += 1
      #expect(desk.server.dialCount <= 4)
    }
    #expect(all.count == 16)
  }

  @Test(arguments: [
    "/ip4/10.0.0.5/tcp/9", "/ip4/127.0.0.1/tcp/9", "/ip4/45.1.2.3/tcp/9", "/ip6/fe80::1/tcp/9",
    "/ip4/100.64.3.4/tcp/9", "/ip6/::ffff:10.0.0.5/tcp/9",
  ])
  func `somebody at home, or with us, is not dialled`(_ remote: String) throws {
    var desk = Desk()
    let stream = desk.ask(dial(["/ip4/8.8.8.8/tcp/1"]), from: remote)
    #expect(try desk.v1Answer(on: stream) == .refused())
    #expect(desk.dialled.isEmpty && desk.server.counters.refusedAddresses == 1)
    var home = Desk { $0.allowsPrivate = true }
    home.ask(dial([]), from: remote)
    #expect(home.dialled.count == (remote.contains("fe80") ? 0 : 1))
  }

  @Test func `nothing is asked over a circuit`() throws {
    var desk = Desk()
    for (remote, isRelayed) in [
      ("/ip4/60.0.0.1/tcp/4001/p2p/\(peer(5))/p2p-circuit", false), ("/ip4/60.0.0.1/tcp/4001", true),
    ] {
      let stream = desk.open(.v1, from: remote, isRelayed: isRelayed)
      desk.pump()
      #expect(try desk.v1Answer(on: stream) == .refused())
    }
    #expect(desk.server.counters.refusedRelayed == 2)
  }

  @Test func `a request about somebody else is a bad one`() throws {
    var desk = Desk()
    #expect(try desk.v1Answer(to: .dial(peer(2), [])) == .response(.badRequest, nil))
    let stream = desk.open(.v1)
    desk.send(ByteBuffer(bytes: [2, 8, 0]), on: stream)
    desk.pump()
    #expect(try desk.v1Answer(on: stream) == .response(.badRequest, nil))
    #expect(desk.server.counters.badRequests == 2 && desk.dialled.isEmpty)
  }

  @Test func `three a minute of one peer, and no more of all than the rate`() throws {
    var desk = Desk { $0.v1RatePerAddress = Rate(burst: 1000, interval: .seconds(1)) }
    for round in 0..<4 {
      let stream = desk.ask(dial([]))
      if round == 3 {
        #expect(try desk.v1Answer(on: stream) == .refused())
      } else {
        let key = try #require(desk.dials.first).key
        desk.server.dialed(key, on: ConnectionID(rawValue: 5), at: .zero)
        desk.pump()
        desk.server.streamEnded(stream, at: .zero)
      }
    }
    #expect(desk.server.counters.refusedRate == 1)
    for number in 2...28 { desk.ask(dial([], number), by: number) }
    #expect(desk.server.counters.refusedRate == 1)
    #expect(try desk.v1Answer(to: dial([], 29), by: 29) == .refused())
    desk.ask(dial([], 30), by: 30, at: ms(2000))
    #expect(desk.dialled.count == 1, "two seconds later there is room for one")
  }

  @Test func `many peers at one address share its rate`() throws {
    var desk = Desk()
    for number in 1...10 { desk.ask(dial([], number), by: number, from: "/ip4/61.1.1.1/tcp/\(number)") }
    #expect(desk.server.counters.refusedRate == 0)
    desk.ask(dial([], 11), by: 11, from: "/ip4/61.1.1.1/tcp/11")
    #expect(desk.server.counters.refusedRate == 1)
    desk.ask(dial([], 12), by: 12)
    #expect(desk.server.counters.refusedRate == 1)
  }
}
