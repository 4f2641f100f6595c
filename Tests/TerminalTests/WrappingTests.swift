import Testing

@testable import Terminal

private func wrap(_ text: String, _ columns: Int, indent: Int = 0) -> [String] {
  Wrapping.rows([Span(text)], columns: columns, indent: indent).map(\.text)
}

extension Row {
  fileprivate var text: String { String(repeating: " ", count: indent) + pieces.map(\.glyph.text).joined() }
}

@Suite struct WrappingTests {
  @Test func `between words`() {
    #expect(wrap("one two three", 8) == ["one two ", "three"])
    #expect(wrap("one two three", 7) == ["one two", "three"])
    #expect(wrap("one two three", 100) == ["one two three"])
  }

  @Test func `within a word that has no room anywhere`() {
    #expect(wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"])
    #expect(wrap("a bcdefghij", 4) == ["a ", "bcde", "fghi", "j"])
  }

  @Test func `at the author's own ends of lines`() {
    #expect(wrap("a\nb\n\nc", 10) == ["a", "b", "", "c"])
    #expect(wrap("", 10) == [""])
  }

  @Test func `below the beginning of the text`() {
    #expect(wrap("09:05 one two six", 14, indent: 6) == ["09:05 one two ", "      six"])
    // Where that would leave too little room, not.
    #expect(wrap("09:05 one two six", 13, indent: 6) == ["09:05 one two", "six"])
  }

  @Test func `wide letters stay whole`() {
    #expect(wrap("世界世界", 5) == ["世界", "世界"])
    #expect(wrap("世", 1) == ["世"])
  }

  @Test func `no text takes the whole screen for ever`() {
    let rows = wrap(String(repeating: "\n", count: 16_000), 80)
    #expect(rows.count == Wrapping.rowsMax + 1)
    #expect(rows.last == "[…]")
  }

  @Test func `canvas cuts off, and is never out of range`() {
    var canvas = Canvas(columns: 5, rows: 2)
    canvas.put("abcdefgh", row: 0, column: 3)
    canvas.put("abc", row: 7, column: 0)
    canvas.put("abc", row: -1, column: -1)
    canvas.put("世界世", row: 1, column: 0)
    canvas.fill(row: 9, style: .bar)
    #expect(canvas.text == ["   ab", "世界"])
    #expect(canvas[1, 1].glyph == nil)
    #expect(Canvas(columns: -1, rows: -1).text == [])
  }
}
