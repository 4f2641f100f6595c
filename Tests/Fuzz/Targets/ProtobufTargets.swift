import NIOCore
import SwiftProtobuf
import Wire

// Every message through the wrappers that decode it.
extension FuzzTarget {
  static let protobuf = [
    FuzzTarget(
      "protobuf", seeds: messages.indices.map { Seed("message-\($0)", [UInt8($0)] + [0x0A, 2, 8, 1]) }
    ) { input in
      var input = input
      let which = Int(input.byte()) % messages.count
      messages[which](input.rest())
    }
  ]

  private static let messages: [@Sendable ([UInt8]) -> Void] = [
    check(Keys_PublicKey.self), check(Keys_PrivateKey.self), check(Noise_Payload.self),
    check(Identify_Message.self),
    check(Record_Envelope.self), check(Record_PeerRecord.self), check(Autonat_Message.self),
    check(Autonat2_Message.self), check(Dcutr_HolePunch.self), check(Gossipsub_RPC.self),
    check(Gossipsub_PeerInfo.self),
    check(Relay_HopMessage.self), check(Relay_StopMessage.self), check(Relay_ReservationVoucher.self),
  ]

  private static func check<Message: SwiftProtobuf.Message & Equatable>(
    _: Message.Type
  ) -> @Sendable ([UInt8]) -> Void {
    { bytes in
      guard let message = attempt({ () throws(WireError) in try Message(decoding: bytes) }) else { return }
      let encoded = message.encodedBytes()
      let again = attempt { () throws(WireError) in try Message(decoding: encoded) }
      // Not compared as values: not-a-number is unequal to itself, and unknown fields keep their order per
      // field.
      expect(again?.encodedBytes() == encoded, "\(Message.self) is read as it is written")
      expect(again?.encodedBuffer().readableBytesView.elementsEqual(encoded) ?? false, "both encoders agree")
    }
  }
}
