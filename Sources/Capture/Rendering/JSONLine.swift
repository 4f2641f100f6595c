/// One JSON object on one line, its members in the order they were added.
package struct JSONLine: Sendable {
  private var text = "{"

  package var line: String { text + "}" }

  private mutating func key(_ key: String) {
    if text.utf8.count > 1 { text += "," }
    text += Self.quoted(key) + ":"
  }

  package mutating func add(_ name: String, _ value: String?) {
    guard let value else { return }
    key(name)
    text += Self.quoted(value)
  }

  package mutating func add(_ name: String, _ value: some BinaryInteger) {
    key(name)
    text += String(value)
  }

  package mutating func add(_ name: String, _ value: Bool) {
    key(name)
    text += value ? "true" : "false"
  }

  package mutating func add(_ name: String, _ values: [String]) {
    key(name)
    text += "[" + values.map(Self.quoted).joined(separator: ",") + "]"
  }

  /// Milliseconds with all digits of the nanoseconds.
  package mutating func add(_ name: String, milliseconds nanoseconds: UInt64) {
    key(name)
    let fraction = String(nanoseconds % 1_000_000)
    text += "\(nanoseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
  }

  private static func quoted(_ string: String) -> String {
    // Nearly everything; scalar by scalar costs ten times as much.
    let isPlain = string.utf8.allSatisfy {
      0x20..<0x7F ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    if isPlain { return "\"" + string + "\"" }
    var quoted = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      // Control characters, and those that end a line for some readers.
      case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
