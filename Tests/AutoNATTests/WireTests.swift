// The messages, byte for byte.

import AutoNAT
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

@Suite struct WireTests {
  let alice = peer(1)
  let place = address("/ip4/45.1.2.3/tcp/4001")
  let placeHex = "042d010203060fa1"

  func v1(_ hex: String) throws -> V1Message {
    try V1Message(decoding: ByteBuffer(bytes: [UInt8](hex: hex)))
  }
  func v2(_ hex: String) throws -> V2Message {
    try V2Message(decoding: ByteBuffer(bytes: [UInt8](hex: hex)))
  }

  // Version 1.

  @Test func `version 1 asks with the peer and its addresses`() throws {
    let message = V1Message.dial(alice, [place])
    let info = "0a26" + alice.bytes.hex + "1208" + placeHex
    #expect(message.encoded.bytes.hex == "38" + "0800" + "1234" + "0a32" + info)
    #expect(try V1Message(decoding: message.encoded.body()) == message)
    #expect(try v1("1234" + "0a32" + info) == message, "writers of proto3 may leave the zero out")
    #expect(try v1("12020a00") == .dial(nil, []), "Go does not insist on the peer's name")
  }

  @Test func `version 1 answers with the specification's numbers`() throws {
    let ok = V1Message.response(.ok, place)
    #expect(ok.encoded.bytes.hex == "10" + "0801" + "1a0c" + "0800" + "1a08" + placeHex)
    #expect(try V1Message(decoding: ok.encoded.body()) == ok)
    #expect(
      V1Message.response(.dialError, nil).encoded.bytes.hex
        == "13" + "0801" + "1a0f" + "0864" + "120b" + [UInt8]("dial failed".utf8).hex)
    let numbers: [(V1Message.Status, Int, String)] = [
      (.ok, 0, "00"), (.dialError, 100, "64"), (.dialRefused, 101, "65"), (.badRequest, 200, "c801"),
      (.internalError, 300, "ac02"), (.other(7), 7, "07"),
    ]
    for (status, code, bytes) in numbers {
      #expect(status.code == code)
      #expect(try v1("0801" + (bytes.count == 2 ? "1a02" : "1a03") + "08" + bytes) == .response(status, nil))
      #expect(
        try V1Message(decoding: V1Message.response(status, nil).encoded.body()) == .response(status, nil))
    }
    #expect(try v1("08011a00") == .response(.ok, nil))
  }

  @Test func `version 1 refuses what is no message`() {
    #expect(throws: AutoNATError.malformedMessage) { try v1("08") }
    #expect(throws: AutoNATError.malformedMessage) { try v1("0801") }
    #expect(throws: AutoNATError.unexpectedMessage) { try v1("0802") }
    #expect(throws: AutoNATError.malformedPeer) { try v1("0800") }
    #expect(throws: AutoNATError.malformedPeer) { try v1("12040a020a00") }
  }

  @Test func `version 1 leaves out addresses it cannot read, and reads fifty`() throws {
    #expect(try v1("120e" + "0a0c" + "1208" + placeHex + "1200") == .dial(nil, [place]))
    let many = V1Message.dial(nil, [Multiaddr](repeating: place, count: 60))
    #expect(
      try V1Message(decoding: many.encoded.body()) == .dial(nil, [Multiaddr](repeating: place, count: 50)))
  }

  // Version 2.

  @Test func `version 2 asks with addresses and a nonce of eight bytes`() throws {
    let message = V2Message.dialRequest([place], nonce: 0x0102_0304_0506_0708)
    #expect(
      message.encoded.bytes.hex == "15" + "0a13" + "0a08" + placeHex + "11" + "0807060504030201")
    #expect(try V2Message(decoding: message.encoded.body()) == message)
  }

  @Test func `version 2 keeps the place of an address it cannot read`() throws {
    #expect(try v2("0a0e" + "0a02ffff" + "0a08" + placeHex) == .dialRequest([nil, place], nonce: 0))
    let many = V2Message.dialRequest([Multiaddr?](repeating: nil, count: 70), nonce: 1)
    #expect(
      try V2Message(decoding: many.encoded.body())
        == .dialRequest([Multiaddr?](repeating: nil, count: 50), nonce: 1))
  }

  @Test func `version 2 answers with the specification's numbers`() throws {
    #expect(V2Message.answer(1, .ok).encoded.bytes.hex == "0a" + "1208" + "08c801" + "1001" + "18c801")
    #expect(V2Message.answer(.internalError).encoded.bytes.hex == "02" + "1200")
    let statuses: [(V2Message.Status, String)] = [
      (.internalError, "1200"), (.requestRejected, "12020864"), (.dialRefused, "12020865"),
      (.ok, "120308c801"), (.other(5), "12020805"),
    ]
    for (status, bytes) in statuses { #expect(try v2(bytes) == .answer(status)) }
    let dials: [(V2Message.DialStatus, String)] = [
      (.unused, "120308c801"), (.dialError, "120508c8011864"), (.dialBackError, "120508c8011865"),
      (.ok, "120608c80118c801"), (.other(9), "120508c8011809"),
    ]
    for (status, bytes) in dials {
      #expect(try v2(bytes) == .answer(0, status))
      #expect(try V2Message(decoding: V2Message.answer(0, status).encoded.body()) == .answer(0, status))
    }
  }

  @Test func `dial data is demanded by index and number, and counted by what is in it`() throws {
    let demand = V2Message.dialDataRequest(index: 1, bytes: 30_000)
    #expect(demand.encoded.bytes.hex == "08" + "1a06" + "0801" + "10b0ea01")
    #expect(try V2Message(decoding: demand.encoded.body()) == demand)
    #expect(V2Message.dialData(bytes: 3).encoded.bytes.hex == "07" + "2205" + "0a03000000")
    #expect(try v2("2205" + "0a03010203") == .dialData(bytes: 3))
    #expect(try v2("220a" + "0a03010203" + "1203040506") == .dialData(bytes: 3), "other fields do not count")
    // What Rust reads at most.
    #expect(try V2Message.dialData(bytes: V2Message.dataBytesMax).encoded.body().readableBytes <= 4104)
  }

  @Test func `version 2 refuses what is no message`() {
    #expect(throws: AutoNATError.malformedMessage) { try v2("") }
    #expect(throws: AutoNATError.malformedMessage) { try v2("2a00") }
    #expect(throws: AutoNATError.malformedMessage) { try v2("0a05") }
  }

  @Test func `the dial-back is nine bytes, its response none`() throws {
    #expect(
      DialBackMessage.encoded(nonce: 0x0102_0304_0506_0708).bytes.hex == "09" + "09" + "0807060504030201")
    #expect(DialBackMessage.response.bytes.hex == "00")
    #expect(try DialBackMessage.nonce(decoding: ByteBuffer(bytes: [])) == 0)
    #expect(try DialBackMessage.response(decoding: ByteBuffer(bytes: [])))
    #expect(try !DialBackMessage.response(decoding: ByteBuffer(bytes: [8, 1])))
    #expect(throws: AutoNATError.malformedMessage) {
      try DialBackMessage.nonce(decoding: ByteBuffer(bytes: [9, 1]))
    }
  }

  // Anything.

  @Test func `no bytes do harm, and what is read is read again`() throws {
    let good = try [
      V1Message.dial(alice, [place, place]).encoded, V1Message.response(.ok, place).encoded,
      V2Message.dialRequest([place, nil], nonce: 77).encoded, V2Message.answer(3, .dialBackError).encoded,
      V2Message.dialDataRequest(index: 2, bytes: .max).encoded, V2Message.dialData(bytes: 20).encoded,
      DialBackMessage.encoded(nonce: 5),
    ].map { try $0.body().bytes }
    var generator = SeededGenerator(seed: 1)
    let noise = (0..<2000).map { _ in generator.bytes(Int.random(in: 0...80, using: &generator)) }
    for bytes in good.flatMap({ $0.bitFlips + $0.truncations }) + noise {
      let frame = ByteBuffer(bytes: bytes)
      if let message = try? V1Message(decoding: frame) {
        #expect(try V1Message(decoding: message.encoded.body()) == message)
      }
      if let message = try? V2Message(decoding: frame) {
        #expect(try V2Message(decoding: message.encoded.body()) == message)
      }
      if let nonce = try? DialBackMessage.nonce(decoding: frame) {
        #expect(try DialBackMessage.nonce(decoding: DialBackMessage.encoded(nonce: nonce).body()) == nonce)
      }
    }
  }
}
