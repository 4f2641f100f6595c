import Identity
import NIOCore
import SansIO
import Testing
import Wire

@testable import Noise

@Suite struct HandshakeTests {
  @Test func `both sides learn who the other is and can talk`() throws {
    var run = try Run(.initiator(expecting: bob.peerID), .responder(expecting: alice.peerID))
    #expect(run.initiator.remotePeer == bob.peerID && run.initiator.remoteKey == bob.publicKey)
    #expect(run.responder.remotePeer == alice.peerID && run.responder.remoteKey == alice.publicKey)
    #expect(run.initiator.muxer == nil && run.responder.muxer == nil)
    #expect(try run.responder.session.opened(run.initiator.session.sealed([1, 2, 3])) == [[1, 2, 3]])
    #expect(try run.initiator.session.opened(run.responder.session.sealed([4], [5, 6])) == [[4], [5, 6]])
  }

  @Test func `message 1 is a length and a key`() {
    var initiator = Handshake.initiator()
    let first = initiator.sent()
    #expect(first.count == 34 && first.prefix(2) == [0, 32])
    #expect(initiator.sent() == [])
  }

  @Test func `the outcome is given once`() throws {
    var (initiator, responder) = (Handshake.initiator(), Handshake.responder())
    try responder.receive(initiator.sent())
    #expect(responder.takeOutcome() == nil)
    try initiator.receive(responder.sent())
    #expect(initiator.takeOutcome() != nil)
    #expect(initiator.takeOutcome() == nil)
  }

  @Test func `what follows the handshake is left alone`() throws {
    var (initiator, responder) = (Handshake.initiator(), Handshake.responder())
    #expect(try responder.receive(initiator.sent() + [0, 99]) == [0, 99])
    #expect(try initiator.receive(responder.sent() + [7, 8, 9]) == [7, 8, 9])
    var outcome = try initiator.outcome()
    let early = try outcome.session.sealed([42])
    let left = try responder.receive(initiator.sent() + early)
    #expect(left == early)
    var answer = try responder.outcome()
    #expect(try answer.session.opened(left) == [[42]])
    #expect(try responder.receive(early) == early)
  }

  @Test func `split at every byte boundary`() throws {
    let reference = try Run()
    for split in 0...reference.messages[0].count {
      var responder = Handshake.responder()
      expectSame(&responder, reference.messages[0], split, reference.messages[1])
    }
    for split in 0...reference.messages[1].count {
      var initiator = Handshake.initiator()
      _ = initiator.sent()
      expectSame(&initiator, reference.messages[1], split, reference.messages[2])
      #expect(initiator.takeOutcome()?.remotePeer == bob.peerID)
    }
    for split in 0...reference.messages[2].count {
      var responder = Handshake.responder()
      try responder.receive(reference.messages[0])
      _ = responder.sent()
      expectSame(&responder, reference.messages[2], split, [])
      #expect(responder.takeOutcome()?.remotePeer == alice.peerID)
    }
  }

  private func expectSame(_ side: inout Handshake, _ message: [UInt8], _ split: Int, _ answer: [UInt8]) {
    var buffer = ByteBuffer(bytes: message[..<split])
    #expect(throws: Never.self) { try side.receive(&buffer) }
    #expect(buffer.readableBytes == (split == message.count ? 0 : split))
    buffer.writeBytes(message[split...])
    #expect(throws: Never.self) { try side.receive(&buffer) }
    #expect(buffer.readableBytes == 0)
    #expect(side.sent() == answer)
  }

  @Test func `one byte at a time`() throws {
    let reference = try Run()
    var responder = Handshake.responder()
    var buffer = ByteBuffer()
    for byte in reference.messages[0] + reference.messages[2] {
      buffer.writeInteger(byte)
      try responder.receive(&buffer)
    }
    #expect(responder.takeOutcome()?.remotePeer == alice.peerID)
  }

  @Test(arguments: [1, 0x80] as [UInt8]) func `a change in any byte is noticed`(mask: UInt8) throws {
    let reference = try Run()
    for index in reference.messages[0].indices {
      // Nobody can know in message 1 already, but nobody is deceived in the end.
      var (initiator, responder) = (Handshake.initiator(), Handshake.responder())
      _ = initiator.sent()
      let error = attempt { () throws(NoiseError) in
        try responder.receive(reference.messages[0].flipping(mask, at: index))
        try initiator.receive(responder.sent())
      }
      if index > 1 { #expect(error == .handshakeNotAuthentic(.reply)) }
      #expect(initiator.takeOutcome() == nil && responder.takeOutcome() == nil)
    }
    for index in reference.messages[1].indices {
      var initiator = Handshake.initiator()
      _ = initiator.sent()
      let error = attempt { () throws(NoiseError) in
        try initiator.receive(reference.messages[1].flipping(mask, at: index))
      }
      if index > 1 { #expect(error == .handshakeNotAuthentic(.reply)) }
      #expect(initiator.takeOutcome() == nil && initiator.sent() == [])
    }
    for index in reference.messages[2].indices {
      var responder = Handshake.responder()
      try responder.receive(reference.messages[0])
      let error = attempt { () throws(NoiseError) in
        try responder.receive(reference.messages[2].flipping(mask, at: index))
      }
      if index > 1 { #expect(error == .handshakeNotAuthentic(.final)) }
      #expect(responder.takeOutcome() == nil)
    }
  }

  private func attempt(_ body: () throws(NoiseError) -> Void) -> NoiseError? {
    do {
      try body()
      return nil
    } catch {
      return error
    }
  }

  @Test func `a reordered, repeated or reflected message is refused`() throws {
    let reference = try Run()
    var initiator = Handshake.initiator()
    #expect(throws: NoiseError.messageTooShort(.reply, bytes: 32)) { try initiator.receive(initiator.sent()) }
    var responder = Handshake.responder()
    #expect(throws: NoiseError.unexpectedPayload(bytes: reference.messages[2].count - 34)) {
      try responder.receive(reference.messages[2])
    }
    responder = .responder()
    #expect(throws: NoiseError.messageTooShort(.final, bytes: 32)) {
      try responder.receive(reference.messages[0] + reference.messages[0])
    }
    responder = .responder()
    try responder.receive(reference.messages[0])
    #expect(throws: NoiseError.handshakeNotAuthentic(.final)) { try responder.receive(responder.sent()) }
  }

  @Test func `the wrong peer is refused by name, at either side`() throws {
    let wrong = NoiseError.wrongPeer(expected: bob.peerID, actual: mallory.peerID)
    var (initiator, responder) = (Handshake.initiator(expecting: bob.peerID), Handshake.responder(mallory))
    try responder.receive(initiator.sent())
    let reply = responder.sent()
    #expect(throws: wrong) { try initiator.receive(reply) }
    #expect(initiator.sent() == [] && initiator.takeOutcome() == nil)
    #expect(wrong.fault == .local)
    #expect("\(wrong)" == "expected peer \(bob.peerID), but \(mallory.peerID) answered")

    responder = .responder(expecting: alice.peerID)
    initiator = .initiator(mallory)
    try responder.receive(initiator.sent())
    try initiator.receive(responder.sent())
    #expect(throws: NoiseError.wrongPeer(expected: alice.peerID, actual: mallory.peerID)) {
      try responder.receive(initiator.sent())
    }
    #expect(responder.takeOutcome() == nil)
  }

  @Test func `another prologue is another conversation`() throws {
    var (initiator, responder) = (Handshake.initiator(prologue: [1]), Handshake.responder(prologue: [2]))
    try responder.receive(initiator.sent())
    #expect(throws: NoiseError.handshakeNotAuthentic(.reply)) { try initiator.receive(responder.sent()) }
    _ = try Run(.initiator(prologue: [1]), .responder(prologue: [1]))
  }

  @Test func `a failure is final`() {
    var responder = Handshake.responder()
    for _ in 1...2 {
      #expect(throws: NoiseError.unexpectedPayload(bytes: 1)) { try responder.receive([0, 33]) }
    }
    #expect(throws: NoiseError.unexpectedPayload(bytes: 1)) { try responder.receive([]) }
    #expect(responder.sent() == [] && responder.takeOutcome() == nil && responder.keyLogLines() == [])
  }

  @Test func `a length is judged before what it announces has come`() throws {
    var responder = Handshake.responder()
    #expect(throws: NoiseError.messageTooShort(.first, bytes: 31)) { try responder.receive([0, 31]) }
    responder = .responder()
    #expect(throws: NoiseError.unexpectedPayload(bytes: 65503)) { try responder.receive([0xff, 0xff]) }

    var initiator = Handshake.initiator()
    let most = 96 + HandshakePayload.bytesMax
    #expect(try initiator.receive([UInt8(most >> 8), UInt8(most & 0xff)]).count == 2)
    #expect(throws: NoiseError.messageTooLong(.reply, bytes: most + 1, bytesMax: most)) {
      try initiator.receive([UInt8((most + 1) >> 8), UInt8((most + 1) & 0xff)])
    }
    initiator = .initiator()
    #expect(throws: NoiseError.messageTooShort(.reply, bytes: 95)) { try initiator.receive([0, 95]) }

    responder = .responder()
    initiator = .initiator()
    try responder.receive(initiator.sent())
    #expect(throws: NoiseError.messageTooLong(.final, bytes: 65535, bytesMax: 64 + HandshakePayload.bytesMax))
    {
      try responder.receive([0xff, 0xff])
    }
  }
}
