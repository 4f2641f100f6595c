// The messages, byte for byte.

import CircuitRelay
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@Suite struct WireTests {
  let alice = peer(1)
  let relay = keys(200)

  func hex(_ frame: ByteBuffer) -> String { [UInt8](frame.readableBytesView).hex }
  func hop(_ hex: String) throws -> HopMessage {
    try HopMessage(decoding: ByteBuffer(bytes: [UInt8](hex: hex)))
  }
  func stop(_ hex: String) throws -> StopMessage {
    try StopMessage(decoding: ByteBuffer(bytes: [UInt8](hex: hex)))
  }

  // Hop.

  @Test func `a reservation is asked for in three bytes`() throws {
    #expect(hex(HopMessage.reserve.encoded) == "020800")
    #expect(try hop("0800") == .reserve)
    #expect(try hop("") == .reserve, "writers of proto3 may leave a zero out")
  }

  @Test func `a circuit is asked for by the peer's id`() throws {
    let id = alice.bytes.hex
    #expect(alice.bytes.count == 38)
    #expect(hex(HopMessage.connect(to: alice).encoded) == "2c" + "0801" + "1228" + "0a26" + id)
    // With addresses, which are for relays that dial, and a field from the future.
    #expect(
      try hop("0801" + "1230" + "0a26" + id + "1206" + "047f00000106" + "9a0500") == .connect(to: alice))
  }

  @Test func `statuses have the specification's numbers`() throws {
    let numbers: [(Status, Int, String)] = [
      (.ok, 100, "64"), (.reservationRefused, 200, "c801"), (.resourceLimitExceeded, 201, "c901"),
      (.permissionDenied, 202, "ca01"), (.connectionFailed, 203, "cb01"), (.noReservation, 204, "cc01"),
      (.malformedMessage, 400, "9003"), (.unexpectedMessage, 401, "9103"), (.other(77), 77, "4d"),
    ]
    for (status, code, bytes) in numbers {
      #expect(status.code == code)
      #expect(try hop("080228" + bytes) == .status(status, nil, .unlimited))
      #expect(try stop("080120" + bytes) == .status(status))
      let frame = hex(HopMessage.status(status, nil, .unlimited).encoded)
      #expect(frame == (bytes.count == 2 ? "04" : "05") + "080228" + bytes)
    }
  }

  @Test func `an accepted reservation, byte for byte`() throws {
    let address = address("/ip4/45.1.2.3/tcp/4001")
    let message = HopMessage.status(
      .ok, Reservation(expiration: 1_700_003_600, addresses: [address], voucher: [1, 2, 3]),
      Limit(duration: .seconds(120), bytes: 131_072))
    let reservation = "0890fecfaa06" + "1208" + "042d010203060fa1" + "1a03010203"
    #expect(
      hex(message.encoded) == "23" + "0802" + "1a15" + reservation + "2206" + "0878" + "10808008" + "2864")
    #expect(try HopMessage(decoding: body(message.encoded)) == message)
  }

  @Test func `no limit is no field, and zero is none`() throws {
    #expect(try hop("0802" + "22040800" + "1000" + "2864") == .status(.ok, nil, .unlimited))
    #expect(try hop("0802" + "2200" + "2864") == .status(.ok, nil, .unlimited))
    #expect(hex(HopMessage.status(.ok, nil, .unlimited).encoded) == "0408022864")
    let onlyTime = HopMessage.status(.ok, nil, Limit(duration: .milliseconds(1500)))
    #expect(
      try HopMessage(decoding: body(onlyTime.encoded)) == .status(.ok, nil, Limit(duration: .seconds(2))))
  }

  @Test func `absurd numbers are read as they are`() throws {
    let limit = "08ffffffff0f" + "10ffffffffffffffffff01"
    guard
      case .status(.ok, let reservation?, let read) =
        try hop("0802" + "1a0b08ffffffffffffffffff01" + "2211" + limit + "2864")
    else {
      Issue.record("not a status")
      return
    }
    #expect(read == Limit(duration: .seconds(Int64(UInt32.max)), bytes: .max))
    #expect(reservation == Reservation(expiration: .max, addresses: [], voucher: nil))
  }

  @Test func `addresses that cannot be read are left out, and of many the first are kept`() throws {
    let good = "1208" + "042d010203060fa1"
    let bad = "1202ffff"
    guard case .status(_, let reservation?, _) = try hop("0802" + "1a0e" + bad + good + "2864") else {
      Issue.record("no reservation")
      return
    }
    #expect(reservation.addresses == [address("/ip4/45.1.2.3/tcp/4001")])
  }

  @Test func `what is no message is refused`() {
    #expect(throws: CircuitRelayError.malformedMessage) { try hop("0801") }
    #expect(throws: CircuitRelayError.malformedMessage) { try hop("080112020a00") }
    #expect(throws: CircuitRelayError.malformedMessage) { try hop("0802") }
    #expect(throws: CircuitRelayError.malformedMessage) { try hop("08") }
    #expect(throws: CircuitRelayError.unexpectedMessage) { try hop("0803") }
    #expect(throws: CircuitRelayError.malformedMessage) { try stop("0800") }
    #expect(throws: CircuitRelayError.malformedMessage) { try stop("0801") }
    #expect(throws: CircuitRelayError.unexpectedMessage) { try stop("0802") }
  }

  // Stop.

  @Test func `a circuit is announced by its initiator's id and its limits`() throws {
    let message = StopMessage.connect(from: alice, Limit(duration: .seconds(120), bytes: 131_072))
    let id = alice.bytes.hex
    #expect(hex(message.encoded) == "34" + "0800" + "1228" + "0a26" + id + "1a06" + "0878" + "10808008")
    #expect(try StopMessage(decoding: body(message.encoded)) == message)
    #expect(hex(StopMessage.status(.ok).encoded) == "0408012064")
  }

  // Vouchers.

  @Test func `a voucher is an envelope of its own type, its fields in order`() throws {
    let voucher = Voucher(relay: relay.peerID, peer: alice, expiration: 1_700_003_600)
    let sealed = voucher.sealed(by: relay)
    let payload = "0a26" + relay.peerID.bytes.hex + "1226" + alice.bytes.hex + "1890fecfaa06"
    #expect(
      sealed.hex.hasPrefix("0a24" + relay.publicKey.protobuf.hex + "12020302" + "1a56" + payload + "2a40"))
    #expect(sealed.count <= 220)
    #expect(try Voucher.open(sealed, from: relay.peerID, to: alice) == voucher)
  }

  @Test func `a voucher of another relay, for another peer, or changed is none`() throws {
    let voucher = Voucher(relay: relay.peerID, peer: alice, expiration: 5)
    let sealed = voucher.sealed(by: relay)
    #expect(throws: CircuitRelayError.voucherOfAnother) {
      try Voucher.open(sealed, from: relay.peerID, to: peer(2))
    }
    #expect(throws: CircuitRelayError.voucherOfAnother) { try Voucher.open(sealed, from: peer(3), to: alice) }
    let foreign = Voucher(relay: peer(3), peer: alice, expiration: 5).sealed(by: keys(3))
    #expect(throws: CircuitRelayError.voucherOfAnother) {
      try Voucher.open(foreign, from: relay.peerID, to: alice)
    }
    let record = PeerRecord(peerID: relay.peerID, sequence: 1, addresses: []).sealed(by: relay)
    #expect(throws: CircuitRelayError.invalidVoucher(.unexpectedPayloadType)) {
      try Voucher.open(record, from: relay.peerID, to: alice)
    }
    for changed in sealed.bitFlips + sealed.truncations {
      // Turning a bit of a field's number may hide the field in the unknown ones; never the signature.
      #expect(throws: CircuitRelayError.self) { try Voucher.open(changed, from: relay.peerID, to: alice) }
    }
  }

  // Anything.

  @Test func `no bytes do harm`() throws {
    let reservation = Reservation(
      expiration: 9, addresses: [address("/ip4/45.1.2.3/tcp/4001")], voucher: [1])
    let good = try [
      HopMessage.connect(to: alice).encoded, HopMessage.status(.ok, reservation, Limit(bytes: 1)).encoded,
      StopMessage.connect(from: alice, Limit(bytes: 1)).encoded,
    ].map { try [UInt8](body($0).readableBytesView) }
    var generator = SeededGenerator(seed: 1)
    let noise = (0..<2000).map { _ in generator.bytes(Int.random(in: 0...80, using: &generator)) }
    for bytes in good.flatMap({ $0.bitFlips + $0.truncations }) + noise {
      let frame = ByteBuffer(bytes: bytes)
      if let message = try? HopMessage(decoding: frame) {
        #expect(try HopMessage(decoding: body(message.encoded)).isSame(as: message))
      }
      if let message = try? StopMessage(decoding: frame) {
        #expect(try StopMessage(decoding: body(message.encoded)) == message)
      }
    }
  }
}

extension HopMessage {
  /// What a refusal carries besides its status is not written.
  fileprivate func isSame(as other: HopMessage) -> Bool {
    if case .status(let status, let reservation, _) = self,
      case .status(let otherStatus, let otherReservation, _) = other
    {
      return status == otherStatus && reservation == otherReservation
    }
    return self == other
  }
}
