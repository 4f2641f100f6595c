import CircuitRelay
import GossipSub
import Identity
import NIOCore
import Noise
import SansIO
import Testing
import Wire

@testable import Capture

/// Circuits through a relay, read to the connection inside them.
@Suite struct CircuitTests {
  private typealias Tap = RelayedTalk.Tap

  private func relayFacts(_ timeline: Timeline) -> [RelayFact] {
    timeline.items.compactMap { if case .relay(let fact) = $0.what { fact } else { nil } }
  }

  private func published(_ timeline: Timeline) -> [Item] {
    timeline.items.filter { $0.what.type == "gossip.published" }
  }

  // MARK: What is said to the relay

  @Test func `a reservation, with its voucher and its round trips`() throws {
    let talk = try RelayedTalk.whole()
    #expect(talk.bob.isReserved)
    let facts = relayFacts(talk.timeline(at: .bob))
    #expect(facts.first == .reservationAsked)
    guard case .reservationGranted(let reservation, let turnaround)? = facts.dropFirst().first else {
      Issue.record("\(facts)")
      return
    }
    #expect(turnaround.roundTrips == 1)
    #expect(turnaround.nanoseconds > 0)
    #expect(reservation.limit == .unlimited)
    #expect(reservation.addresses.map(\.description) == ["/ip4/45.1.2.3/tcp/4001/p2p/\(Keys.relay.peerID)"])
    let expiration = UInt64(RelayedTalk.epochMs / 1000) + 3600
    #expect(reservation.voucher == .valid(expiration: expiration))
    #expect(reservation.expiration == expiration)
    #expect(reservation.lifetimeSeconds == 3600)
    let text = talk.timeline(at: .bob).text().joined(separator: "\n")
    #expect(text.contains("grants the reservation for 3600 s at [/ip4/45.1.2.3/tcp/4001/p2p/"))
    #expect(text.contains("with voucher, after 1 round trip and"))
  }

  @Test func `both legs of a circuit, each at its end and both at the relay`() throws {
    let talk = try RelayedTalk.whole { $0.circuitLimit = Limit(duration: .seconds(120), bytes: 1 << 17) }
    let (alice, bob) = (relayFacts(talk.timeline(at: .alice)), relayFacts(talk.timeline(at: .bob)))
    let limit = Limit(duration: .seconds(120), bytes: 1 << 17)
    #expect(alice.first == .circuitAsked(to: Keys.bob.peerID))
    guard case .circuitOpened(to: Keys.bob.peerID, limit, let turnaround)? = alice.dropFirst().first else {
      Issue.record("\(alice)")
      return
    }
    #expect(turnaround.roundTrips == 1)
    #expect(bob.contains(.circuitOffered(from: Keys.alice.peerID, limit)))
    #expect(
      bob.contains {
        if case .circuitAccepted(from: Keys.alice.peerID, limit, _) = $0 { true } else { false }
      })
    for facts in [alice, bob] {
      guard case .circuitEnded(let ended)? = facts.last else {
        Issue.record("\(facts)")
        return
      }
      #expect(ended.sentBytes > 500 && ended.receivedBytes > 300)
      #expect(ended.limit == limit && !ended.wasReset)
      #expect(ended.initiator == Keys.alice.peerID && ended.target == Keys.bob.peerID)
    }
    let both = relayFacts(talk.timeline(at: .relay))
    #expect(Set(both.map { "\($0)".prefix(16) }) == Set((alice + bob).map { "\($0)".prefix(16) }))
    #expect(both.count == alice.count + bob.count)
  }

  @Test func `a circuit to somebody without a reservation is refused, and why`() throws {
    let talk = RelayedTalk()
    try talk.connect()
    try talk.dial(from: talk.alice, to: Keys.bob.peerID)
    let facts = relayFacts(talk.timeline(at: .alice))
    guard case .circuitRefused(to: Keys.bob.peerID, .noReservation, _)? = facts.last else {
      Issue.record("\(facts)")
      return
    }
    let text = talk.timeline(at: .alice).text().joined(separator: "\n")
    #expect(text.contains("the peer holds no reservation at the relay"))
  }

  @Test func `a refused reservation says why`() throws {
    let talk = RelayedTalk { $0.access = .only([]) }
    try talk.connect()
    try talk.reserve(talk.bob)
    guard case .reservationRefused(.permissionDenied, _)? = relayFacts(talk.timeline(at: .bob)).last else {
      Issue.record("\(relayFacts(talk.timeline(at: .bob)))")
      return
    }
  }

  // MARK: What is inside

  @Test(arguments: [RelayedTalk.Tap.alice, .bob])
  func `messages inside come out like others, and say how they came`(tap: RelayedTalk.Tap) throws {
    let talk = try RelayedTalk.whole()
    let timeline = talk.timeline(at: tap)
    #expect(timeline.notes.isEmpty, "\(timeline.notes)")
    #expect(timeline.published == ["ANNOUNCE:PRESENCE", "hello"])
    for item in published(timeline) {
      #expect(item.sendingPeer == Keys.alice.peerID)
      #expect(item.receivingPeer == Keys.bob.peerID)
      #expect(item.circuit.map(\.relay) == [Keys.relay.peerID])
      #expect(item.circuit.map(\.initiator) == [Keys.alice.peerID])
      #expect(item.circuit.map(\.target) == [Keys.bob.peerID])
      guard case .gossip(.published(let message)) = item.what else { continue }
      #expect(message.author == Keys.alice.peerID)
      #expect(message.judgement == .valid)
    }
    for type in ["multistream.accepted", "noise.handshake", "yamux.opened", "ping.request", "ping.echo"] {
      #expect(timeline.items.contains { $0.what.type == type && !$0.circuit.isEmpty }, "\(type)")
    }
    let line = try #require(timeline.text().first { $0.contains("“hello”") })
    #expect(line.contains("relayed via …\(Keys.relay.peerID.description.suffix(6))"))
    let json = try #require(published(timeline).first).json
    #expect(json.contains("\"path\":\"relayed\",\"via\":[\"\(Keys.relay.peerID)\"]"))
  }

  @Test func `the time is that of the packet`() throws {
    let talk = try RelayedTalk.whole()
    let (sent, heard) = (published(talk.timeline(at: .alice)), published(talk.timeline(at: .bob)))
    let carried = published(talk.timeline(at: .relay))
    #expect(sent.count == 2 && heard.count == 2 && carried.count == 4)
    for (sent, heard) in zip(sent, heard) { #expect(sent.time < heard.time) }
    // In on one connection, out on the other.
    #expect(carried.map(\.time).sorted() == (sent + heard).map(\.time).sorted())
    #expect(Set(carried.map(\.connection)).count == 2)
  }

  @Test func `the relay without the clients' keys sees that there is something`() throws {
    let talk = try RelayedTalk.whole()
    let timeline = talk.timeline(at: .relay, keys: talk.ring(inner: false))
    #expect(published(timeline).isEmpty)
    #expect(timeline.items.contains { $0.what.type == "noise.sealed" && !$0.circuit.isEmpty })
    // Said once for each leg.
    #expect(timeline.notes.count == 2)
    #expect(timeline.notes.allSatisfy { if case .noKeys = $0 { true } else { false } })
    #expect(relayFacts(timeline) == relayFacts(talk.timeline(at: .relay)))
    let inside = timeline.items.filter { !$0.circuit.isEmpty }
    #expect(inside.allSatisfy { $0.sendingPeer == nil && $0.receivingPeer == nil })
    #expect(inside.allSatisfy { $0.circuit.first?.initiator == Keys.alice.peerID })
  }

  @Test func `without the keys of the outer channel nothing is read`() throws {
    let talk = try RelayedTalk.whole()
    let timeline = talk.timeline(at: .alice, keys: talk.ring(outer: false))
    #expect(relayFacts(timeline).isEmpty && timeline.published.isEmpty)
    #expect(timeline.notes.count == 1)
  }

  @Test func `wrong keys inside are said to be wrong, and the outside is still read`() throws {
    let talk = try RelayedTalk.whole()
    var ring = talk.ring(inner: false)
    for line in talk.innerKeyLog {
      var words = line.split(separator: " ").map { String($0) }
      words.swapAt(2, words.count - 1)
      ring.add(line: words.joined(separator: " "))
    }
    let timeline = talk.timeline(at: .bob, keys: ring)
    #expect(timeline.notes.contains(.wrongHandshakeKeys(.reply)))
    #expect(timeline.notes.contains(.wrongTransportKeys(message: 1)))
    #expect(published(timeline).isEmpty)
    #expect(relayFacts(timeline) == relayFacts(talk.timeline(at: .bob)))
  }

  @Test func `a live tap may have the inner keys last`() throws {
    let talk = try RelayedTalk.whole()
    var late = Timeline()
    var dissector = Dissector(keys: KeyRing(isComplete: false))
    let packets = talk.packets(at: .relay)
    for (index, packet) in packets.enumerated() {
      dissector.receive(packet.bytes, at: packet.time)
      if index == packets.count / 3 {
        dissector.learn(try talk.outerKeyLog.map { try KeyLog.Entry(line: $0) })
      }
    }
    while let item = dissector.nextItem() { late.append(item) }
    #expect(late.published.isEmpty)
    #expect(dissector.heldBytes > 0)
    dissector.learn(try talk.innerKeyLog.map { try KeyLog.Entry(line: $0) })
    while let item = dissector.nextItem() { late.append(item) }
    #expect(late.published.count == 4)
    #expect(dissector.heldBytes == 0)
  }

  // MARK: Captures that do not have all, or not in order

  @Test(arguments: 0..<8) func `loss with retransmission, and reordering`(seed: UInt64) throws {
    let talk = try RelayedTalk.whole()
    var generator = SeededGenerator(seed: seed)
    let packets = talk.packets(at: .relay)
    // A lost one comes again later; neighbours change places.
    var times = packets.indices.map { Double($0) }
    for index in times.indices { times[index] += Double.random(in: 0..<4, using: &generator) }
    var order = packets.indices.sorted { (times[$0], $0) < (times[$1], $1) }
    for index in order.indices where Int.random(in: 0..<6, using: &generator) == 0 {
      order.append(order[index])
    }
    let shuffled = order.enumerated().map { place, index in
      TapPacket(time: packets[0].time + .milliseconds(place), bytes: packets[index].bytes)
    }
    let timeline = timeline(of: shuffled, keys: talk.ring())
    #expect(timeline.published.sorted() == ["ANNOUNCE:PRESENCE", "ANNOUNCE:PRESENCE", "hello", "hello"])
    #expect(timeline.notes.isEmpty, "\(timeline.notes)")
  }

  @Test func `cut anywhere, what came before is read`() throws {
    let talk = try RelayedTalk.whole()
    let packets = talk.packets(at: .bob)
    func places(_ timeline: Timeline) -> [String] {
      // A stream that is cut in its negotiation is read as if it had been agreed on, and says so.
      timeline.items.filter { if case .note(.unanswered) = $0.what { false } else { true } }.map {
        "\($0.stamp.packet) \($0.circuit.count) \($0.stream ?? 0) \($0.what.type)"
      }
    }
    let whole = places(timeline(of: packets, keys: talk.ring()))
    for length in 0...packets.count {
      let part = timeline(of: Array(packets.prefix(length)), keys: talk.ring())
      #expect(Set(places(part)).isSubset(of: whole), "\(length): \(part.notes)")
      if length == packets.count { #expect(places(part) == whole) }
    }
  }

  @Test func `a hole in a leg ends the reading there, and the other leg goes on`() throws {
    let talk = try RelayedTalk.whole()
    let inner = try #require(published(talk.timeline(at: .relay)).first)
    let packets = talk.packets(at: .relay)
    var cut = packets
    cut.remove(at: inner.stamp.packet - 1)
    let timeline = timeline(of: cut, keys: talk.ring())
    #expect(timeline.notes.contains { if case .missing = $0 { true } else { false } })
    #expect(timeline.published == ["ANNOUNCE:PRESENCE", "hello"])
    #expect(Set(published(timeline).map(\.connection)).count == 1)
  }

  @Test func `a circuit that is cut at its limit`() throws {
    let talk = RelayedTalk { $0.circuitLimit = Limit(duration: .seconds(120), bytes: 1 << 17) }
    try talk.connect()
    try talk.reserve(talk.bob)
    try talk.dial(from: talk.alice, to: Keys.bob.peerID)
    try talk.gossip(["before"])
    try talk.flood(200_000)
    #expect(talk.circuitEnds == [.bytesLimit])
    for tap in RelayedTalk.Tap.allCases {
      let timeline = talk.timeline(at: tap)
      #expect(timeline.notes.isEmpty, "\(timeline.notes)")
      #expect(timeline.published.first == "before")
      let ends = relayFacts(timeline).filter { if case .circuitEnded = $0 { true } else { false } }
      #expect(ends.count == (tap == .relay ? 2 : 1))
      for end in ends {
        guard case .circuitEnded(let ended) = end else { continue }
        #expect(ended.wasReset)
        #expect(ended.limit.bytes == 1 << 17)
        #expect(ended.sentBytes > 100_000)
      }
      let text = timeline.text().joined(separator: "\n")
      #expect(text.contains("resets the circuit after"))
      #expect(text.contains("of at most 131072 bytes and 120 s"))
    }
  }

  // MARK: Bytes in one frame

  /// What `chunks` say on a hop stream that Alice has opened to the relay.
  private func items(
    _ chunks: [(side: Role, bytes: ByteBuffer)], on name: ProtocolName = .relayHop, limits: Limits = Limits()
  ) throws -> [Item] {
    var findings = Findings(limits: limits, keys: KeyRing(), showsWindows: false)
    var dissector = try #require(RelayDissector(name, limits: limits))
    findings.scope.peers = (Keys.alice.peerID, Keys.relay.peerID)
    findings.inStream(1, openedBy: .initiator, speaking: name) { findings in
      for (index, chunk) in chunks.enumerated() {
        findings.stamp = Stamp(packet: index + 1, time: .zero)
        dissector.receive(chunk.bytes, from: chunk.side, findings: &findings)
      }
      dissector.ended(findings: &findings)
    }
    #expect(dissector.heldBytes == 0)
    var items: [Item] = []
    while let item = findings.popFirst() { items.append(item) }
    return items
  }

  private let connect = HopMessage.connect(to: Keys.bob.peerID).encoded
  private let ok = HopMessage.status(.ok, nil, .unlimited).encoded
  private let proposal = ByteBuffer(string: "\u{13}/multistream/1.0.0\n\u{07}/noise\n")

  @Test func `what stands behind the answer in its frame, and behind the request before it, is inside`()
    throws
  {
    let items = try items([(.initiator, connect + proposal), (.responder, ok + proposal)])
    #expect(
      items.map(\.what.type) == [
        "relay.circuitAsked", "relay.circuitOpened", "multistream.header", "multistream.proposed",
        "multistream.header", "multistream.accepted",
      ])
    // Each with the packet it stood in.
    #expect(items.map(\.stamp.packet) == [1, 2, 1, 1, 2, 2])
    #expect(items.map(\.circuit.count) == [0, 0, 1, 1, 1, 1])
  }

  @Test func `every cut of the exchange says the same`() throws {
    let whole = try items([(.initiator, connect + proposal), (.responder, ok + proposal)]).map(\.what)
    func bytes(_ buffer: ByteBuffer, by side: Role) -> [(side: Role, bytes: ByteBuffer)] {
      buffer.readableBytesView.map { (side, ByteBuffer(bytes: [$0])) }
    }
    #expect(
      try items(bytes(connect + proposal, by: .initiator) + bytes(ok + proposal, by: .responder)).map(\.what)
        == whole)
    // An answer that is captured before its request.
    #expect(
      try Set(
        items(bytes(ok + proposal, by: .responder) + bytes(connect + proposal, by: .initiator)).map(\.what))
        == Set(whole))
  }

  @Test func `bytes behind a refusal are shown as bytes`() throws {
    let refusal = HopMessage.status(.noReservation, nil, .unlimited).encoded
    let items = try items([(.initiator, connect + proposal), (.responder, refusal)])
    #expect(items.map(\.what.type) == ["relay.circuitAsked", "relay.circuitRefused", "opaque.bytes"])
  }

  @Test func `a request without an answer keeps nothing back`() throws {
    #expect(
      try items([(.initiator, connect + proposal)]).map(\.what.type) == [
        "relay.circuitAsked", "opaque.bytes",
      ])
    #expect(try items([(.responder, ok)]).map(\.what.type) == ["opaque.bytes"])
  }

  @Test func `what is no message of the protocol is said to be malformed`() throws {
    let tooLong = ByteBuffer(bytes: [0xFF, 0xFF, 0x03])
    #expect(try items([(.initiator, tooLong)]).contains { $0.what.type == "note.malformed" })
    #expect(try items([(.initiator, ok)]).contains { $0.what.type == "note.malformed" })
    #expect(
      try items([(.initiator, StopMessage.status(.ok).encoded)], on: .relayStop).contains {
        $0.what.type == "note.malformed"
      })
    #expect(
      try items([(.initiator, connect), (.responder, HopMessage.reserve.encoded)]).contains {
        $0.what.type == "note.malformed" && $0.speaker == .responder
      })
  }

  @Test func `what waits for an answer is bounded`() throws {
    var limits = Limits()
    limits.unexplainedBytesMax = 1000
    let items = try items(
      [(.initiator, connect)] + (0..<20).map { _ in (.initiator, ByteBuffer(repeating: 0, count: 100)) },
      limits: limits)
    #expect(items.contains { $0.what.type == "note.limit" })
  }

  @Test func `a forged voucher is called so`() throws {
    let voucher = Voucher(relay: Keys.bob.peerID, peer: Keys.alice.peerID, expiration: 1).sealed(by: Keys.bob)
    let answer = HopMessage.status(
      .ok, Reservation(expiration: 1, addresses: [], voucher: voucher), .unlimited
    ).encoded
    let items = try items([(.initiator, HopMessage.reserve.encoded), (.responder, answer)])
    guard case .relay(.reservationGranted(let reservation, _))? = items.last?.what,
      case .invalid = reservation.voucher
    else {
      Issue.record("\(items)")
      return
    }
  }

  @Test(arguments: 0..<200) func `random bytes never trap`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var chunks: [(side: Role, bytes: ByteBuffer)] = []
    for template in [connect, ok, proposal, HopMessage.reserve.encoded] {
      var bytes = Array(template.readableBytesView)
      let index = Int.random(in: bytes.indices, using: &generator)
      bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
      chunks.append((Bool.random(using: &generator) ? .initiator : .responder, ByteBuffer(bytes: bytes)))
    }
    _ = try items(chunks, on: seed % 2 == 0 ? .relayHop : .relayStop)
  }
}
