// Text from strangers, made safe to show.

package enum Printable {
  /// `text` cut to `bytesMax` bytes of UTF-8, with a replacement character for every scalar that a terminal
  /// obeys instead of showing: control characters, line separators, and the format characters that turn, join
  /// or hide text.
  package static func text(_ text: String, bytesMax: Int) -> String {
    var shown = String.UnicodeScalarView()
    var bytes = 0
    for scalar in text.unicodeScalars {
      let safe = isPrintable(scalar) ? scalar : "\u{FFFD}"
      bytes += UTF8.width(safe)
      if bytes > bytesMax { break }
      shown.append(safe)
    }
    return String(shown)
  }

  package static func isPrintable(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy(isPrintable)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return (0x20..<0x7F).contains(scalar.value) }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return false
    default: return true
    }
  }
}
