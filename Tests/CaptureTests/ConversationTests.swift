import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import Capture

/// What TCP itself says, and captures that do not have all of it.
@Suite struct ConversationTests {
  private func types(_ timeline: Timeline) -> [String] { timeline.items.map(\.what.type) }

  @Test func `both say SYN`() throws {
    var talk = Talk()
    // Bob's leaves first, and Alice, who dials in the end, is the second to be seen.
    talk.tap(talk.fromBob.syn())
    talk.tap(talk.fromAlice.syn())
    talk.fromAlice.acknowledgement = talk.fromBob.sequence
    talk.fromBob.acknowledgement = talk.fromAlice.sequence
    talk.tap(talk.fromAlice.packet([.syn, .ack], at: talk.fromAlice.sequence &- 1))
    talk.tap(talk.fromBob.packet([.syn, .ack], at: talk.fromBob.sequence &- 1))
    try talk.exchange()
    try talk.gossip(["through"])
    let timeline = timeline(of: talk.packets, keys: talk.ring)
    #expect(
      types(timeline).prefix(6) == [
        "tcp.syn", "tcp.syn", "tcp.simultaneousOpen", "tcp.synAck", "tcp.synAck", "tcp.simultaneouslyOpened",
      ])
    #expect(timeline.items[5].what == .tcp(.simultaneouslyOpened(bothAnswered: true)))
    #expect(timeline.published == ["through"])
    let published = try #require(timeline.items.first { $0.what.type == "gossip.published" })
    #expect(published.speaker == .responder)
    #expect(published.sender == .alice)
    #expect(published.sendingPeer == Keys.alice.peerID)
    #expect(timeline.items[0].sendingPeer == Keys.bob.peerID)
  }

  /// Alice's SYN dies at Bob's NAT, and his comes through the hole that it made in hers.
  @Test func `one end has had the other's SYN in time`() throws {
    var talk = Talk()
    talk.tap(talk.fromAlice.syn())
    talk.tap(talk.fromBob.syn())
    talk.fromAlice.acknowledgement = talk.fromBob.sequence
    talk.fromBob.acknowledgement = talk.fromAlice.sequence
    talk.tap(talk.fromAlice.packet([.syn, .ack], at: talk.fromAlice.sequence &- 1))
    talk.tap(talk.fromBob.ack())
    try talk.exchange()
    try talk.gossip(["through"])
    let timeline = timeline(of: talk.packets, keys: talk.ring)
    #expect(
      timeline.items.prefix(5).map(\.what) == [
        .tcp(.syn(isRepeated: false)), .tcp(.syn(isRepeated: false)), .tcp(.simultaneousOpen),
        .tcp(.synAck(isRepeated: false)), .tcp(.simultaneouslyOpened(bothAnswered: false)),
      ])
    // Who answered with SYN-ACK.
    #expect(timeline.items[3].sender == .alice)
    #expect(timeline.published == ["through"])
    let text = timeline.text().joined(separator: "\n")
    #expect(text.contains("simultaneous open"))
  }

  /// Alice's SYN dies at Bob's NAT before it is captured there, and his was never seen to cross it. The roles
  /// were agreed on before.
  @Test func `who proposes dials, whoever said SYN`() throws {
    var talk = Talk()
    talk.tap(talk.fromBob.syn())
    talk.fromAlice.acknowledgement = talk.fromBob.sequence
    talk.tap(talk.fromAlice.syn([.syn, .ack]))
    talk.fromBob.acknowledgement = talk.fromAlice.sequence
    talk.tap(talk.fromBob.ack())
    try talk.exchange()
    try talk.gossip(["through"])
    let timeline = timeline(of: talk.packets, keys: talk.ring)
    #expect(timeline.published == ["through"])
    #expect(timeline.items[0].sendingPeer == Keys.bob.peerID)
    #expect(timeline.items.first { $0.what.type == "gossip.published" }?.sendingPeer == Keys.alice.peerID)
  }

  @Test func `SYNs that crossed and came to nothing are no connection`() {
    var talk = Talk()
    talk.tap(talk.fromAlice.syn())
    talk.tap(talk.fromBob.syn())
    talk.fromBob.acknowledgement = talk.fromAlice.sequence
    talk.tap(talk.fromBob.reset())
    let facts = timeline(of: talk.packets, keys: KeyRing()).items.map(\.what)
    #expect(
      facts.suffix(2) == [.tcp(.simultaneousOpen), .tcp(.reset(isRefusal: true))])
  }

  /// A router that rejects what it does not know has ended the first one.
  @Test func `a SYN behind the other's refusal opens a connection of its own`() throws {
    var talk = Talk()
    talk.tap(talk.fromAlice.syn())
    talk.fromBob.acknowledgement = talk.fromAlice.sequence
    talk.tap(talk.fromBob.packet([.reset, .ack], at: 0))
    talk.tap(talk.fromBob.syn())
    let timeline = timeline(of: talk.packets, keys: KeyRing())
    #expect(
      timeline.items.map(\.what) == [
        .tcp(.syn(isRepeated: false)), .tcp(.reset(isRefusal: true)), .tcp(.syn(isRepeated: false)),
      ])
    #expect(timeline.items.map(\.connection) == [1, 1, 2])
  }

  @Test func `a reset is a refusal before the connection is open, and not after`() throws {
    var refused = Talk()
    refused.tap(refused.fromAlice.syn())
    refused.fromBob.acknowledgement = refused.fromAlice.sequence
    refused.tap(refused.fromBob.reset())
    #expect(timeline(of: refused.packets, keys: KeyRing()).items.last?.what == .tcp(.reset(isRefusal: true)))
    var broken = Talk()
    broken.shakeHands()
    try broken.exchange()
    broken.tap(broken.fromBob.reset())
    #expect(timeline(of: broken.packets, keys: KeyRing()).items.last?.what == .tcp(.reset(isRefusal: false)))
  }

  @Test func `a SYN again is told as such`() {
    var talk = Talk()
    let syn = talk.fromAlice.syn()
    talk.tap(syn)
    talk.tap(syn)
    let facts = timeline(of: talk.packets, keys: KeyRing()).items.map(\.what)
    #expect(facts == [.tcp(.syn(isRepeated: false)), .tcp(.syn(isRepeated: true))])
  }

  @Test func `a reset, and the next connection between the same ports`() throws {
    var first = Talk()
    first.shakeHands()
    try first.exchange()
    try first.gossip(["one"])
    first.tap(first.fromBob.reset())
    var second = Talk(sequence: 77_000, entropy: 1)
    second.now = first.now + .seconds(1)
    second.shakeHands()
    try second.exchange()
    try second.gossip(["two"])
    var ring = first.ring
    for line in second.keyLog { ring.add(line: line) }
    let timeline = timeline(of: first.packets + second.packets, keys: ring)
    #expect(timeline.published == ["one", "two"])
    #expect(types(timeline).contains("tcp.reset"))
    #expect(Set(timeline.items.map(\.connection)) == [1, 2])
    #expect(timeline.notes.isEmpty)
  }

  @Test func `a capture that starts in the middle`() throws {
    let talk = try Talk.whole()
    let timeline = timeline(of: Array(talk.packets.dropFirst(20)), keys: talk.ring)
    #expect(timeline.notes.first == .beginsMidway)
    #expect(timeline.notes.contains { if case .notLibp2p = $0 { true } else { false } })
    #expect(timeline.published.isEmpty)
  }

  @Test func `without the SYNs but from the first byte, all is read`() throws {
    let talk = try Talk.whole()
    let timeline = timeline(of: Array(talk.packets.dropFirst(3)), keys: talk.ring)
    #expect(timeline.notes == [.beginsMidway])
    #expect(timeline.published == ["ANNOUNCE:PRESENCE", "hello"])
  }

  @Test func `other traffic is called so`() {
    var talk = Talk()
    talk.shakeHands()
    talk.tap(talk.fromAlice.data(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n")))
    let notes = timeline(of: talk.packets, keys: KeyRing()).notes
    #expect(notes == [.notLibp2p(beginning: Array("GET / HTTP/1.1\r\n\r\n".utf8))])
  }

  @Test func `TLS is named and not read`() {
    var talk = Talk()
    talk.shakeHands()
    let said = ByteBuffer(string: "\u{13}/multistream/1.0.0\n\u{0B}/tls/1.0.0\n")
    talk.tap(talk.fromAlice.data(said))
    talk.tap(talk.fromBob.data(said))
    #expect(timeline(of: talk.packets, keys: KeyRing()).notes == [.unreadable("/tls/1.0.0")])
  }

  @Test(arguments: [LinkType.ethernet, .linuxCooked, .linuxCooked2, .loopback])
  func `every link type`(link: LinkType) throws {
    let talk = try Talk.whole()
    let header: [UInt8] =
      switch link {
      case .raw: []
      case .ethernet: [UInt8](repeating: 1, count: 12) + [0x81, 0, 0, 5, 8, 0]
      case .linuxCooked: [UInt8](repeating: 0, count: 14) + [8, 0]
      case .linuxCooked2: [8, 0] + [UInt8](repeating: 0, count: 18)
      case .loopback: [2, 0, 0, 0]
      }
    var dissector = Dissector(keys: talk.ring)
    var timeline = Timeline()
    for packet in talk.packets {
      // Ethernet pads short frames.
      dissector.receive(
        ByteBuffer(bytes: header) + packet.bytes + ByteBuffer(repeating: 0, count: 6), linkType: link,
        at: packet.time)
    }
    dissector.finish()
    while let item = dissector.nextItem() { timeline.append(item) }
    #expect(timeline.published == ["ANNOUNCE:PRESENCE", "hello"])
    #expect(timeline.notes.isEmpty)
  }

  @Test func `too many connections: the oldest are finished and forgotten`() {
    var limits = Limits()
    limits.conversationsMax = 16
    var packets: [TapPacket] = []
    for port in UInt16(1)...100 {
      var talk = Talk(alice: Endpoint("10.0.0.1", port))
      talk.shakeHands()
      packets += talk.packets
    }
    let timeline = timeline(of: packets, keys: KeyRing(), limits: limits)
    #expect(timeline.census.connections == 100)
    #expect(timeline.census.forgotten >= 84)
  }
}
