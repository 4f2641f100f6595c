/// A domain name: labels with their lengths as on the wire, without the root's at the end.
///
/// Names compare without regard to ASCII case (RFC 6762, section 16), so they are held in lower case.
struct Name: Hashable, Sendable {
  /// With the root's zero (RFC 1035, section 2.3.4).
  static let bytesMax = 255
  static let labelBytesMax = 63

  static let root = Name(valid: [])

  let bytes: [UInt8]

  /// Labels with their lengths, in lower case and within the limits.
  init(valid bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// One of our own, from text with dots.
  init(_ text: StaticString) {
    var name = Self.root
    for label in "\(text)".split(separator: ".").reversed() {
      guard let longer = name.prefixed(by: label.utf8) else {
        preconditionFailure("\(text) is not a name")
      }
      name = longer
    }
    self = name
  }

  /// This name below one more label; nil when that is no name.
  func prefixed(by label: some Collection<UInt8>) -> Name? {
    guard (1...Self.labelBytesMax).contains(label.count), bytes.count + label.count + 2 <= Self.bytesMax
    else { return nil }
    return Name(valid: [UInt8(label.count)] + label.map(\.lowercased) + bytes)
  }

  /// What remains without the first label; nil for the root.
  var parent: Name? {
    guard let length = bytes.first else { return nil }
    return Name(valid: [UInt8](bytes.dropFirst(1 + Int(length))))
  }
}

extension Name: CustomStringConvertible {
  var description: String {
    var (text, rest) = ("", bytes[...])
    while let length = rest.popFirst() {
      text += String(decoding: rest.prefix(Int(length)), as: UTF8.self) + "."
      rest = rest.dropFirst(Int(length))
    }
    return text
  }
}

extension UInt8 {
  /// ASCII letters in lower case, everything else as it is.
  var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}
