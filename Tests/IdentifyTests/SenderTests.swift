// The speaking side, and how a message is cut.

import Identify
import Identity
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct SenderTests {
  @Test func `a message is drained once, then the half is finished`() throws {
    var sender = try Sender(Message(agentVersion: "a/1"))
    #expect(!sender.outboundFinished)
    #expect(try sender.nextEvent() == nil)
    var wire = ByteBuffer()
    #expect(sender.drainOutbound(into: &wire) == true)
    #expect(wire == ByteBuffer(bytes: [5, 0x32, 3] + "a/1".utf8))
    #expect(sender.outboundFinished)
    #expect(try sender.nextEvent() == .sent)
    #expect(try sender.nextEvent() == nil)
    #expect(sender.drainOutbound(into: &wire) == false)
  }

  @Test func `every field has its number`() throws {
    let keys = try keys(1)
    let message = try fullMessage(of: keys)
    let expected = try part(
      (1, keys.publicKey.protobuf), (2, address(1).bytes), (2, address(2).bytes),
      (3, [UInt8]("/ipfs/id/1.0.0".utf8)), (3, [UInt8]("/ipfs/ping/1.0.0".utf8)),
      (4, Multiaddr("/ip4/198.51.100.7/tcp/9").bytes), (5, [UInt8]("ipfs/0.1.0".utf8)),
      (6, [UInt8]("test/1".utf8)), (8, record(keys, 5, [address(1), address(2)])))
    #expect(try sent(message) == expected)
  }

  @Test func `the protocols have their names`() {
    #expect(ProtocolName.identify.rawValue == "/ipfs/id/1.0.0")
    #expect(ProtocolName.identifyPush.rawValue == "/ipfs/id/push/1.0.0")
  }

  @Test func `a peer that talks back`() throws {
    var sender = try Sender(Message(agentVersion: "a/1"))
    var bytes = ByteBuffer(string: "hello")
    sender.receive(&bytes)
    #expect(bytes.readableBytes == 0)
    #expect(throws: IdentifyError.unexpectedBytes) { try sender.nextEvent() }
    #expect(try sender.nextEvent() == nil)
    var wire = ByteBuffer()
    #expect(sender.drainOutbound(into: &wire) == false)
    #expect(!sender.outboundFinished)
  }

  // Parts.

  @Test func `a record that does not fit beside the rest goes alone`() throws {
    let keys = try keys(1)
    let addresses = try (0..<120).map(address)
    var message = try fullMessage(of: keys)
    message.listenAddrs = addresses
    message.signedPeerRecord = record(keys, 1, addresses)
    message.agentVersion = String(repeating: "a", count: 2000)

    let bodies = try parts(sent(message))
    #expect(bodies.count == 2)
    #expect(try parts(sent(Message(signedPeerRecord: message.signedPeerRecord))) == bodies.suffix(1))
    #expect(try received(sent(message)) == message)
  }

  @Test
  func `every part is within 4096 bytes, the first has all that is single, and merging restores the message`()
    throws
  {
    let keys = try keys(1)
    for count in stride(from: 0, through: 170, by: 1) {
      var message = try fullMessage(of: keys)
      message.listenAddrs = try (0..<count).map(address)
      message.protocols = (0..<count).map { ProtocolName("/protocol/with/a/name/\($0)") }
      let bodies = try parts(sent(message))
      #expect(bodies.allSatisfy { (1...4096).contains($0.readableBytes) }, "\(count) entries")
      #expect(try received(sent(message)) == message, "\(count) entries")

      var first = ByteBuffer()
      LengthPrefixedFrames.encode(bodies[0], into: &first)
      let alone = try received(first)
      #expect(alone.publicKey == message.publicKey && alone.observedAddr == message.observedAddr)
      #expect(alone.agentVersion == message.agentVersion && alone.protocolVersion == message.protocolVersion)
    }
  }

  @Test func `a part of 4096 bytes is one part, a byte more makes two`() throws {
    // Two fields of one tag and two length bytes each.
    let exact = try Message(
      publicKey: [UInt8](repeating: 0, count: 4096 - 6 - 1000), agentVersion: text(1000))
    #expect(try parts(sent(exact)).map(\.readableBytes) == [4096])
    let over = try Message(publicKey: [UInt8](repeating: 0, count: 4096 - 5 - 1000), agentVersion: text(1000))
    #expect(try parts(sent(over)).count == 2)
  }

  @Test func `a message that others would refuse is not sent`() throws {
    #expect(throws: IdentifyError.ownMessageTooLarge(bytes: 5003)) {
      try Sender(Message(signedPeerRecord: [UInt8](repeating: 0, count: 5000)))
    }
    let many = try Message(listenAddrs: (0..<1000).map(address))
    #expect(throws: IdentifyError.ownMessageTooLarge(bytes: 10_000)) { try Sender(many) }
    #expect(IdentifyError.ownMessageTooLarge(bytes: 1).fault == .local)
  }

  private func text(_ count: Int) throws -> String { String(repeating: "t", count: count) }
}
