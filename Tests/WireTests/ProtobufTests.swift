import NIOCore
import SansIO
import SwiftProtobuf
import TestKit
import Testing

@testable import Wire

/// Field numbers and types, each written out by hand from the specification it comes from.
@Suite struct ProtobufTests {
  @Test func keys() throws {
    var key = Keys_PublicKey()
    key.type = .rsa
    key.data = [UInt8]([0xAA]).protobufBytes()
    #expect(key.encodedBytes().hex == "0800" + "1201aa")
    #expect(try Keys_PrivateKey(decoding: [UInt8](hex: "0803" + "1201aa")).type == .ecdsa)
  }

  @Test func noisePayload() throws {
    let message = try Noise_Payload(
      decoding: [UInt8](hex: "0a0101" + "120102" + "1a0103" + "2208" + "0a0104" + "120361" + "2f62"))
    #expect([UInt8](message.identityKey) == [1])
    #expect([UInt8](message.identitySig) == [2])
    #expect(message.extensions.webtransportCerthashes.map { [UInt8]($0) } == [[4]])
    #expect(message.extensions.streamMuxers == ["a/b"])
  }

  @Test func identify() throws {
    let message = try Identify_Message(
      decoding: [UInt8](
        hex: "0a0101" + "120102" + "120103" + "1a022f61" + "220104" + "2a0150" + "320141" + "420105"))
    #expect([UInt8](message.publicKey) == [1])
    #expect(message.listenAddrs.map { [UInt8]($0) } == [[2], [3]])
    #expect(message.protocols == ["/a"])
    #expect([UInt8](message.observedAddr) == [4])
    #expect(message.protocolVersion == "P")
    #expect(message.agentVersion == "A")
    #expect([UInt8](message.signedPeerRecord) == [5])
    #expect(try !Identify_Message(decoding: [UInt8]()).hasPublicKey)
  }

  @Test func relayHop() throws {
    let message = try Relay_HopMessage(
      decoding: [UInt8](
        hex: """
          0802
          1206 0a0101 120102
          1a08 0805 120106 1a0107
          2204 0878 1009
          28c801
          """))
    #expect(message.type == .status)
    #expect([UInt8](message.peer.id) == [1])
    #expect(message.peer.addrs.map { [UInt8]($0) } == [[2]])
    #expect(message.reservation.expire == 5)
    #expect(message.reservation.addrs.map { [UInt8]($0) } == [[6]])
    #expect([UInt8](message.reservation.voucher) == [7])
    #expect(message.limit.duration == 120)
    #expect(message.limit.data == 9)
    #expect(message.status == .reservationRefused)

    var reserve = Relay_HopMessage()
    reserve.type = .reserve
    #expect(reserve.encodedBytes().hex == "0800")
  }

  @Test func relayStop() throws {
    let message = try Relay_StopMessage(
      decoding: [UInt8](hex: "0801" + "12030a0101" + "1a020878" + "20cc01"))
    #expect(message.type == .status)
    #expect([UInt8](message.peer.id) == [1])
    #expect(message.limit.duration == 120)
    #expect(message.status == .noReservation)
    let voucher = try Relay_ReservationVoucher(decoding: [UInt8](hex: "0a0101" + "120102" + "1803"))
    #expect([UInt8](voucher.relay) == [1])
    #expect([UInt8](voucher.peer) == [2])
    #expect(voucher.expiration == 3)
  }

  @Test func dcutr() throws {
    let message = try Dcutr_HolePunch(decoding: [UInt8](hex: "08ac02" + "120101" + "120102"))
    #expect(message.type == .sync)
    #expect(message.obsAddrs.map { [UInt8]($0) } == [[1], [2]])
    #expect(try Dcutr_HolePunch(decoding: [UInt8](hex: "0864")).type == .connect)
  }

  @Test func autonat() throws {
    let ask = try Autonat_Message(decoding: [UInt8](hex: "0800" + "1208" + "0a06" + "0a0101" + "120102"))
    #expect(ask.type == .dial)
    #expect([UInt8](ask.dial.peer.id) == [1])
    #expect(ask.dial.peer.addrs.map { [UInt8]($0) } == [[2]])
    let answer = try Autonat_Message(decoding: [UInt8](hex: "0801" + "1a09" + "08ac02" + "120178" + "1a0103"))
    #expect(answer.type == .dialResponse)
    #expect(answer.dialResponse.status == .eInternalError)
    #expect(answer.dialResponse.statusText == "x")
    #expect([UInt8](answer.dialResponse.addr) == [3])
  }

  @Test func autonat2() throws {
    let ask = try Autonat2_Message(decoding: [UInt8](hex: "0a0c" + "0a0101" + "110200000000000000"))
    #expect(ask.dialRequest.addrs.map { [UInt8]($0) } == [[1]])
    #expect(ask.dialRequest.nonce == 2)
    let answer = try Autonat2_Message(decoding: [UInt8](hex: "1208" + "08c801" + "1003" + "18c801"))
    #expect(answer.dialResponse.status == .ok)
    #expect(answer.dialResponse.addrIdx == 3)
    #expect(answer.dialResponse.dialStatus == .ok)
    #expect(
      try Autonat2_Message(decoding: [UInt8](hex: "1a04" + "0803" + "1009")).dialDataRequest.numBytes == 9)
    #expect(try Autonat2_Message(decoding: [UInt8](hex: "2203" + "0a0101")).dialDataResponse.data.count == 1)
    #expect(try Autonat2_DialBack(decoding: [UInt8](hex: "090500000000000000")).nonce == 5)
    #expect(try Autonat2_DialBackResponse(decoding: [UInt8](hex: "0800")).status == .ok)
  }

  @Test func gossipsub() throws {
    let rpc = try Gossipsub_RPC(
      decoding: [UInt8](
        hex: """
          0a07 0801 120174 1801
          1212 0a0101 120102 1a0103 220174 2a0104 320105
          1a2a 0a06 0a0174 1201ff
               1203 0a01fe
               1a03 0a0174
               220d 0a0174 1206 0a0101 120102 183c
               2a03 0a01fd
               3202 5001
          """))
    #expect(rpc.subscriptions.first?.subscribe == true)
    #expect(rpc.subscriptions.first?.topicID == "t")
    #expect(rpc.subscriptions.first?.requestsPartial == true)
    let message = try #require(rpc.publish.first)
    #expect([message.from, message.data, message.seqno].map { [UInt8]($0) } == [[1], [2], [3]])
    #expect(message.topic == "t")
    #expect([message.signature, message.key].map { [UInt8]($0) } == [[4], [5]])
    #expect(rpc.control.ihave.first?.messageIds.map { [UInt8]($0) } == [[0xFF]])
    #expect(rpc.control.iwant.first?.messageIds.map { [UInt8]($0) } == [[0xFE]])
    #expect(rpc.control.graft.first?.topicID == "t")
    #expect(rpc.control.prune.first?.backoff == 60)
    #expect(rpc.control.prune.first?.peers.first.map { [UInt8]($0.peerID) } == [1])
    #expect(rpc.control.idontwant.first?.messageIds.map { [UInt8]($0) } == [[0xFD]])
    #expect(rpc.control.extensions.partialMessages)
  }

  @Test("Unknown fields survive, because signatures cover them")
  func unknownFields() throws {
    let bytes = [UInt8](hex: "0a0101" + "9a0601ff")
    #expect(try Gossipsub_Message(decoding: bytes).encodedBytes() == bytes)
  }

  @Test func buffersAndArraysAgree() throws {
    var message = Identify_Message()
    message.agentVersion = "meshwork"
    #expect([UInt8](buffer: message.encodedBuffer()) == message.encodedBytes())
    #expect(try Identify_Message(decoding: message.encodedBuffer()) == message)
    var framed = ByteBuffer()
    LengthPrefixedFrames.encode(message, into: &framed)
    #expect([UInt8](buffer: framed) == [10] + message.encodedBytes())
  }

  @Test func textThatIsNoUTF8IsRefused() {
    #expect(throws: WireError.malformedMessage) { try Identify_Message(decoding: [UInt8](hex: "1a01ff")) }
  }

  @Test("Random bytes never trap", arguments: 0..<200 as Range<UInt64>)
  func randomBytes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let all: [any SwiftProtobuf.Message.Type] = [
      Keys_PublicKey.self, Noise_Payload.self, Identify_Message.self, Record_Envelope.self,
      Record_PeerRecord.self,
      Relay_HopMessage.self, Relay_StopMessage.self, Dcutr_HolePunch.self, Autonat_Message.self,
      Autonat2_Message.self, Gossipsub_RPC.self,
    ]
    for type in all {
      let noise = generator.bytes(Int.random(in: 0...40, using: &generator))
      // Tags of the first sixteen fields, each of bytes, with small lengths between: noise that gets inside.
      let shaped = noise.map { $0 & 1 == 0 ? $0 & 0x78 | 2 : $0 & 0x07 }
      for bytes in [noise, shaped] { _ = try? type.init(decoding: bytes) }
    }
  }
}
