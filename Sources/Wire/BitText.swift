/// Text of a fixed number of bits a character, most significant first, without padding: base16, base32,
/// base64url (RFC 4648). Only what an encoder writes is decoded: no stray characters, no bits left set at the
/// end.
struct BitText: Sendable {
  let name: String
  private let bits: Int
  private let alphabet: [UInt8]
  private let values: [UInt8?]

  init(name: String, bits: Int, alphabet: StaticString, ignoringCase: Bool = false) {
    self.name = name
    self.bits = bits
    self.alphabet = alphabet.withUTF8Buffer { [UInt8]($0) }
    precondition(self.alphabet.count == 1 << bits, "\(name) needs \(1 << bits) characters")
    var values = [UInt8?](repeating: nil, count: 256)
    for (value, character) in self.alphabet.enumerated() {
      values[Int(character)] = UInt8(value)
      if ignoringCase, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(character) {
        values[Int(character & 0xDF)] = UInt8(value)
      }
    }
    self.values = values
  }

  func encode(_ bytes: some Collection<UInt8>) -> String {
    var characters: [UInt8] = []
    characters.reserveCapacity((bytes.count * 8 + bits - 1) / bits)
    var pending: UInt32 = 0
    var pendingBits = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      pendingBits += 8
      while pendingBits >= bits {
        pendingBits -= bits
        characters.append(alphabet[Int(pending >> UInt32(pendingBits))])
        pending &= 1 << UInt32(pendingBits) - 1
      }
    }
    if pendingBits > 0 { characters.append(alphabet[Int(pending << UInt32(bits - pendingBits))]) }
    return String(decoding: characters, as: UTF8.self)
  }

  func decode(_ text: some Collection<UInt8>) throws(WireError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * bits / 8)
    var pending: UInt32 = 0
    var pendingBits = 0
    for character in text {
      guard let value = values[Int(character)] else { throw .malformedText(base: name) }
      pending = pending << UInt32(bits) | UInt32(value)
      pendingBits += bits
      if pendingBits >= 8 {
        pendingBits -= 8
        bytes.append(UInt8(pending >> UInt32(pendingBits)))
        pending &= 1 << UInt32(pendingBits) - 1
      }
    }
    // A whole character that carries nothing, or bits that belong to no byte.
    guard pendingBits < bits, pending == 0 else { throw .malformedText(base: name) }
    return bytes
  }
}
