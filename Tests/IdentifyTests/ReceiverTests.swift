// The listening side.

import Identify
import Identity
import NIOCore
import SansIO
import Testing
import Wire

@Suite struct ReceiverTests {
  @Test func `a message is whole when the peer finishes, not before`() throws {
    let message = try fullMessage(of: keys(1))
    var receiver = Receiver(at: ms(0))
    try receiver.receives(sent(message))
    try receiver.expect(nil)
    #expect(!receiver.outboundFinished)
    receiver.remoteFinished()
    try receiver.expect(.received(message))
    try receiver.expect(nil)
    #expect(receiver.outboundFinished && receiver.deadline == nil)
  }

  @Test func `parts merge: lists grow, single fields are replaced`() throws {
    let first = try part((2, address(1).bytes), (3, [UInt8]("/a".utf8)), (6, [UInt8]("old".utf8)))
    let second = try part((2, address(2).bytes), (3, [UInt8]("/b".utf8)), (6, [UInt8]("new".utf8)))
    let message = try received(first + second)
    #expect(
      try message
        == Message(listenAddrs: [address(1), address(2)], protocols: ["/a", "/b"], agentVersion: "new"))
  }

  @Test func `a message cut at every byte is whole or truncated, and split there it is the same`() throws {
    let message = try fullMessage(of: keys(1))
    let wire = try part((6, [UInt8]("first".utf8))) + sent(message)
    let boundaries = [7 + 1, wire.readableBytes]
    for cut in 0...wire.readableBytes {
      let head = wire.getSlice(at: 0, length: cut) ?? ByteBuffer()
      var truncated = Receiver(at: ms(0))
      truncated.receives(head)
      truncated.remoteFinished()
      if cut == 0 {
        try truncated.expectFailure(.noMessage)
      } else if !boundaries.contains(cut) {
        try truncated.expectFailure(.truncated)
      }

      var split = Receiver(at: ms(0))
      split.receives(head)
      split.receives(wire.getSlice(at: cut, length: wire.readableBytes - cut) ?? ByteBuffer())
      split.remoteFinished()
      try split.expect(.received(message))
    }
  }

  @Test func `byte by byte`() throws {
    let message = try fullMessage(of: keys(1))
    var receiver = Receiver(at: ms(0))
    for byte in try sent(message).readableBytesView { receiver.receives(ByteBuffer(bytes: [byte])) }
    receiver.remoteFinished()
    try receiver.expect(.received(message))
  }

  // Entries.

  @Test func `entries that cannot be read are left out and counted`() throws {
    let wire = try part(
      (2, [0xFF, 0xFF, 0xFF]), (2, address(1).bytes), (2, []), (2, address(1).bytes),
      (3, []), (3, [UInt8]("/a\u{1B}[2J".utf8)), (3, [UInt8]("/a".utf8)), (3, [UInt8]("/a".utf8)),
      (3, [UInt8]("/\u{202E}b".utf8)), (4, [0x01]))
    let message = try received(wire)
    #expect(try message.listenAddrs == [address(1)])
    #expect(message.protocols == ["/a"])
    #expect(message.observedAddr == nil)
    #expect(message.ignoredEntries == 7)
  }

  @Test func `lists are cut at their limits`() throws {
    var wire = ByteBuffer()
    let names = (0..<1200).map { "/\(String($0, radix: 36))" }
    var body = ByteBuffer()
    for name in names {
      body.writeInteger(UInt8(3 << 3 | 2))
      body.writeInteger(UInt8(name.utf8.count))
      body.writeString(name)
    }
    LengthPrefixedFrames.encode(body, into: &wire)
    let message = try received(wire)
    #expect(message.protocols == names.prefix(1024).map { ProtocolName($0) })
    #expect(message.ignoredEntries == 176)

    body.clear()
    for number in 0..<600 as Range<UInt16> {
      body.writeInteger(UInt8(2 << 3 | 2))
      body.writeBytes([3, 6, UInt8(number >> 8), UInt8(number & 0xFF)])  // /tcp/number
    }
    wire.clear()
    LengthPrefixedFrames.encode(body, into: &wire)
    #expect(try received(wire).listenAddrs.count == 500)
    #expect(try received(wire).ignoredEntries == 100)
  }

  @Test func `fields of later versions are no offence`() throws {
    let message = try received(part((6, [UInt8]("a".utf8)), (7, [1, 2, 3]), (15, [9])))
    #expect(message == Message(agentVersion: "a"))
  }

  // Limits.

  @Test func `ten parts are read, the eleventh is too many`() throws {
    var receiver = Receiver(at: ms(0))
    for _ in 0..<10 { receiver.receives(part((3, [UInt8]("/a".utf8)))) }
    try receiver.expect(nil)
    var complete = receiver
    complete.remoteFinished()
    #expect(try complete.nextEvent() != nil)
    receiver.receives(part())
    try receiver.expectFailure(.tooManyParts)
    #expect(IdentifyError.tooManyParts.fault == .limit)
  }

  @Test func `8192 bytes are read in one part or in several, a byte more is too large`() throws {
    func filled(_ count: Int) -> ByteBuffer { part((8, [UInt8](repeating: 0, count: count - 3))) }
    for sizes in [[8192], [4096, 4096], [8000, 192]] {
      var receiver = Receiver(at: ms(0))
      for size in sizes { receiver.receives(filled(size)) }
      try receiver.expect(nil)
    }
    for sizes in [[8193], [4096, 4097], [8000, 193], [1 << 20]] {
      var receiver = Receiver(at: ms(0))
      for size in sizes { receiver.receives(filled(size)) }
      try receiver.expectFailure(.messageTooLarge)
    }
  }

  @Test func `a huge declared length is refused before its bytes come`() throws {
    var receiver = Receiver(at: ms(0))
    receiver.receives(ByteBuffer(bytes: [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]))
    try receiver.expectFailure(.messageTooLarge)
  }

  @Test func `the whole message must come in time`() throws {
    var receiver = Receiver(at: ms(100), timeout: .seconds(5))
    #expect(receiver.deadline == ms(5100))
    receiver.receives(part((6, [1])))
    receiver.advance(to: ms(5099))
    try receiver.expect(nil)
    #expect(receiver.deadline == ms(5100))
    receiver.advance(to: ms(5100))
    try receiver.expectFailure(.timedOut)
    receiver.remoteFinished()
    try receiver.expect(nil)
  }

  // Malformed input.

  @Test(
    arguments: [
      [1, 0xFF], [2, 0x0A, 0x05], [1, 0x0A], [3, 0x32, 1, 0xFF], [0x81, 0x00, 0x00], [3, 0x07, 0, 0],
    ] as [[UInt8]])
  func `bytes that are no message`(raw: [UInt8]) throws {
    var receiver = Receiver(at: ms(0))
    receiver.receives(ByteBuffer(bytes: raw))
    try receiver.expectFailure(.malformedMessage)
    receiver.receives(part((6, [1])))
    try receiver.expect(nil)
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `random and bit-flipped bytes never trap`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var wire = try sent(fullMessage(of: keys(1)))
    if seed % 3 == 0 {
      wire = ByteBuffer(bytes: generator.bytes(Int.random(in: 0...600, using: &generator)))
    }
    for _ in 0..<Int.random(in: 1...5, using: &generator) where wire.readableBytes > 0 {
      let index = Int.random(in: 0..<wire.readableBytes, using: &generator)
      wire.setInteger(UInt8.random(in: .min ... .max, using: &generator), at: index)
    }
    var receiver = Receiver(at: ms(0))
    while wire.readableBytes > 0 {
      let count = Int.random(in: 1...wire.readableBytes, using: &generator)
      receiver.receives(wire.readSlice(length: count) ?? ByteBuffer())
    }
    receiver.remoteFinished()
    guard case .received(let message)? = try? receiver.nextEvent() else { return }
    var description = PeerDescription(of: try keys(1).peerID)
    _ = try? message.apply(to: &description, isRelayed: Bool.random(using: &generator))
  }
}
