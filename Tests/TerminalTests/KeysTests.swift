import CNcurses
import Testing

@testable import Terminal

@Suite struct KeysTests {
  private func keys(_ text: String) -> [Key] {
    var keys = CursesKeys()
    var taken: [Key] = []
    for scalar in text.unicodeScalars {
      if case .key(let key) = keys.take(scalar.value, isFunctionKey: false) { taken.append(key) }
    }
    if let last = keys.finish() { taken.append(last) }
    return taken
  }

  @Test func `plain ones`() {
    #expect(keys("aż😀") == [.text("a"), .text("ż"), .text("😀")])
    #expect(keys("\r\n\t\u{7F}\u{8}") == [.enter, .enter, .tab, .backspace, .backspace])
    #expect(keys("\u{1}\u{3}\u{17}") == [.control("a"), .control("c"), .control("w")])
  }

  @Test func `Esc before a key is Alt; alone, itself`() {
    #expect(keys("\u{1B}a\u{1B}\r\u{1B}\u{7F}b") == [.alt("a"), .alt("\n"), .control("w"), .text("b")])
    #expect(keys("\u{1B}") == [.escape])
    #expect(keys("\u{1B}\u{1B}") == [.escape])
    var alt = CursesKeys()
    _ = alt.take(0x1B, isFunctionKey: false)
    guard case .key(.altUp) = alt.take(wint_t(KEY_UP), isFunctionKey: true) else {
      Issue.record("not Alt-Up")
      return
    }
  }

  @Test func `what is pasted comes as a whole`() {
    var keys = CursesKeys()
    var taken: [Key] = []
    func function(_ code: wint_t) {
      if case .key(let key) = keys.take(code, isFunctionKey: true) { taken.append(key) }
    }
    function(0o2000)
    for scalar in "a\n\u{1B}b\t".unicodeScalars {
      if case .key(let key) = keys.take(scalar.value, isFunctionKey: false) { taken.append(key) }
    }
    function(wint_t(KEY_UP))
    #expect(taken == [])
    function(0o2001)
    #expect(taken == [.paste("a\n\u{1B}b\t")])
    // An end without a beginning is nothing.
    function(0o2001)
    #expect(taken.count == 1)
  }

  @Test func `a paste without end is bounded`() {
    var keys = CursesKeys()
    _ = keys.take(0o2000, isFunctionKey: true)
    for _ in 0..<50_000 { _ = keys.take(0x61, isFunctionKey: false) }
    guard case .key(.paste(let text)) = keys.take(0o2001, isFunctionKey: true) else {
      Issue.record("no paste")
      return
    }
    #expect(text.utf8.count == LineEditor.bytesMax + 1)
  }
}
