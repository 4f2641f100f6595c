import Foundation
import GossipSub
import Identify
import Testing

@testable import Capture

/// A real kernel's packets, and a foreign peer.
@Suite struct GoTests {
  private func timeline(_ ring: KeyRing) throws -> Timeline {
    let folder = try Folder()
    let data = try #require(Data(base64Encoded: GoRecording.capture, options: .ignoreUnknownCharacters))
    return try Timeline(reading: folder.file("go.pcap", Array(data)), keys: ring)
  }

  @Test func `all that Go and we said is in clear`() throws {
    var ring = KeyRing()
    for line in GoRecording.keyLog { ring.add(line: line) }
    let timeline = try timeline(ring)
    #expect(timeline.notes.isEmpty)
    #expect(!timeline.items.contains { ["opaque.bytes", "noise.sealed"].contains($0.what.type) })
    let agents = timeline.items.compactMap { item -> String? in
      if case .identify(let message) = item.what { message.agentVersion } else { nil }
    }
    #expect(agents.sorted() == ["meshnode/0.1", "p2pd/0.1"])
    let types = timeline.items.map(\.what.type)
    #expect(types.filter { $0 == "ping.request" }.count == 3)
    #expect(types.filter { $0 == "ping.echo" }.count == 3)
    #expect(types.contains("gossip.graft"))
    for index in 0..<3 { #expect(timeline.published.contains("hello from go \(index)")) }
    #expect(timeline.published.contains("ANNOUNCE:PRESENCE"))
    let judgements = timeline.items.compactMap { item -> RecordedMessage.Judgement? in
      if case .gossip(.published(let message)) = item.what { message.judgement } else { nil }
    }
    #expect(judgements.allSatisfy { $0 == .valid })
  }

  @Test func `without keys, the clear part`() throws {
    let timeline = try timeline(KeyRing())
    let types = timeline.items.map(\.what.type)
    #expect(types.contains("multistream.accepted"))
    #expect(types.filter { $0 == "noise.handshake" }.count == 3)
    #expect(types.contains("noise.sealed"))
  }
}
