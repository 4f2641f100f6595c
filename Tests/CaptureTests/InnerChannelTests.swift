import GossipSub
import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import Capture

/// A connection inside a stream, as a relay will carry it.
@Suite struct InnerChannelTests {
  /// What the connection of `talk` says inside stream 7, which the responder of TCP has opened.
  private func items(of talk: borrowing Talk, alreadyIn circuit: [Circuit] = []) throws -> [Item] {
    var findings = Findings(limits: Limits(), keys: talk.ring, showsWindows: false)
    findings.scope.circuit = circuit
    findings.scope.peers = (Keys.relay.peerID, Keys.bob.peerID)
    findings.inStream(7, openedBy: .responder, speaking: "/relay") { findings in
      var channel = InnerChannel(
        through: .responder, from: Keys.alice.peerID, to: nil, findings: findings)
      for (index, packet) in talk.packets.enumerated() {
        guard let ip = try? IPPacket(packet.bytes), let segment = try? TCPSegment(ip) else { continue }
        findings.stamp = Stamp(packet: index + 1, time: packet.time)
        let side: Role = segment.source == .alice ? .initiator : .responder
        channel.receive(segment.payload, from: side, findings: &findings)
      }
      channel.ended(findings: &findings)
    }
    var items: [Item] = []
    while let item = findings.popFirst() { items.append(item) }
    return items
  }

  @Test func `the same keys open it, and it says where it is`() throws {
    let talk = try Talk.whole()
    let items = try items(of: talk)
    #expect(items.allSatisfy { $0.circuit == [circuit] })
    let published = try #require(items.first { $0.what.type == "gossip.published" })
    #expect(published.protocolName == "/meshsub/1.1.0")
    // The dialer of the circuit is at TCP's responder here, which opened the stream.
    #expect(published.speaker == .responder)
    #expect(published.sendingPeer == Keys.alice.peerID)
    #expect(published.receivingPeer == Keys.bob.peerID)
    #expect(items.first?.sendingPeer == nil)
  }

  /// As `items` has it.
  private let circuit = Circuit(
    stream: 7, relay: Keys.relay.peerID, relayEndpoint: Endpoint(address: .v4(.any), port: 0),
    initiator: Keys.alice.peerID, target: nil)

  @Test func `not deeper than the limit`() throws {
    let talk = try Talk.whole()
    let items = try items(of: talk, alreadyIn: [circuit, circuit, circuit, circuit])
    #expect(items.count == 1)
    guard case .note(.limit)? = items.first?.what else {
      Issue.record("\(items)")
      return
    }
  }
}
