import GossipSub
import Identity
import NIOCore
import Noise
import SansIO
import Testing
import Wire

@testable import Capture

/// Two nodes of ours, all they say to each other, in clear.
@Suite struct DissectionTests {
  @Test func `a published message has its author, number, topic and words`() throws {
    let talk = try Talk.whole()
    let timeline = timeline(of: talk.packets, keys: talk.ring)
    let messages = timeline.items.compactMap { item -> RecordedMessage? in
      if case .gossip(.published(let message)) = item.what { message } else { nil }
    }
    #expect(messages.map(\.author) == [Keys.alice.peerID, Keys.alice.peerID])
    #expect(messages.map(\.sequence) == [100, 101])
    #expect(messages.map(\.topic) == ["p2p-chat-global", "p2p-chat-global"])
    #expect(messages.map(\.judgement) == [.valid, .valid])
    #expect(timeline.published == ["ANNOUNCE:PRESENCE", "hello"])
    #expect(timeline.notes.isEmpty)
  }

  @Test func `the whole conversation, line by line`() throws {
    let talk = try Talk.whole()
    let timeline = timeline(of: talk.packets, keys: talk.ring)
    let types = timeline.items.map(\.what.type)
    let upgrade = [
      "tcp.syn", "tcp.synAck", "multistream.header", "multistream.proposed", "noise.handshake",
      "multistream.header", "multistream.accepted", "noise.handshake", "noise.handshake",
    ]
    #expect(Array(types.prefix(upgrade.count)) == upgrade)
    for type in [
      "identify.message", "ping.request", "ping.echo", "gossip.subscribed", "gossip.published",
      "gossip.ihave",
      "gossip.iwant", "gossip.graft", "gossip.prune", "gossip.idontwant", "chat.message",
      "chat.acknowledgement", "multistream.rejected", "opaque.bytes", "yamux.reset", "yamux.goAway",
      "tcp.fin",
    ] {
      #expect(types.contains(type), "\(type)")
    }
    let last = timeline.text().joined(separator: "\n")
    #expect(last.contains("“for Bob alone”"))
    #expect(
      timeline.items.allSatisfy {
        Set([$0.sendingPeer, $0.receivingPeer]) == [Keys.alice.peerID, Keys.bob.peerID]
      })
  }

  @Test func `handshakes introduce both`() throws {
    let talk = try Talk.whole()
    let introductions = timeline(of: talk.packets, keys: talk.ring).items.compactMap { item -> PeerID? in
      if case .noise(.handshake(_, _, let introduction?)) = item.what { introduction.peer } else { nil }
    }
    #expect(introductions == [Keys.bob.peerID, Keys.alice.peerID])
  }

  @Test func `without keys the clear part is shown, and the lengths of the rest`() throws {
    let talk = try Talk.whole()
    let timeline = timeline(of: talk.packets, keys: KeyRing())
    let types = timeline.items.map(\.what.type)
    #expect(types.prefix(9).filter { $0 == "multistream.accepted" }.count == 1)
    #expect(timeline.notes.count == 1)
    guard case .noKeys(let ephemeral) = timeline.notes.first else {
      Issue.record("\(timeline.notes)")
      return
    }
    #expect(ephemeral.count == 32)
    #expect(types.filter { $0 == "noise.handshake" }.count == 3)
    #expect(types.filter { $0 == "noise.sealed" }.count > 10)
  }

  @Test func `wrong keys are said to be wrong`() throws {
    let talk = try Talk.whole()
    // The same channel by name, another's keys.
    var ring = KeyRing()
    for line in talk.keyLog {
      var words = line.split(separator: " ").map { String($0) }
      words.swapAt(2, words.count - 1)
      ring.add(line: words.joined(separator: " "))
    }
    let timeline = timeline(of: talk.packets, keys: ring)
    #expect(timeline.notes.contains(.wrongHandshakeKeys(.reply)))
    #expect(timeline.notes.filter { $0 == .wrongTransportKeys(message: 1) }.count == 2)
    #expect(timeline.items.contains { $0.what.type == "noise.sealed" })
  }

  @Test func `one direction's key opens one direction`() throws {
    let talk = try Talk.whole()
    var ring = talk.ring
    for line in talk.keyLog where line.hasPrefix("NOISE_XX_TRANSPORT") {
      var words = line.split(separator: " ").map { String($0) }
      words[3] = words[2]
      ring.add(line: words.joined(separator: " "))
    }
    let timeline = timeline(of: talk.packets, keys: ring)
    #expect(timeline.published == ["ANNOUNCE:PRESENCE", "hello"])
    #expect(timeline.notes.contains(.wrongTransportKeys(message: 1)))
  }

  @Test func `a live tap may have its keys late`() throws {
    let talk = try Talk.whole()
    let complete = timeline(of: talk.packets, keys: talk.ring)
    var late = Timeline()
    var dissector = Dissector(keys: KeyRing(isComplete: false))
    for (index, packet) in talk.packets.enumerated() {
      dissector.receive(packet.bytes, at: packet.time)
      if index == 20 { dissector.learn(try talk.keyLog.map { try KeyLog.Entry(line: $0) }) }
      while let item = dissector.nextItem() { late.append(item) }
    }
    dissector.finish()
    while let item = dissector.nextItem() { late.append(item) }
    late.complete()
    #expect(late.conversation == complete.conversation)
    #expect(late.items.map(\.stamp) == complete.items.map(\.stamp))
  }

  @Test func `filters`() throws {
    let talk = try Talk.whole()
    let items = timeline(of: talk.packets, keys: talk.ring).items
    #expect(items.filter(Filter(peers: [Keys.alice.peerID]).admits).count == items.count)
    let other = try KeyPair(seed: [UInt8](repeating: 3, count: 32)).peerID
    #expect(items.filter(Filter(peers: [other]).admits).isEmpty)
    #expect(items.filter(Filter(protocols: ["ping"]).admits).count == 2)
    #expect(items.filter(Filter(protocols: ["/ipfs/ping/1.0.0"]).admits).count > 2)
  }
}
