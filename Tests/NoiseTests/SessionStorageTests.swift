import NIOCore
import Testing

@testable import Noise

/// Where the bytes lie: what is opened in place, what is copied, what is kept.
@Suite struct SessionStorageTests {
  private func buffer(_ bytes: [UInt8]) -> ByteBuffer { ByteBuffer(bytes: bytes) }

  @Test func `frames in a buffer nobody else holds are opened where they lie`() throws {
    var (here, there) = try Run.sessions()
    let wire = buffer(try here.sealed([1, 2, 3], [4, 5]))
    let start = wire.address
    try there.receive(consume wire)
    #expect(there.plaintexts().map { $0.address - start } == [2, 2 + 3 + 16 + 2])
    #expect(there.storageBytes == 0)
  }

  @Test func `a buffer somebody holds is left as it is`() throws {
    var (here, there) = try Run.sessions()
    let bytes = try here.sealed([1, 2, 3], [4, 5])
    let wire = buffer(bytes)
    try there.receive(wire)
    let plaintexts = there.plaintexts()
    #expect(plaintexts.map(\.allBytes) == [[1, 2, 3], [4, 5]])
    #expect(wire.allBytes == bytes)
  }

  @Test func `held buffers share one spare as long as its plaintexts are let go`() throws {
    var (here, there) = try Run.sessions()
    var places: Set<UInt> = []
    for byte in 0..<10 as Range<UInt8> {
      let wire = buffer(try here.sealed([byte]))
      try there.receive(wire)
      for plaintext in there.plaintexts() { places.insert(plaintext.address) }
      _ = wire.readableBytes
    }
    #expect(places.count == 1)
  }

  @Test func `a plaintext that is held stays as it was`() throws {
    var (here, there) = try Run.sessions()
    var held: [ByteBuffer] = []
    for byte in 0..<10 as Range<UInt8> {
      let bytes = try here.sealed([byte, byte], [byte])
      let wire = buffer(bytes)
      try there.receive(wire)  // by the spare
      held += there.plaintexts()
      try there.receive(buffer(try here.sealed([byte, byte], [byte])))  // in place
      held += there.plaintexts()
      for byte in try here.sealed([byte, byte], [byte]) {  // in pieces
        try there.receive(buffer([byte]))
        held += there.plaintexts()
      }
      #expect(wire.allBytes == bytes)
    }
    let expected = (0..<10 as Range<UInt8>).flatMap { byte in
      [[byte, byte], [byte]] + [[byte, byte], [byte]] + [[byte, byte], [byte]]
    }
    #expect(held.map(\.allBytes) == expected)
  }

  @Test func `frames across buffers use two storages in turn`() throws {
    var (here, there) = try Run.sessions()
    let frame = [UInt8](repeating: 7, count: 1000)
    let wire = try here.sealed([[UInt8]](repeating: frame, count: 40))
    var places: Set<UInt> = []
    // Every piece completes the frame before and begins the next.
    for start in stride(from: 0, to: wire.count, by: 1018) {
      let (from, to) = (max(0, start - 500), min(wire.count, start + 518))
      try there.receive(buffer(Array(wire[from..<to])))
      for plaintext in there.plaintexts() {
        #expect(plaintext.allBytes == frame)
        places.insert(plaintext.address)
      }
    }
    #expect(places.count == 2)
    #expect(there.storageBytes <= 4 * 1024)
  }

  @Test func `an announced length reserves nothing`() throws {
    var (_, there) = try Run.sessions()
    try there.receive(buffer([0xff, 0xff]))
    #expect(there.storageBytes == 0)
    try there.receive(buffer([UInt8](repeating: 0, count: 100)))
    #expect(there.storageBytes <= 256)
  }

  @Test func `one frame is kept at most`() throws {
    var (here, there) = try Run.sessions()
    let wire = try here.sealed([UInt8](repeating: 7, count: TransportFrame.plaintextBytesMax))
    for byte in wire.dropLast() {
      try there.receive(buffer([byte]))
      #expect(there.storageBytes <= 64 * 1024)
    }
    #expect(try there.opened([wire.last ?? 0]).map(\.count) == [TransportFrame.plaintextBytesMax])
  }

  @Test func `an idle session keeps nothing`() throws {
    var (here, there) = try Run.sessions()
    let wire = buffer(try here.sealed([1, 2, 3]))
    try there.receive(wire)
    _ = there.plaintexts()
    for byte in try here.sealed([1, 2, 3]) { try there.receive(buffer([byte])) }
    _ = there.plaintexts()
    #expect(there.storageBytes > 0)
    there.releaseIdleStorage()
    #expect(there.storageBytes == 0)
    _ = wire.readableBytes
  }

  @Test func `idle or not, an incomplete frame and unread plaintext are kept`() throws {
    var (here, there) = try Run.sessions()
    let wire = try here.sealed([1, 2, 3], [4])
    _ = try there.opened(Array(wire[..<10]))
    there.releaseIdleStorage()
    try there.receive(buffer(Array(wire[10...])))
    there.releaseIdleStorage()
    #expect(there.plaintexts().map(\.allBytes) == [[1, 2, 3], [4]])
  }
}
