/// What one place on a screen shows: a letter with its marks.
package struct Glyph: Hashable, Sendable {
  /// One scalar that takes room, and marks that take none.
  package let text: String
  /// Columns: 1 or 2.
  package let width: Int

  package static let space = Glyph(text: " ", width: 1)
  /// Stands for what must not reach a terminal.
  static let replacement = Glyph(text: "\u{FFFD}", width: 1)

  /// Marks on one letter; as many as ncurses keeps.
  private static let marksMax = 4

  /// How a character is shown, on any terminal alike. None for one that cannot be seen.
  package static func glyphs(of character: Character) -> [Glyph] {
    if let ascii = character.asciiValue {
      // CR LF is one character, and counts as LF.
      return (0x20..<0x7F).contains(ascii) ? [Glyph(text: String(character), width: 1)] : [replacement]
    }
    var glyphs: [Glyph] = []
    var letter = String.UnicodeScalarView()
    var marks = 0
    func close() {
      guard let first = letter.first else { return }
      glyphs.append(Glyph(text: String(letter), width: first.columns ?? 1))
    }
    var canBeToned = false
    for scalar in character.unicodeScalars {
      if scalar.isDisputed { continue }
      // A tone follows its emoji; alone, it is an emoji itself.
      if scalar.properties.isEmojiModifier, canBeToned { continue }
      switch scalar.columns {
      case 0:
        if !letter.isEmpty, marks < marksMax {
          letter.append(scalar)
          marks += 1
        }
      case 1, 2:
        close()
        letter = String.UnicodeScalarView([scalar])
        marks = 0
        canBeToned = scalar.properties.isEmojiModifierBase
      default:
        close()
        letter = String.UnicodeScalarView(replacement.text.unicodeScalars)
        marks = marksMax
        canBeToned = false
      }
    }
    close()
    return glyphs
  }

  package static func width(of text: String) -> Int {
    text.reduce(0) { sum, character in glyphs(of: character).reduce(sum) { $0 + $1.width } }
  }
}

extension Unicode.Scalar {
  /// A joiner or a selector: one terminal makes one picture of what they join, the next one several.
  fileprivate var isDisputed: Bool { value == 0x200D || (0xFE00...0xFE0F).contains(value) }

  /// How many columns it takes: 0 for a mark, 1, or 2. Nil for what no terminal may see.
  ///
  /// As the C library of this system has it (Unicode's East_Asian_Width, emoji wide), so that ncurses and
  /// the terminal count alike.
  package var columns: Int? {
    if value < 0x7F { return value < 0x20 ? nil : 1 }
    switch properties.generalCategory {
    case .control, .surrogate, .lineSeparator, .paragraphSeparator: return nil
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    // Vowels and finals that complete a Korean syllable.
    if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FB).contains(value) { return 0 }
    if value < 0x1100 { return 1 }
    if Self.wide.contains(where: { $0.contains(value) }) { return 2 }
    // Letters of flags take one column each: a flag is two.
    let isRegional = (0x1F1E6...0x1F1FF).contains(value)
    return properties.isEmojiPresentation && !isRegional ? 2 : 1
  }

  /// Scripts and symbols of East Asia; emoji apart.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x1B2FF,
    0x1F200...0x1F2FF, 0x20000...0x3FFFD,
  ]
}
