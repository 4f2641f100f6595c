/// An IPv4 or IPv6 address. IPv4 addresses are held in their mapped form (`::ffff:a.b.c.d`, RFC 4291, section
/// 2.5.5.2), which never appears on a wire, so one comparable value serves both families.
package struct Address: Hashable, Comparable, Sendable {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package init(v4: UInt32) {
    self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(v4))
  }

  package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.init(v4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
  }

  package static let unspecified4 = Address(v4: 0)
  package static let unspecified6 = Address(high: 0, low: 0)
  /// RFC 919: every host on this link.
  package static let broadcast = Address(v4: .max)

  package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }
  /// The 32 bits of an IPv4 address; the last 32 of an IPv6 one.
  package var v4: UInt32 { UInt32(truncatingIfNeeded: low) }

  package var isUnspecified: Bool { self == .unspecified4 || self == .unspecified6 }

  /// 224.0.0.0/4 or ff00::/8.
  package var isMulticast: Bool { isIPv4 ? v4 >> 28 == 0xE : high >> 56 == 0xFF }

  /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291, section 2.5.6): never forwarded by a router.
  package var isLinkLocal: Bool { isIPv4 ? v4 >> 16 == 0xA9FE : high >> 54 == 0x3FA }

  package var isLoopback: Bool { isIPv4 ? v4 >> 24 == 127 : high == 0 && low == 1 }

  package static func < (left: Address, right: Address) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// One word is enough for a hash table, and half the cost of two.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(high &* 0x9E37_79B9_7F4A_7C15 ^ low)
  }
}

extension Address: CustomStringConvertible {
  /// Dotted decimal, or RFC 5952.
  package var description: String {
    if isIPv4 { return "\(v4 >> 24).\(v4 >> 16 & 0xFF).\(v4 >> 8 & 0xFF).\(v4 & 0xFF)" }
    let groups = (0..<8).map { index in
      UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> (48 - 16 * UInt64(index % 4)))
    }
    let zeros = Self.longestZeros(in: groups)
    func text(_ range: Range<Int>) -> String {
      groups[range].map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard let zeros else { return text(0..<8) }
    return text(0..<zeros.lowerBound) + "::" + text(zeros.upperBound..<8)
  }

  /// The first longest run of at least two zero groups (RFC 5952, section 4.2).
  private static func longestZeros(in groups: [UInt16]) -> Range<Int>? {
    var best: Range<Int>?
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start > max(1, best?.count ?? 1) { best = start..<end }
      start = max(end, start + 1)
    }
    return best
  }
}

extension Address: LosslessStringConvertible {
  /// Dotted decimal, or any form of RFC 4291, section 2.2, without a zone.
  package init?(_ text: String) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      self.init(v6: text)
    } else {
      self.init(dotted: text[...])
    }
  }

  private init?(dotted text: Substring) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
        let byte = UInt8(part)
      else { return nil }
      value = value << 8 | UInt32(byte)
    }
    self.init(v4: value)
  }

  private init?(v6 text: String) {
    let halves = Self.halves(of: text)
    guard (1...2).contains(halves.count) else { return nil }
    var groups: [[UInt16]] = []
    for (index, half) in halves.enumerated() {
      guard let parsed = Self.groups(half, mayEndDotted: index == halves.count - 1) else { return nil }
      groups.append(parsed)
    }
    var all = groups[0]
    if groups.count == 2 {
      let missing = 8 - groups[0].count - groups[1].count
      guard missing >= 1 else { return nil }
      all += [UInt16](repeating: 0, count: missing) + groups[1]
    }
    guard all.count == 8 else { return nil }
    let words = all.map(UInt64.init)
    self.init(
      high: words[0] << 48 | words[1] << 32 | words[2] << 16 | words[3],
      low: words[4] << 48 | words[5] << 32 | words[6] << 16 | words[7])
  }

  /// What stands on either side of every `::`.
  private static func halves(of text: String) -> [Substring] {
    var halves: [Substring] = []
    var rest = text[...]
    var cursor = rest.startIndex
    while cursor < rest.endIndex {
      let next = rest.index(after: cursor)
      if rest[cursor] == ":", next < rest.endIndex, rest[next] == ":" {
        halves.append(rest[..<cursor])
        rest = rest[rest.index(after: next)...]
        cursor = rest.startIndex
      } else {
        cursor = next
      }
    }
    return halves + [rest]
  }

  private static func groups(_ text: Substring, mayEndDotted: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if mayEndDotted, index == parts.count - 1, let tail = Address(dotted: part) {
        groups += [UInt16(truncatingIfNeeded: tail.v4 >> 16), UInt16(truncatingIfNeeded: tail.v4)]
        continue
      }
      guard (1...4).contains(part.utf8.count), part.first != "+", part.first != "-",
        let group = UInt16(part, radix: 16)
      else { return nil }
      groups.append(group)
    }
    return groups
  }
}
