import CircuitRelay
import Identity
import NIOCore
import SansIO
import Wire

// What relays and their clients may say to each other, and what becomes of a whole relay, and of a whole
// client, that hears it.
extension FuzzTarget {
  static let circuitRelay = [
    FuzzTarget("relay-hop-message", seeds: hopSeeds, run: hopMessage),
    FuzzTarget("relay-stop-message", seeds: stopSeeds, run: stopMessage),
    FuzzTarget("relay-voucher", seeds: voucherSeeds, run: voucher),
    FuzzTarget("relay-service", seeds: RelayRig.seeds) { input in
      var rig = RelayRig(input)
      rig.run()
    },
    FuzzTarget("relay-client", seeds: RelayedRig.seeds) { input in
      var rig = RelayedRig(input)
      rig.run()
    },
  ]

  // MARK: Messages

  static let relayPlace = Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x2D01_0203)), port: 4001)

  static var reservation: Reservation {
    let promise = Voucher(relay: alice.peerID, peer: bob.peerID, expiration: 1_700_003_600)
    return Reservation(
      expiration: 1_700_003_600, addresses: [relayPlace], voucher: promise.sealed(by: alice))
  }

  private static var hopSeeds: [Seed] {
    let limit = Limit(duration: .seconds(120), bytes: 131_072)
    return [
      Seed("reserve", relayBody(HopMessage.reserve.encoded)),
      Seed("connect", relayBody(HopMessage.connect(to: bob.peerID).encoded)),
      Seed("ok", relayBody(HopMessage.status(.ok, reservation, limit).encoded)),
      Seed("refused", relayBody(HopMessage.status(.noReservation, nil, .unlimited).encoded)),
    ]
  }

  private static var stopSeeds: [Seed] {
    [
      Seed("connect", relayBody(StopMessage.connect(from: bob.peerID, Limit(bytes: 1)).encoded)),
      Seed("status", relayBody(StopMessage.status(.ok).encoded)),
    ]
  }

  private static var voucherSeeds: [Seed] {
    [
      Seed("voucher", reservation.voucher ?? []),
      Seed(
        "forged",
        Voucher(relay: bob.peerID, peer: bob.peerID, expiration: 7).sealed(by: bob)),
    ]
  }

  /// A message without its length.
  static func relayBody(_ frame: ByteBuffer) -> [UInt8] {
    var frames = LengthPrefixedFrames(maxBytes: messageBytesMax)
    var frame = frame
    frames.receive(&frame)
    let body = certain("our own frames are whole") { () throws(WireError) in try frames.nextFrame() }
    return body.map { [UInt8]($0.readableBytesView) } ?? []
  }

  private static func hopMessage(_ input: FuzzInput) {
    var input = input
    let bytes = ByteBuffer(bytes: input.rest())
    guard
      let message = attempt({ () throws(CircuitRelayError) in try HopMessage(decoding: bytes) })
    else { return }
    if case .status(_, let reservation, _) = message {
      expect(
        reservation?.addresses.count ?? 0 <= Reservation.addressesMax, "a reservation's addresses are bounded"
      )
    }
    guard bytes.readableBytes <= messageBytesMax else { return }
    let again = certain("what is written can be read") { () throws(CircuitRelayError) in
      try HopMessage(decoding: ByteBuffer(bytes: relayBody(message.encoded)))
    }
    expect(again == message, "what is written is read")
  }

  private static func stopMessage(_ input: FuzzInput) {
    var input = input
    let bytes = ByteBuffer(bytes: input.rest())
    guard
      let message = attempt({ () throws(CircuitRelayError) in try StopMessage(decoding: bytes) })
    else { return }
    let again = certain("what is written can be read") { () throws(CircuitRelayError) in
      try StopMessage(decoding: ByteBuffer(bytes: relayBody(message.encoded)))
    }
    expect(again == message, "what is written is read")
  }

  /// Only what Alice has signed is a voucher of Alice's, and only about Bob one of Bob's.
  private static func voucher(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    let opened = attempt { () throws(CircuitRelayError) in
      try Voucher.open(bytes, from: alice.peerID, to: bob.peerID)
    }
    guard let opened else { return }
    expect(opened.relay == alice.peerID && opened.peer == bob.peerID, "a voucher names its two ends")
    let envelope = attempt { () throws(IdentityError) in try SignedEnvelope(decoding: bytes) }
    expect(envelope?.publicKey == alice.publicKey, "a voucher is its relay's own")
  }
}
