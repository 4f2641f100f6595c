// Dotted decimal as RFC 6943, section 3.1.1 has it in its strict form; IPv6 read as RFC 4291, section 2.2,
// and written as RFC 5952.

extension IPv4Address: LosslessStringConvertible {
  /// Four decimal numbers without leading zeros; nothing else is an address here.
  package init?(_ text: String) {
    self.init(text: text.utf8)
  }

  init?(text: some Collection<UInt8>) {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard let octet = UInt8(decimal: part), part.count == 1 || part.first != UInt8(ascii: "0") else {
        return nil
      }
      value = value << 8 | UInt32(octet)
    }
    self.init(rawValue: value)
  }

  package var description: String { bytes.map { String($0) }.joined(separator: ".") }
}

extension IPv6Address: LosslessStringConvertible {
  /// Groups of up to four hexadecimal digits, `::` for one run of zero groups, and dotted decimal for the
  /// last two groups. No zone.
  package init?(_ text: String) {
    let characters = [UInt8](text.utf8)
    guard characters.count <= 45 else { return nil }  // six groups and a dotted quad
    let gap = characters.indices.dropLast().first {
      characters[$0] == UInt8(ascii: ":") && characters[$0 + 1] == characters[$0]
    }
    let groups: [UInt16]
    if let gap {
      guard let before = Self.groups(characters[..<gap], mayEndDotted: false),
        let after = Self.groups(characters[(gap + 2)...], mayEndDotted: true), before.count + after.count < 8
      else { return nil }
      groups = before + repeatElement(0, count: 8 - before.count - after.count) + after
    } else {
      guard let all = Self.groups(characters[...], mayEndDotted: true), all.count == 8 else { return nil }
      groups = all
    }
    self.init(
      upper: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
      lower: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
  }

  private static func groups(_ text: ArraySlice<UInt8>, mayEndDotted: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if let group = UInt16(hexadecimal: part) {
        groups.append(group)
      } else if mayEndDotted, index == parts.count - 1, let quad = IPv4Address(text: part) {
        groups.append(UInt16(truncatingIfNeeded: quad.rawValue >> 16))
        groups.append(UInt16(truncatingIfNeeded: quad.rawValue))
      } else {
        return nil
      }
    }
    return groups
  }

  /// RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`, mapped
  /// IPv4 addresses with their dotted form.
  package var description: String {
    if let mapped { return "::ffff:\(mapped)" }
    let groups = groups
    func text(_ range: Range<Int>) -> String {
      groups[range].map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard let gap = Self.longestZeroRun(groups) else { return text(0..<8) }
    return "\(text(0..<gap.lowerBound))::\(text(gap.upperBound..<8))"
  }

  private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
    var longest = 0..<1  // a single zero group is not shortened
    var start = 0
    for (index, group) in groups.enumerated() {
      if group != 0 {
        start = index + 1
      } else if index + 1 - start > longest.count {
        longest = start..<index + 1
      }
    }
    return longest.count > 1 ? longest : nil
  }
}

extension IPAddress: LosslessStringConvertible {
  package init?(_ text: String) {
    if let address = IPv4Address(text) {
      self = .v4(address)
    } else if let address = IPv6Address(text) {
      self = .v6(address)
    } else {
      return nil
    }
  }

  package var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// Digits and nothing else, no sign, and no more digits than the largest value has.
  init?(decimal text: some Collection<UInt8>) {
    guard !text.isEmpty, text.count <= 20 else { return nil }
    var value: Self = 0
    for character in text {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Self(character - UInt8(ascii: "0")))
      if overflow || carry { return nil }
      value = sum
    }
    self = value
  }
}

extension UInt16 {
  /// One to four hexadecimal digits.
  fileprivate init?(hexadecimal text: some Collection<UInt8>) {
    guard (1...4).contains(text.count) else { return nil }
    var value: UInt16 = 0
    for character in text {
      guard let digit = Character(UnicodeScalar(character)).hexDigitValue else { return nil }
      value = value << 4 | UInt16(digit)
    }
    self = value
  }
}
