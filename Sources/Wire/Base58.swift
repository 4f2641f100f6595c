/// base58btc, the text of peer ids: no character that looks like another, nothing a double click would not
/// select. Bounded to 256 characters, several times any peer id.
package enum Base58 {
  static let radix = RadixText(
    name: "base58", alphabet: "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")

  package static func encode(_ bytes: [UInt8]) -> String { radix.encode(bytes) }

  package static func decode(_ text: String) throws(WireError) -> [UInt8] { try radix.decode(text.utf8) }
}

/// base36, which some CIDs are written in because host names ignore case.
enum Base36 {
  static let radix = RadixText(
    name: "base36", alphabet: "0123456789abcdefghijklmnopqrstuvwxyz", ignoringCase: true)
}
