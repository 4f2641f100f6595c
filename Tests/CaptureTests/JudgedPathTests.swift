import CircuitRelay
import Identity
import NIOCore
import SansIO
import Scenario
import Testing
import Wire

@testable import Capture
@testable import Verdict

/// From packets to verdicts: what the judge is shown of circuits and hole punches.
@Suite struct JudgedPathTests {
  private static let peers: [PeerID: String] = [
    Keys.alice.peerID: "alice", Keys.bob.peerID: "bob", Keys.relay.peerID: "relay",
  ]

  private let names = Names(
    hosts: Self.peers,
    addresses: [
      Endpoint.aliceOfRelay.address: "alice", Endpoint.bobOfRelay.address: "bob",
      Endpoint.relay.address: "relay",
    ])

  /// Everybody's capture of `talk`, and of the connection beside it.
  private func trace(
    of talk: RelayedTalk, direct: (packets: [TapPacket], keys: [String]) = ([], []), keys: KeyRing? = nil,
    expecting body: (Script, _ alice: Node, _ bob: Node, _ relay: Host, _ other: Host) -> Void
  ) -> Trace {
    let script = Script(name: "path", seed: 1)
    let (alice, bob) = (script.node("alice"), script.node("bob"))
    let (relay, other) = (script.relay("relay"), script.relay("other"))
    script.start(alice, bob, relay, other)
    body(script, alice, bob, relay, other)
    let began = Instant(nanoseconds: UInt64(RelayedTalk.epochMs) * 1_000_000)
    var trace = Trace(plan: script.plan, began: began, ended: began + .seconds(60))
    trace.deeds = [Deed(step: script.plan.steps[0].id, began: began, ended: began)]
    var ring = keys ?? talk.ring()
    for line in direct.keys { ring.add(line: line) }
    for (tap, name) in [(RelayedTalk.Tap.alice, "alice"), (.bob, "bob"), (.relay, "relay")] {
      let packets = talk.packets(at: tap) + (tap == .relay ? [] : direct.packets)
      let timeline = CaptureTests.timeline(of: packets.sorted { $0.time < $1.time }, keys: ring)
      trace.append(timeline, of: name, names: names)
    }
    trace.complete()
    return trace
  }

  private func red(_ trace: Trace) -> [String] {
    Verdict(of: trace).judgements.filter { !$0.passed }.map(\.name)
  }

  private func gossip(in trace: Trace, at host: String) -> [Sighted] {
    trace.sightings.filter {
      if case .gossip = $0.what { $0.host == host } else { false }
    }
  }

  @Test func `messages over a circuit are their author's, when the observer has them, by that relay`() throws
  {
    let trace = trace(of: try RelayedTalk.whole()) { _, _, _, _, _ in }
    let heard = gossip(in: trace, at: "bob")
    #expect(heard.count == 2)
    for (index, sighted) in heard.enumerated() {
      #expect(sighted.direction == .inbound && sighted.peer == "alice")
      #expect(sighted.path == .relayed && sighted.relay == "relay")
      guard case .gossip(let author, let sequence, "p2p-chat-global", _) = sighted.what else { continue }
      #expect(author == "alice" && sequence == UInt64(100 + index))
    }
    #expect(gossip(in: trace, at: "alice").map(\.direction) == [.outbound, .outbound])
    let judge = Judge(trace)
    #expect(judge.lives(of: "alice", at: "bob").map(\.sequence) == [100, 101])
    #expect(judge.said(by: "alice").map(\.announcement) == [.presence, nil])
    #expect(heard[0].evidence.what.hasSuffix("from alice, via relay"))
  }

  @Test func `what a relay only carries is no word to it`() throws {
    let trace = trace(of: try RelayedTalk.whole()) { _, _, _, _, _ in }
    #expect(gossip(in: trace, at: "relay").isEmpty)
    #expect(Judge(trace).lives(of: "alice", at: "relay").isEmpty)
    #expect(
      trace.sightings.contains { $0.host == "relay" && $0.what == .circuitOpened(from: "alice", to: "bob") })
  }

  @Test func `without the keys inside nobody is known to be there`() throws {
    let talk = try RelayedTalk.whole()
    let trace = trace(of: talk, keys: talk.ring(inner: false)) { _, _, _, _, _ in }
    let inside = trace.sightings.filter { $0.relay != nil }
    #expect(!inside.isEmpty)
    #expect(inside.allSatisfy { $0.peer == nil && $0.path == nil })
  }

  @Test func `connected through this relay, and not directly`() throws {
    let trace = trace(of: try RelayedTalk.whole()) { net, alice, bob, relay, other in
      net.expect(that: "relayed", .relayed, between: alice, and: bob)
      net.expect(that: "direct", .direct, between: alice, and: bob)
      net.expect(that: "via relay", bob.capturesChannel(with: alice, via: relay), within: .seconds(9))
      net.expect(that: "via other", bob.capturesChannel(with: alice, via: other), within: .seconds(9))
      net.expect(that: "circuit", alice.capturesCircuit(with: bob, via: relay), within: .seconds(9))
      net.expect(that: "circuit at its end", bob.capturesCircuit(with: alice), within: .seconds(9))
      net.expect(that: "other circuit", alice.capturesCircuit(with: bob, via: other), within: .seconds(9))
      net.expect(that: "no punch", never: alice.capturesPunch(to: bob))
    }
    #expect(red(trace) == ["direct", "via other", "other circuit"])
  }

  @Test func `a reservation in so many round trips`() throws {
    let trace = trace(of: try RelayedTalk.whole()) { net, alice, bob, relay, other in
      net.expect(that: "2", bob.capturesReservation(at: relay, roundTrips: 2), within: .seconds(9))
      net.expect(that: "0", bob.capturesReservation(at: relay, roundTrips: 0), within: .seconds(9))
      net.expect(that: "other", bob.capturesReservation(at: other), within: .seconds(9))
      net.expect(that: "alice", never: alice.capturesReservation())
    }
    #expect(red(trace) == ["0", "other"])
    let evidence = Verdict(of: trace).judgements[0].evidence
    #expect(evidence.map(\.kind) == [.packet])
    #expect(evidence[0].what.hasPrefix("reservation granted after 1 round trip, "))
  }

  private func punched(_ crossing: RelayedTalk.Crossing, agreeing: Bool = true) throws -> Trace {
    let talk = RelayedTalk()
    try talk.connect()
    try talk.reserve(talk.bob)
    try talk.dial(from: talk.alice, to: Keys.bob.peerID)
    if agreeing { try talk.agreeToPunch() }
    var direct = talk.beginDirect(crossing)
    try direct.exchange()
    try direct.gossip(["over there"])
    return trace(of: talk, direct: (direct.packets, direct.keyLog)) { net, alice, bob, relay, _ in
      for node in [alice, bob] {
        let other = node.name == "alice" ? bob : alice
        net.expect(that: "\(node.name) any", node.capturesPunch(to: other), within: .seconds(1))
        net.expect(
          that: "\(node.name) simultaneous", node.capturesPunch(to: other, .simultaneous), within: .seconds(1)
        )
        net.expect(
          that: "\(node.name) one-sided", node.capturesPunch(to: other, .oneSided), within: .seconds(1))
      }
      net.expect(that: "relay", never: alice.capturesPunch(to: relay))
    }
  }

  @Test func `a hole that both SYNs went through`() throws {
    #expect(try red(punched(.both)) == ["alice one-sided", "bob one-sided"])
  }

  @Test(arguments: [RelayedTalk.Crossing.one, .none]) func `a hole that one SYN went through`(
    crossing: RelayedTalk.Crossing
  ) throws {
    #expect(try red(punched(crossing)) == ["alice simultaneous", "bob simultaneous"])
  }

  @Test func `a direct connection that nobody agreed on is no punch`() throws {
    #expect(try red(punched(.both, agreeing: false)).count == 6)
  }

  @Test func `inspect says how the two came together`() throws {
    let talk = RelayedTalk()
    try talk.connect()
    try talk.reserve(talk.bob)
    try talk.dial(from: talk.alice, to: Keys.bob.peerID)
    try talk.gossip(["here"])
    try talk.agreeToPunch()
    var direct = talk.beginDirect(.both)
    try direct.exchange()
    try direct.gossip(["there"])
    var ring = talk.ring()
    for line in direct.keyLog { ring.add(line: line) }
    let lines = CaptureTests.timeline(of: talk.packets(at: .bob) + direct.packets, keys: ring).text()
    func short(_ keys: KeyPair) -> String { "…\(keys.peerID.description.suffix(6))" }
    let (alice, bob, relay) = (short(Keys.alice), short(Keys.bob), short(Keys.relay))
    for words in [
      "relay \(relay), to \(bob): grants the reservation for 3600 s",
      "\(bob), to \(relay): accepts the circuit from \(alice)",
      "\(alice) and \(bob) are connected, relayed via \(relay)",
      "\(bob), to \(alice): hole punch: CONNECT, may be reached at [/ip4/45.9.9.9/tcp/4001]",
      "\(bob), to \(alice): hole punch: SYNC, both dial now",
      "\(alice) and \(bob) are connected, directly, by simultaneous open",
      "messages of \(alice) to \(bob) now go directly",
    ] {
      #expect(lines.contains { $0.contains(words) }, "\(words)")
    }
    let whole = try Talk.whole()
    #expect(CaptureTests.timeline(of: whole.packets, keys: whole.ring).paths().isEmpty)
  }
}
