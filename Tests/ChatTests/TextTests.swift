import SansIO
import Testing

@testable import Chat

@Suite struct TextTests {
  @Test(arguments: [
    "hello", "Grüße, čau, γειά", "tiếng Việt", "שָׁלוֹם", "مرحبا", "می\u{200C}خواهم", "क्\u{200D}ष", "สวัสดี",
    "こんにちは",
    "👩\u{200D}👩\u{200D}👧", "❤\u{FE0F}", "🏳\u{FE0F}\u{200D}🌈", "👍🏽", "🇩🇪", "1\u{FE0F}\u{20E3}", "a\nb",
    "e\u{301}",
    "\u{FFFD}",
  ])
  func whatPeopleWriteStays(text: String) {
    #expect(Text.safe(text).unicodeScalars.elementsEqual(text.unicodeScalars))
  }

  @Test(arguments: [
    ("\u{1B}[2J", "\u{FFFD}[2J"), ("a\u{9B}31m", "a\u{FFFD}31m"), ("bell\u{7}", "bell\u{FFFD}"),
    ("\0", "\u{FFFD}"), ("\u{7F}\u{8}", "\u{FFFD}\u{FFFD}"),
    ("abc\u{202E}txt.exe", "abc\u{FFFD}txt.exe"), ("\u{2066}x\u{2069}", "\u{FFFD}x\u{FFFD}"),
    ("a\u{200B}b\u{2060}c\u{FEFF}", "abc"), ("a\u{AD}b", "ab"), ("\u{200F}a\u{200E}\u{61C}", "a"),
    ("\u{3164}\u{115F}", ""), ("x\u{E0041}\u{E007F}", "x"), ("a\u{2061}b", "ab"),
    ("a\u{200D}\u{200D}\u{200D}b", "a\u{200D}b"), ("\u{200D}a\u{200C}", "a"), ("a\u{200D} b", "a b"),
    ("a\u{FE0F}\u{FE0F}", "a\u{FE0F}"), ("\u{FE0F}a", "a"),
    ("\u{301}a", "\u{25CC}\u{301}a"), ("a \u{301}", "a \u{25CC}\u{301}"),
    ("\tx", "    x"), ("a\u{FFF9}b", "ab"), ("a\u{2800}b", "a\u{2800}b"),
  ])
  func whatTerminalsObeyDoesNot(text: String, shown: String) {
    #expect(
      Text.safe(text).unicodeScalars.elementsEqual(shown.unicodeScalars),
      "\(Text.safe(text).debugDescription)")
  }

  @Test func newlinesInEveryForm() {
    let text = "a\r\nb\rc\nd\u{B}e\u{C}f\u{85}g\u{2028}h\u{2029}i\n\nj"
    #expect(Text.safe(text) == "a\nb\nc\nd\ne\nf\ng\nh\ni\n\nj")
    #expect(Text.safe(text, lines: .joined) == "a b c d e f g h i  j")
  }

  @Test func aTowerOfAccentsIsCut() {
    let tower = "Z" + String(repeating: "\u{30D}", count: 1000) + "!"
    #expect(Text.safe(tower).unicodeScalars.count == 2 + Text.marksMax)
    let onNothing = String(repeating: "\u{30D}", count: 1000)
    #expect(Text.safe(onNothing).unicodeScalars.count == 1 + Text.marksMax)
    // A joiner or a selector does not begin the count anew.
    let sneaky = "Z" + String(repeating: "\u{30D}\u{200D}\u{FE0F}", count: 100)
    #expect(Text.safe(sneaky).unicodeScalars.count <= 2 + Text.marksMax)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func anythingIsHarmlessAndStaysAsItIs(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var scalars = String.UnicodeScalarView()
    for _ in 0..<200 {
      let ranges: [ClosedRange<UInt32>] = [
        0...0x9F, 0x300...0x310, 0x2000...0x206F, 0xFE00...0xFE0F, 0...0xD7FF, 0xE000...0x10FFFF, 0x41...0x5A,
      ]
      let range = ranges[Int.random(in: 0..<ranges.count, using: &generator)]
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) { scalars.append(scalar) }
    }
    for lines in [Text.Lines.kept, .joined] {
      let shown = Text.safe(String(scalars), lines: lines)
      let again = Text.safe(shown, lines: lines)
      #expect(again.unicodeScalars.elementsEqual(shown.unicodeScalars))
      for scalar in shown.unicodeScalars {
        let isNewline = scalar == "\n" && lines == .kept
        #expect(scalar.properties.generalCategory != .control || isNewline)
        #expect(!(0x202A...0x202E ~= scalar.value) && !(0x2066...0x2069 ~= scalar.value))
      }
    }
  }

  @Test func aLineIsCutBetweenCharacters() {
    #expect(Text.line("refused", bytesMax: 200) == "refused")
    #expect(Text.line("two\nlines", bytesMax: 200) == "two lines")
    #expect(Text.line("ääääää", bytesMax: 9) == "äää…")
    #expect(Text.line("äääää", bytesMax: 10) == "äääää")
    #expect(Text.line(String(repeating: "👩\u{200D}👩\u{200D}👧", count: 9), bytesMax: 30).utf8.count <= 30)
    #expect(Text.line("abc", bytesMax: 2) == "")
    #expect(Text.line(String(repeating: "\u{200B}", count: 100_000) + "x", bytesMax: 20) == "")
    for limit in 0..<40 { #expect(Text.line(text(bytes: 100), bytesMax: limit).utf8.count <= limit) }
  }
}
