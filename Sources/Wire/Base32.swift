/// base32 in lower case without padding (RFC 4648, section 6): the text of CIDs. Upper case is read too.
package enum Base32 {
  static let characters = BitText(
    name: "base32", bits: 5, alphabet: "abcdefghijklmnopqrstuvwxyz234567", ignoringCase: true)

  package static func encode(_ bytes: [UInt8]) -> String { characters.encode(bytes) }

  package static func decode(_ text: String) throws(WireError) -> [UInt8] { try characters.decode(text.utf8) }
}

/// base64 for URLs without padding (RFC 4648, section 5): the text of certificate hashes.
package enum Base64URL {
  static let characters = BitText(
    name: "base64url", bits: 6, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

  package static func encode(_ bytes: [UInt8]) -> String { characters.encode(bytes) }

  package static func decode(_ text: String) throws(WireError) -> [UInt8] { try characters.decode(text.utf8) }
}

/// base16 (RFC 4648, section 8) in lower case. Upper case is read too.
package enum Base16 {
  static let characters = BitText(name: "base16", bits: 4, alphabet: "0123456789abcdef", ignoringCase: true)

  package static func encode(_ bytes: [UInt8]) -> String { characters.encode(bytes) }

  package static func decode(_ text: String) throws(WireError) -> [UInt8] { try characters.decode(text.utf8) }
}
