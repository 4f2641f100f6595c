extension [UInt8] {
  /// Bytes written in hexadecimal, as vectors are published. Spaces and line breaks are for the reader.
  package init(hex text: String) {
    let digits = text.utf8.filter { $0 > 0x20 }.map { character in
      guard let digit = Character(UnicodeScalar(character)).hexDigitValue else {
        preconditionFailure("not hexadecimal: \(text)")
      }
      return UInt8(digit)
    }
    precondition(digits.count.isMultiple(of: 2), "half a byte: \(text)")
    self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  package var hex: String {
    map { ($0 < 0x10 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
