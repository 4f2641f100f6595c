/// A hash that says which function made it: code, length, digest (multiformats/multihash).
///
/// Any code is kept; only a peer id asks for certain ones.
package struct Multihash: Hashable, Sendable {
  package static let identityCode: UInt64 = 0x00
  package static let sha256Code: UInt64 = 0x12

  /// The whole of it, as on the wire.
  package let bytes: [UInt8]
  package let code: UInt64
  private let digestStart: Int

  package var digest: ArraySlice<UInt8> { bytes[digestStart...] }

  /// Decodes bytes that are a multihash and nothing more.
  package init(bytes: [UInt8]) throws(WireError) {
    var rest = bytes[...]
    code = try Varint.decode(&rest)
    let length = try Varint.decode(&rest)
    guard length == UInt64(rest.count) else { throw .malformedMultihash }
    digestStart = rest.startIndex
    self.bytes = bytes
  }

  package init(code: UInt64, digest: some Collection<UInt8>) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digest.count + 4)
    Varint.encode(code, into: &bytes)
    Varint.encode(UInt64(digest.count), into: &bytes)
    digestStart = bytes.count
    bytes += digest
    self.bytes = bytes
    self.code = code
  }
}
