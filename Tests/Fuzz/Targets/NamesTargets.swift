import NIOCore
import Runtime

// Answers of name servers.
extension FuzzTarget {
  static let names = [FuzzTarget("dns-text", seeds: dnsSeeds, run: dnsText)]

  private static let name = "_dnsaddr.a.example"

  private static var dnsSeeds: [Seed] {
    let question = attempt { () throws(DNSMessage.Failure) in try DNSMessage.question(id: 7, name: name) }
    guard let question else { return [] }
    // The question without its additional record, made an answer.
    let asked = [UInt8](question.readableBytesView.dropFirst(12).dropLast(11))
    let header: [UInt8] = [0, 7, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]
    let pointer: [UInt8] = [0xC0, 12]
    let text = [UInt8]("dnsaddr=/ip4/192.0.2.1/tcp/1".utf8)
    let record = pointer + [0, 16, 0, 1, 0, 0, 0, 9, 0, UInt8(text.count + 1), UInt8(text.count)] + text
    let alias: [UInt8] = pointer + [0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, 0x62, 0xC0, 21]
    return [
      Seed("texts", header + asked + record + record), Seed("alias", header + asked + alias + record),
      Seed("none", [0, 7, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0] + asked),
    ]
  }

  private static func dnsText(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    guard bytes.count >= 2 else { return }
    let id = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    var message = ByteBuffer(bytes: bytes)
    let answer = attempt { () throws(DNSMessage.Failure) in
      try DNSMessage.answer(in: message, id: id, name: name)
    }
    if case .texts(let texts)? = answer {
      expect(
        texts.count <= 128 && texts.allSatisfy { $0.utf8.count <= bytes.count }, "texts are from the message")
    }
    // Where in its storage a message lies makes no difference.
    message = ByteBuffer(bytes: [1, 2, 3] + bytes)
    message.moveReaderIndex(forwardBy: 3)
    let moved = attempt { () throws(DNSMessage.Failure) in
      try DNSMessage.answer(in: message, id: id, name: name)
    }
    expect(moved == answer, "the place of a message does not matter")
  }
}
