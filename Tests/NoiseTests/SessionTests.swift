import NIOCore
import SansIO
import Testing
import Wire

@testable import Noise

@Suite struct SessionTests {
  private let largest = [UInt8](repeating: 0xaa, count: TransportFrame.plaintextBytesMax)

  @Test func `a frame is a length, ciphertext and a tag`() throws {
    var (here, there) = try Run.sessions()
    let wire = try here.sealed([1, 2, 3])
    #expect(wire.count == 2 + 3 + 16 && wire.prefix(2) == [0, 19])
    #expect(Array(wire[2..<5]) != [1, 2, 3])
    #expect(try there.opened(wire) == [[1, 2, 3]])
  }

  @Test func `the largest frame`() throws {
    var (here, there) = try Run.sessions()
    let wire = try here.sealed(largest, [1])
    #expect(wire.count == 2 + 65535 + 19 && wire.prefix(2) == [0xff, 0xff])
    #expect(try there.opened(wire) == [largest, [1]])
  }

  @Test func `frames follow what the buffer held`() throws {
    var (here, there) = try Run.sessions()
    var wire = ByteBuffer(bytes: [9, 9, 9])
    wire.moveReaderIndex(forwardBy: 1)
    for byte in [1, 2] as [UInt8] {
      let start = here.beginFrame(in: &wire)
      wire.writeInteger(byte)
      try here.sealFrame(start, in: &wire)
    }
    #expect(wire.readBytes(length: 2) == [9, 9])
    #expect(try there.opened(wire.allBytes) == [[1], [2]])
  }

  @Test func `a frame of nothing is no frame`() throws {
    var (here, there) = try Run.sessions()
    var wire = ByteBuffer(bytes: [9])
    let start = here.beginFrame(in: &wire)
    try here.sealFrame(start, in: &wire)
    #expect(wire.allBytes == [9])
    #expect(try there.opened(here.sealed([1])) == [[1]])
  }

  @Test func `sealing moves nothing when there is room`() throws {
    var (here, _) = try Run.sessions()
    var wire = ByteBuffer()
    wire.reserveCapacity(100)
    let before = wire.address
    let start = here.beginFrame(in: &wire)
    wire.writeBytes([1, 2, 3])
    try here.sealFrame(start, in: &wire)
    #expect(wire.address == before)
  }

  @Test func `frames that say nothing are skipped`() throws {
    var (here, there) = try Run.sessions()
    // We never send one, so the cipher is used directly.
    var cipher = CipherState(key: seed(5))
    var opener = FrameOpener(CipherState(key: seed(5)))
    let wire = try cipher.seal([]).framed + cipher.seal([1]).framed + cipher.seal([]).framed
    try opener.receive(ByteBuffer(bytes: wire))
    #expect(opener.nextPlaintext()?.allBytes == [1])
    #expect(opener.nextPlaintext() == nil)
    for byte in try cipher.seal([]).framed { try opener.receive(ByteBuffer(bytes: [byte])) }
    #expect(opener.nextPlaintext() == nil)
    #expect(try there.opened(here.sealed([1])) == [[1]])
  }

  @Test func `one byte at a time`() throws {
    var (here, there) = try Run.sessions()
    var heard: [[UInt8]] = []
    for byte in try here.sealed([1, 2, 3], [4], [UInt8](0...255)) { heard += try there.opened([byte]) }
    #expect(heard == [[1, 2, 3], [4], [UInt8](0...255)])
  }

  @Test func `split at every byte boundary`() throws {
    let (here, there) = try Run.sessions()
    var sealing = here
    let wire = try sealing.sealed([1, 2, 3], [4, 5], [6])
    for split in 0...wire.count {
      var opening = there
      let heard = try opening.opened(Array(wire[..<split])) + opening.opened(Array(wire[split...]))
      #expect(heard == [[1, 2, 3], [4, 5], [6]])
    }
  }

  @Test(arguments: 0..<40) func `any frames in any pieces`(run: UInt64) throws {
    var generator = SeededGenerator(seed: run)
    var (here, there) = try Run.sessions()
    let longest = [1, 40, 3000, TransportFrame.plaintextBytesMax][Int(run % 4)]
    let sent = (0..<20).map { _ in
      generator.bytes(Int.random(in: 1...longest, using: &generator))
    }
    var wire = try here.sealed(sent)[...]
    var held: [ByteBuffer] = []
    var heard: [[UInt8]] = []
    while !wire.isEmpty {
      let piece = wire.prefix(Int.random(in: 0...2 * longest, using: &generator))
      wire = wire.dropFirst(piece.count)
      let buffer = ByteBuffer(bytes: piece)
      if Bool.random(using: &generator) {
        try there.receive(buffer)
        #expect(buffer.allBytes == Array(piece))  // held here, so it is not touched
      } else {
        try there.receive(consume buffer)
      }
      for plaintext in there.plaintexts() {
        heard.append(plaintext.allBytes)
        if Bool.random(using: &generator) { held.append(plaintext) } else { held.removeAll() }
      }
      if Int.random(in: 0..<4, using: &generator) == 0 { there.releaseIdleStorage() }
    }
    #expect(heard == sent)
  }

  @Test(arguments: [1, 0x80] as [UInt8]) func `a change in any byte is noticed`(mask: UInt8) throws {
    let (here, there) = try Run.sessions()
    var sealing = here
    let wire = try sealing.sealed([1, 2, 3], [4, 5])
    for index in wire.indices {
      for chunk in [1, wire.count] {
        var opening = there
        var heard: [[UInt8]] = []
        var changed = wire.flipping(mask, at: index)[...]
        var error: NoiseError?
        do throws(NoiseError) {
          while !changed.isEmpty {
            try opening.receive(ByteBuffer(bytes: changed.prefix(chunk)))
            heard += opening.plaintexts().map(\.allBytes)
            changed = changed.dropFirst(chunk)
          }
        } catch let thrown {
          error = thrown
          heard += opening.plaintexts().map(\.allBytes)
        }
        // What came before the change is heard, and nothing else; a length that grew makes it wait for more.
        let isLength = index < 2 || (21..<23).contains(index)
        #expect(heard == (index < 21 ? [] : [[1, 2, 3]]))
        #expect(isLength || error == .frameNotAuthentic)
      }
    }
  }

  @Test func `reordered, repeated, reflected and lost frames are refused`() throws {
    let (here, there) = try Run.sessions()
    var sealing = here
    let (first, second) = (try sealing.sealed([1]), try sealing.sealed([2]))
    for wrong in [second + first, first + first, second] {
      var opening = there
      #expect(throws: NoiseError.frameNotAuthentic) { try opening.opened(wrong) }
    }
    var reflected = here
    #expect(throws: NoiseError.frameNotAuthentic) { try reflected.opened(first) }
  }

  @Test func `a failure is final, what came before it is heard`() throws {
    var (here, there) = try Run.sessions()
    let good = try here.sealed([1], [2])
    let bad = try here.sealed([3]).flipping(1, at: 4)
    #expect(throws: NoiseError.frameNotAuthentic) {
      try there.receive(ByteBuffer(bytes: good + bad + good))
    }
    #expect(there.plaintexts().map(\.allBytes) == [[1], [2]])
    #expect(throws: NoiseError.frameNotAuthentic) { try there.receive(ByteBuffer()) }
  }

  @Test(arguments: 0..<16) func `a frame shorter than its tag is refused`(bytes: UInt8) throws {
    let (_, fresh) = try Run.sessions()
    var there = fresh
    #expect(throws: NoiseError.frameTooShort(bytes: Int(bytes))) { try there.opened([0, bytes]) }
    there = fresh
    #expect(try there.opened([0]) == [])
    #expect(throws: NoiseError.frameTooShort(bytes: Int(bytes))) { try there.opened([bytes]) }
    there = fresh
    #expect(throws: NoiseError.frameTooShort(bytes: Int(bytes))) {
      try there.opened([0, bytes] + [UInt8](repeating: 0, count: 64))
    }
  }

  @Test func `nonces are not used twice`() throws {
    var session = Session(
      sending: CipherState(key: seed(1), nonce: .max - 1), receiving: CipherState(key: seed(1), nonce: .max))
    let last = try session.sealed([1])
    #expect(throws: NoiseError.nonceExhausted) { try session.sealed([2]) }
    #expect(throws: NoiseError.nonceExhausted) { try session.opened(last) }
  }
}
