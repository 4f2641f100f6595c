/// Text that is one big number in another radix, with a leading zero digit for every leading zero byte:
/// base58btc and base36. The work is quadratic in the length, so the length is bounded on both sides.
struct RadixText: Sendable {
  /// Several times any hash, and few enough characters that the square of it is no work.
  static let charactersMax = 256

  let name: String
  private let alphabet: [UInt8]
  private let values: [UInt8?]

  init(name: String, alphabet: StaticString, ignoringCase: Bool = false) {
    self.name = name
    self.alphabet = alphabet.withUTF8Buffer { [UInt8]($0) }
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
    let zeros = bytes.prefix { $0 == 0 }.count
    let digits = Self.convert(bytes.dropFirst(zeros), from: 256, to: alphabet.count)
    let characters = repeatElement(alphabet[0], count: zeros) + digits.map { alphabet[Int($0)] }
    return String(decoding: characters, as: UTF8.self)
  }

  func decode(_ text: some Collection<UInt8>) throws(WireError) -> [UInt8] {
    guard text.count <= Self.charactersMax else { throw .textTooLong(limit: Self.charactersMax) }
    var digits: [UInt8] = []
    digits.reserveCapacity(text.count)
    for character in text {
      guard let value = values[Int(character)] else { throw .malformedText(base: name) }
      digits.append(value)
    }
    let zeros = digits.prefix { $0 == 0 }.count
    return [UInt8](repeating: 0, count: zeros) + Self.convert(digits[zeros...], from: alphabet.count, to: 256)
  }

  /// Digits of the same number in another radix, most significant first, without leading zeros.
  private static func convert(_ digits: some Collection<UInt8>, from radix: Int, to newRadix: Int) -> [UInt8]
  {
    var reversed: [UInt8] = []
    for digit in digits {
      var carry = Int(digit)
      for index in reversed.indices {
        carry += Int(reversed[index]) * radix
        reversed[index] = UInt8(carry % newRadix)
        carry /= newRadix
      }
      while carry > 0 {
        reversed.append(UInt8(carry % newRadix))
        carry /= newRadix
      }
    }
    return reversed.reversed()
  }
}
