// A letter takes the columns that every terminal gives it.

import CNcurses
import Glibc
import Terminal
import Testing

private func shown(_ character: Character) -> [String] { Glyph.glyphs(of: character).map(\.text) }

@Suite struct GlyphTests {
  @Test func `letters of one column`() {
    #expect(Glyph.width(of: "abc") == 3)
    #expect(Glyph.width(of: "żółć") == 4)
    #expect(Glyph.width(of: "привет") == 6)
    #expect(Glyph.width(of: "e\u{301}") == 1)
  }

  @Test func `letters of two columns`() {
    #expect(Glyph.width(of: "世界") == 4)
    #expect(Glyph.width(of: "한") == 2)
    #expect(Glyph.width(of: "\u{1112}\u{1161}\u{11AB}") == 2)
    #expect(Glyph.width(of: "😀") == 2)
    #expect(Glyph.width(of: "ｆｕｌｌ") == 8)
  }

  @Test func `what terminals disagree on is shown as they agree`() {
    // A family is its members.
    #expect(shown("👨‍👩‍👧") == ["👨", "👩", "👧"])
    #expect(Glyph.width(of: "👨‍👩‍👧") == 6)
    // A tone of skin is left out, unless it stands alone.
    #expect(shown("👍🏽") == ["👍"])
    #expect(shown("🏽") == ["🏽"])
    // A red heart is a heart.
    #expect(shown("❤️") == ["❤"])
    #expect(shown("1️⃣") == ["1\u{20E3}"])
    // A flag is two letters, which every terminal shows in two columns.
    #expect(shown("🇵🇱") == ["🇵", "🇱"])
    #expect(Glyph.width(of: "🇵🇱") == 2)
  }

  @Test(arguments: ["\u{1B}", "\u{7}", "\0", "\u{7F}", "\u{9B}", "\u{85}", "\u{2028}", "\r\n"])
  func `nothing that is obeyed gets through`(character: String) {
    #expect(character.flatMap { shown($0) } == ["\u{FFFD}"])
  }

  @Test func `what cannot be seen takes no room`() {
    #expect(shown("\u{200B}").isEmpty)
    #expect(shown("\u{FE0F}").isEmpty)
    #expect(shown("\u{301}").isEmpty)
  }

  @Test func `no more marks than ncurses keeps`() {
    let pile = Character("a" + String(repeating: "\u{301}", count: 50))
    #expect(shown(pile).map(\.unicodeScalars.count) == [5])
  }

  /// ncurses counts with the C library; where the two differ, rows would be torn.
  @Test func `as the C library counts`() {
    guard let locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil) else { return }
    let previous = uselocale(locale)
    defer {
      uselocale(previous)
      freelocale(locale)
    }
    var different: [String] = []
    // Not each of the Chinese, Korean and Tangut signs.
    let ranges: [ClosedRange<UInt32>] = [
      0x20...0x33FF, 0x9FF0...0xAC10, 0xD790...0x17010, 0x18CF0...0x20010, 0x2FFE0...0x30010,
    ]
    for value in ranges.joined() {
      guard let scalar = Unicode.Scalar(value), isKnownToBoth(scalar) else { continue }
      let theirs = Int(curses_columns(wchar_t(bitPattern: value)))
      let ours = scalar.columns ?? -1
      if ours != theirs { different.append("\(String(value, radix: 16)): \(ours), not \(theirs)") }
    }
    #expect(different == [])
  }

  /// Assigned before the C library's tables were made, and not one whose width is a matter of taste.
  private func isKnownToBoth(_ scalar: Unicode.Scalar) -> Bool {
    guard let age = scalar.properties.age, age.major < 15 else { return false }
    // Was a mark without width, and is one with it.
    if scalar.value == 0x1171E { return false }
    switch scalar.properties.generalCategory {
    case .privateUse, .unassigned, .surrogate: return false
    // Arabic signs that surround a number, the soft hyphen, and other format characters that are seen.
    case .format: return false
    case .control, .lineSeparator, .paragraphSeparator: return false
    default: return true
    }
  }
}
