/// Text whose first character says how the rest is encoded (multiformats/multibase). The encodings that peer
/// ids and certificate hashes are met in; a prefix in upper case means the same alphabet in upper case.
enum Multibase {
  static func decode(_ text: some Collection<UInt8>) throws(WireError) -> [UInt8] {
    let body = text.dropFirst()
    guard let prefix = text.first else { throw .malformedText(base: "multibase") }
    switch prefix {
    case UInt8(ascii: "f"), UInt8(ascii: "F"): return try Base16.characters.decode(body)
    case UInt8(ascii: "b"), UInt8(ascii: "B"): return try Base32.characters.decode(body)
    case UInt8(ascii: "k"), UInt8(ascii: "K"): return try Base36.radix.decode(body)
    case UInt8(ascii: "z"): return try Base58.radix.decode(body)
    case UInt8(ascii: "u"): return try Base64URL.characters.decode(body)
    default: throw .malformedText(base: "multibase")
    }
  }
}
