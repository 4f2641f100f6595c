import NIOCore
import TestKit
import Wire

// The formats every protocol shares. What is read is written back as it was; every way to the same value
// agrees.
extension FuzzTarget {
  static let wire = [
    FuzzTarget("varint", seeds: varintSeeds, run: varint),
    FuzzTarget("multihash", seeds: multihashSeeds, run: multihash),
    FuzzTarget("base58", seeds: KeyVectors.peerIDs.prefix(1).map { Seed("peer-id", $0.base58) }, run: base58),
    FuzzTarget("base32", seeds: [Seed("text", "mzxw6ytboi"), Seed("upper", "MZXW6YTB")]) {
      bits($0, ignoringCase: true, Base32.encode, Base32.decode)
    },
    FuzzTarget("base64url", seeds: [Seed("text", "Zm9vYmFy_-8")]) {
      bits($0, ignoringCase: false, Base64URL.encode, Base64URL.decode)
    },
    FuzzTarget("ip-address", seeds: ipSeeds, run: ipAddress),
    FuzzTarget(
      "multiaddr-text", seeds: addressTexts.enumerated().map { Seed("text-\($0.offset)", $0.element) }
    ) {
      multiaddrText($0)
    },
    FuzzTarget(
      "multiaddr-binary", seeds: addressBytes.enumerated().map { Seed("bytes-\($0.offset)", $0.element) }
    ) {
      multiaddrBinary($0)
    },
    FuzzTarget(
      "length-prefixed", seeds: [Seed("three", [3, 1, 2, 3, 0, 1, 9, 2]), Seed("cut", [0x80, 0x01, 7, 1])]
    ) {
      frames($0)
    },
  ]

  // MARK: Numbers

  private static var varintSeeds: [Seed] {
    [0, 127, 128, 1 << 32, Varint.max].map { value in
      var bytes: [UInt8] = []
      Varint.encode(value, into: &bytes)
      return Seed("\(value)", bytes)
    }
  }

  private static func varint(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    var slice = bytes[...]
    var buffer = ByteBuffer(bytes: bytes)
    let fromSlice = attempt { () throws(WireError) in try Varint.decode(&slice) }
    let fromBuffer = attempt { () throws(WireError) in try Varint.decode(&buffer) }
    // A buffer that ends inside a number waits; bytes that are all there are cut short.
    expect(fromSlice == fromBuffer ?? nil, "both readers agree on \(bytes)")
    let taken = bytes.count - buffer.readableBytes
    guard let value = fromSlice else { return expect(taken == 0, "nothing is taken of what is no number") }
    var encoded: [UInt8] = []
    Varint.encode(value, into: &encoded)
    expect(
      encoded == [UInt8](bytes.prefix(taken)) && slice.count == buffer.readableBytes, "one form for \(value)")
    expect(Varint.size(of: value) == taken, "the size of \(value)")
  }

  // MARK: Hashes

  private static var multihashSeeds: [Seed] {
    [
      Seed("sha256", [0x12, 32] + [UInt8](repeating: 7, count: 32)), Seed("identity", [0, 2, 1, 2]),
      Seed("key", [0, 36] + KeyVectors.ed25519Public),
    ]
  }

  private static func multihash(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    guard let hash = attempt({ () throws(WireError) in try Multihash(bytes: bytes) }) else { return }
    expect(hash.bytes == bytes, "a multihash has one form")
    expect(Multihash(code: hash.code, digest: hash.digest) == hash, "a multihash is its code and digest")
    guard hash.isPeerID else { return }
    let text = Base58.encode(bytes)
    expect(
      attempt { () throws(WireError) in try Multihash(peerIDText: text) } == hash,
      "a peer id as text: \(text)")
  }

  // MARK: Text encodings

  private static func base58(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    let text = String(decoding: bytes, as: UTF8.self)
    if let decoded = attempt({ () throws(WireError) in try Base58.decode(text) }) {
      expect(Base58.encode(decoded) == text, "base58 has one form")
    }
    let short = [UInt8](bytes.prefix(128))
    let written = Base58.encode(short)
    expect(
      attempt { () throws(WireError) in try Base58.decode(written) } == short, "bytes in base58: \(written)")
  }

  private static func bits(
    _ input: FuzzInput, ignoringCase: Bool, _ encode: ([UInt8]) -> String,
    _ decode: (String) throws(WireError) -> [UInt8]
  ) {
    var input = input
    let bytes = input.rest()
    let text = String(decoding: bytes, as: UTF8.self)
    if let decoded = attempt({ () throws(WireError) in try decode(text) }) {
      expect(encode(decoded) == (ignoringCase ? text.lowercased() : text), "one form for \(text)")
    }
    let written = encode(bytes)
    expect(attempt { () throws(WireError) in try decode(written) } == bytes, "bytes as text: \(written)")
  }

  // MARK: Addresses

  private static var ipSeeds: [Seed] {
    ["192.0.2.1", "::", "2001:db8::1:0:0:1", "::ffff:192.0.2.1", "fe80::1"].map { text in
      Seed(text.replacing(":", with: "_"), text)
    }
  }

  private static func ipAddress(_ input: FuzzInput) {
    var input = input
    let text = input.restAsText()
    guard let address = IPAddress(text) else { return }
    expect(IPAddress(address.description) == address, "\(address) is read as it is written")
    expect(IPAddress(bytes: address.bytes) == address, "\(address) has one binary form")
    _ = address.reach
  }

  private static var addressTexts: [String] {
    MultiaddrVectors.canonical.enumerated().filter { $0.offset % 4 == 0 }.map(\.element) + [
      "/ip4/192.0.2.1/tcp/4001/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC/p2p-circuit",
      "/dnsaddr/bootstrap.example/ipfs/\(KeyVectors.peerIDs[0].cid)/",
    ]
  }

  private static var addressBytes: [[UInt8]] {
    addressTexts.compactMap { text in attempt { () throws(WireError) in try Multiaddr(text).bytes } }
  }

  private static func multiaddrText(_ input: FuzzInput) {
    var input = input
    let text = input.restAsText()
    guard let address = attempt({ () throws(WireError) in try Multiaddr(text) }) else { return }
    check(address)
  }

  private static func multiaddrBinary(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    guard let address = attempt({ () throws(WireError) in try Multiaddr(bytes: bytes) }) else { return }
    expect(address.bytes == bytes, "an address has one binary form")
    check(address)
  }

  /// Bytes, text and components are the same address; nothing that may be asked of one fails.
  private static func check(_ address: Multiaddr) {
    let text = address.description
    expect(
      attempt { () throws(WireError) in try Multiaddr(text) } == address, "text is read as written: \(text)")
    expect(
      attempt { () throws(WireError) in try Multiaddr(bytes: address.bytes) } == address, "bytes of \(text)")
    expect(
      attempt { () throws(WireError) in try Multiaddr(address.components) } == address, "parts of \(text)")
    expect(
      !text.unicodeScalars.contains { $0.properties.generalCategory == .control },
      "nothing moves a cursor: \(text)")
    _ = (
      address.tcpEndpoint, address.quicEndpoint, address.host, address.dnsaddr, address.peer,
      address.isCircuit
    )
    if let circuit = address.circuit {
      let rebuilt = certain("the halves of \(text)") { () throws(WireError) in
        let relay = try circuit.relay.appending(.p2pCircuit)
        return try circuit.destination.map { destination throws(WireError) in try relay.appending(destination)
        } ?? relay
      }
      expect(rebuilt == address, "a circuit is its two sides: \(text)")
    }
    guard let bare = address.withoutPeer, let peer = address.peer else { return }
    expect(
      attempt { () throws(WireError) in try bare.appending(.p2p(peer)) } == address,
      "with its peer again: \(text)")
  }

  // MARK: Frames

  private static func frames(_ input: FuzzInput) {
    var input = input
    let cutting = Cutting(input.decision())
    let bytes = input.rest()
    let (whole, wholeFailed) = framesRead(from: bytes, .whole)
    let (cut, cutFailed) = framesRead(from: bytes, cutting)
    expect(whole == cut && wholeFailed == cutFailed, "frames do not depend on how they arrive")
    var encoded = ByteBuffer()
    for frame in whole { LengthPrefixedFrames.encode(ByteBuffer(bytes: frame), into: &encoded) }
    expect(
      encoded.readableBytesView.elementsEqual(bytes.prefix(encoded.readableBytes)),
      "frames are written as read")
  }

  private static func framesRead(from bytes: [UInt8], _ cutting: Cutting) -> (frames: [[UInt8]], failed: Bool)
  {
    var reader = LengthPrefixedFrames(maxBytes: 1000)
    var frames: [[UInt8]] = []
    for piece in cutting.pieces(of: bytes) {
      var piece = piece
      reader.receive(&piece)
      expect(piece.readableBytes == 0, "all is taken")
      do throws(WireError) {
        while let frame = try reader.nextFrame() { frames.append([UInt8](frame.readableBytesView)) }
      } catch {
        return (frames, true)
      }
    }
    return (frames, false)
  }
}
