import AutoNAT
import DCUtR
import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import Capture

/// What two ends of a circuit say before they dial each other.
@Suite struct TraversalTests {
  /// What `chunks` say on a stream of `name`, a millisecond apart.
  private func items(_ name: ProtocolName, _ chunks: [(side: Role, bytes: ByteBuffer)]) -> [Item] {
    var findings = Findings(limits: Limits(), keys: KeyRing(), showsWindows: false)
    var dissector = StreamProtocols.dissector(of: name, limits: Limits())
    findings.inStream(1, openedBy: .initiator, speaking: name) { findings in
      for (index, chunk) in chunks.enumerated() {
        findings.stamp = Stamp(packet: index + 1, time: .zero + .milliseconds(index))
        dissector.receive(chunk.bytes, from: chunk.side, findings: &findings)
      }
      dissector.ended(findings: &findings)
    }
    // Of a message whose end has not come.
    #expect(dissector.heldBytes <= chunks.reduce(0) { $0 + $1.bytes.readableBytes })
    var items: [Item] = []
    while let item = findings.popFirst() { items.append(item) }
    return items
  }

  private let connect = DCUtR.Message.connect([address("/ip4/45.9.9.9/tcp/4001")]).encoded

  @Test func `CONNECT there and back, and SYNC, with the times between`() {
    let items = items(
      .dcutr, [(.initiator, connect), (.responder, connect), (.initiator, DCUtR.Message.sync.encoded)])
    #expect(
      items.map(\.what) == [
        .punch(.connect([address("/ip4/45.9.9.9/tcp/4001")], afterNanoseconds: nil)),
        .punch(.connect([address("/ip4/45.9.9.9/tcp/4001")], afterNanoseconds: 1_000_000)),
        .punch(.sync(afterNanoseconds: 1_000_000)),
      ])
    #expect(items[0].what.text == "hole punch: CONNECT, may be reached at [/ip4/45.9.9.9/tcp/4001]")
    #expect(items[2].json.contains("\"type\":\"punch.sync\",\"afterMs\":1.000000"))
  }

  @Test func `a second attempt on the same stream`() {
    let round: [(side: Role, bytes: ByteBuffer)] = [
      (.initiator, connect), (.responder, connect), (.initiator, DCUtR.Message.sync.encoded),
    ]
    #expect(items(.dcutr, round + round).map(\.what.type).filter { $0 == "punch.sync" }.count == 2)
  }

  @Test func `what is no such message is malformed, once, and the other side is read`() {
    let wrong = Said.framed(ByteBuffer(bytes: [0x08, 0x07]))
    let items = items(.dcutr, [(.initiator, wrong + connect), (.responder, connect)])
    #expect(items.map(\.what.type) == ["note.malformed", "punch.connect"])
  }

  // MARK: AutoNAT

  private let place = address("/ip4/45.9.9.9/tcp/4001")

  @Test func `one question about the whole node, and its answer`() {
    let said = items(
      .autoNAT,
      [
        (.initiator, V1Message.dial(Keys.alice.peerID, [place]).encoded),
        (.responder, V1Message.response(.dialError, nil).encoded),
      ])
    #expect(said.map(\.what.type) == ["autonat.question", "autonat.answer"])
    #expect(said[0].what.text == "asks whether it can be reached at any of [/ip4/45.9.9.9/tcp/4001]")
    #expect(said[1].what.text == "has not reached it: dial failed")
  }

  @Test func `a question about addresses, the bytes it costs, and its answer`() {
    let reached = V2Message.DialResponse(.ok, index: .max, .ok)
    let said = items(
      .autoNATDialRequest,
      [
        (.initiator, V2Message.dialRequest([nil, place], nonce: .max).encoded),
        (.responder, V2Message.dialDataRequest(index: 1, bytes: 30_000).encoded),
        (.initiator, V2Message.dialData(bytes: 4000).encoded),
        (.responder, V2Message.dialResponse(reached).encoded),
      ])
    #expect(
      said.map(\.what) == [
        .autoNAT(.v2(.dialRequest([nil, place], nonce: .max))),
        .autoNAT(.v2(.dialDataRequest(index: 1, bytes: 30_000))), .autoNAT(.v2(.dialData(bytes: 4000))),
        .autoNAT(.v2(.dialResponse(reached))),
      ])
    #expect(said[0].what.text.hasPrefix("asks at which of [? /ip4/45.9.9.9/tcp/4001] it can be reached"))
    #expect(said[1].what.text == "wants 30000 bytes before it dials address 2")
    #expect(said[3].what.text == "has reached address 4294967296")
  }

  @Test func `a dial-back, and that it was taken`() {
    let said = items(
      .autoNATDialBack,
      [(.initiator, DialBackMessage.encoded(nonce: 7)), (.responder, DialBackMessage.response)])
    #expect(said.map(\.what) == [.autoNAT(.dialBack(nonce: 7)), .autoNAT(.dialBackTaken(true))])
  }

  @Test func `what is no message of AutoNAT is malformed`() {
    for name in [ProtocolName.autoNAT, .autoNATDialRequest, .autoNATDialBack] {
      let said = items(name, [(.initiator, Said.framed(ByteBuffer(bytes: [0xFF])))])
      #expect(said.map(\.what.type) == ["note.malformed"], "\(name)")
    }
  }

  @Test(arguments: 0..<200) func `random bytes never trap`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let templates: [(ProtocolName, ByteBuffer)] = [
      (.dcutr, connect), (.autoNAT, V1Message.dial(Keys.alice.peerID, [place]).encoded),
      (.autoNATDialRequest, V2Message.dialRequest([place], nonce: 1).encoded),
      (.autoNATDialBack, DialBackMessage.encoded(nonce: 7)),
    ]
    for (name, template) in templates {
      var bytes = Array(template.readableBytesView)
      let index = Int.random(in: bytes.indices, using: &generator)
      bytes[index] = UInt8.random(in: .min ... .max, using: &generator)
      _ = items(name, [(seed % 2 == 0 ? .initiator : .responder, ByteBuffer(bytes: bytes))])
    }
  }
}

private func address(_ text: String) -> Multiaddr {
  guard let address = try? Multiaddr(text) else { preconditionFailure("\(text) is no address") }
  return address
}
