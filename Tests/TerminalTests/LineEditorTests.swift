import Terminal
import Testing

/// The line with `|` where the cursor is.
private func line(_ editor: LineEditor) -> String {
  let view = editor.view(columns: 1000, newline: "↵")
  var text = ""
  var column = 0
  for glyph in view.glyphs {
    if column == view.cursor { text += "|" }
    text += glyph.text
    column += glyph.width
  }
  return column == view.cursor ? text + "|" : text
}

private func edited(_ text: String, _ keys: Key...) -> String {
  var editor = LineEditor()
  _ = editor.insert(text)
  for key in keys { _ = editor.press(key) }
  return line(editor)
}

@Suite struct LineEditorTests {
  @Test func `moves`() {
    #expect(edited("abc", .left) == "ab|c")
    #expect(edited("abc", .left, .left, .left, .left) == "|abc")
    #expect(edited("abc", .home, .right) == "a|bc")
    #expect(edited("abc", .control("a"), .control("e")) == "abc|")
    #expect(edited("one two.three", .wordLeft) == "one two.|three")
    #expect(edited("one two.three", .alt("b"), .alt("b")) == "one |two.three")
    #expect(edited("one two", .home, .alt("f")) == "one| two")
  }

  @Test func `deletes`() {
    #expect(edited("abc", .backspace) == "ab|")
    #expect(edited("abc", .home, .backspace) == "|abc")
    #expect(edited("abc", .home, .delete) == "|bc")
    #expect(edited("abc", .delete) == "abc|")
    #expect(edited("abc", .home, .control("d")) == "|bc")
    #expect(edited("one two", .left, .control("u")) == "|o")
    #expect(edited("one two", .home, .right, .control("k")) == "o|")
    #expect(edited("one two ", .control("w")) == "one |")
    #expect(edited("one two", .home, .alt("d")) == "| two")
    #expect(edited("one two", .control("w"), .home, .control("y")) == "two|one ")
  }

  @Test func `a character is one, whatever it is made of`() {
    #expect(edited("👨‍👩‍👧", .backspace) == "|")
    #expect(edited("世界", .left) == "世|界")
    #expect(edited("e\u{301}", .backspace) == "|")
    #expect(edited("🇵🇱🇵🇱", .backspace) == "🇵🇱|")
  }

  @Test func `parts of a character may come one after the other`() {
    var editor = LineEditor()
    for scalar in "e\u{301}👨‍👩".unicodeScalars { _ = editor.insert(String(scalar)) }
    #expect(editor.text == "e\u{301}👨‍👩")
    _ = editor.press(.backspace)
    #expect(editor.text == "é")
  }

  @Test func `what is pasted keeps its lines and loses what would be obeyed`() {
    var editor = LineEditor()
    _ = editor.insert("a\r\nb\rc\n\u{1B}[2Jd\u{7}\te")
    #expect(editor.text == "a\nb\nc\n[2Jd\te")
    #expect(line(editor) == "a↵b↵c↵[2Jd e|")
  }

  @Test func `no longer than a message`() {
    var editor = LineEditor()
    let fits = editor.insert(String(repeating: "x", count: LineEditor.bytesMax))
    let isMore = editor.insert("x")
    #expect(fits && !isMore)
    #expect(editor.text.utf8.count == LineEditor.bytesMax)
  }

  @Test func `what was written before`() {
    var editor = LineEditor()
    for text in ["one", "two", "two", "three"] {
      _ = editor.insert(text)
      _ = editor.take()
    }
    _ = editor.insert("dra")
    var seen: [String] = []
    for key in [Key.up, .up, .up, .up, .down, .down, .down, .down] {
      _ = editor.press(key)
      seen.append(editor.text)
    }
    // The one being written is not lost.
    #expect(seen == ["three", "two", "one", "one", "two", "three", "dra", "dra"])
  }

  @Test func `only so many lines before`() {
    var editor = LineEditor()
    for number in 0..<LineEditor.linesMax + 50 {
      _ = editor.insert("\(number)")
      _ = editor.take()
    }
    for _ in 0..<1000 { _ = editor.press(.up) }
    #expect(editor.text == "50")
  }

  @Test(arguments: [1, 2, 3, 7, 20])
  func `the cursor is always in the view`(columns: Int) {
    var editor = LineEditor()
    _ = editor.insert("long text with 世界 and 👨‍👩‍👧 in it, and more")
    for _ in 0..<60 {
      let view = editor.view(columns: columns, newline: "↵")
      #expect((0..<columns).contains(view.cursor))
      #expect(view.glyphs.reduce(0) { $0 + $1.width } <= columns)
      _ = editor.press(.left)
    }
    let view = editor.view(columns: 0, newline: "↵")
    #expect(view.glyphs.isEmpty)
  }
}
