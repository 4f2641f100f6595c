import Foundation
import Identity
import Testing

@testable import Capture

/// What people and programs read.
@Suite struct RenderingTests {
  @Test func `every line is an object with the same keys`() throws {
    let talk = try Talk.whole()
    let items = timeline(of: talk.packets, keys: talk.ring).items
    for item in items {
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(item.json.utf8)) as? [String: Any], "\(item.json)")
      for key in ["timeMs", "packet", "connection", "by", "from", "to", "fromPeer", "toPeer", "type"] {
        #expect(object[key] != nil, "\(key) in \(item.json)")
      }
    }
    let published = try #require(items.first { $0.what.type == "gossip.published" })
    let object = try JSONSerialization.jsonObject(with: Data(published.json.utf8)) as? [String: Any]
    #expect(object?["topic"] as? String == "p2p-chat-global")
    #expect(object?["author"] as? String == Keys.alice.peerID.description)
    #expect(object?["seqno"] as? String == "100")
    #expect(object?["text"] as? String == "ANNOUNCE:PRESENCE")
    #expect(object?["signature"] as? String == "valid")
    #expect(published.json.hasPrefix("{\"timeMs\":1700000000"))
  }

  @Test func `a table, with who is who above it`() throws {
    let talk = try Talk.whole()
    let lines = timeline(of: talk.packets, keys: talk.ring).text()
    #expect(lines.contains { $0.contains("is \(Keys.bob.peerID) at 10.0.0.2:4001") })
    let header = try #require(lines.first { $0.contains("what") })
    let column = try #require(header.range(of: "what")).lowerBound.utf16Offset(in: header)
    let rows = lines.drop { $0 != header }.dropFirst()
    #expect(rows.allSatisfy { $0.utf16.count > column && Array($0.utf16)[column - 1] == 0x20 })
    #expect(rows.contains { $0.contains("publishes on p2p-chat-global: “hello” by …") })
  }

  @Test func `what strangers wrote moves no cursor`() throws {
    var talk = Talk()
    talk.shakeHands()
    try talk.exchange()
    try talk.gossip(["\u{1B}[2Jgone\r\n\u{202E}"])
    let timeline = timeline(of: talk.packets, keys: talk.ring)
    for scalar in timeline.text().joined().unicodeScalars {
      #expect(!["\u{1B}", "\r", "\n", "\u{202E}"].contains(scalar))
    }
    #expect(timeline.items.map(\.json).allSatisfy { !$0.contains("\u{1B}") && !$0.contains("\n") })
  }

  @Test func `mistakes in a filter are told`() {
    #expect(throws: Filter.Mistake.notAProtocol("gosip")) { try Filter(peers: [], protocols: ["gosip"]) }
    #expect(throws: Filter.Mistake.self) { try Filter(peers: ["nobody"], protocols: []) }
  }
}
