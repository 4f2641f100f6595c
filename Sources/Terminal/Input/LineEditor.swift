/// The line one writes, with what was written before.
package struct LineEditor: Sendable {
  /// As long as a message may be.
  package static let bytesMax = 16 * 1024
  /// Lines that Up reaches.
  package static let linesMax = 200

  private(set) var characters: [Character] = []
  /// Characters before it.
  private(set) var cursor = 0
  private var killed: [Character] = []

  private var lines: [String] = []
  /// Which of `lines` is shown; their count when it is the one being written.
  private var shown = 0
  private var draft: [Character] = []

  package init() {}

  package var text: String { String(characters) }
  package var isEmpty: Bool { characters.isEmpty }
  /// What stands before the cursor.
  var head: String { String(characters[..<cursor]) }

  // MARK: Writing

  /// Adds text at the cursor. False, and nothing is added, when the line would be too long.
  package mutating func insert(_ text: String) -> Bool {
    let clean = Self.clean(text)
    guard characters.reduce(clean.utf8.count, { $0 + $1.utf8.count }) <= Self.bytesMax else { return false }
    // An accent, or the second half of a flag, makes one character with what stands before it.
    let joint = cursor > 0 ? cursor - 1 : 0
    let joined = Array(String(characters[joint..<cursor]) + clean)
    characters.replaceSubrange(joint..<cursor, with: joined)
    cursor = joint + joined.count
    return true
  }

  /// Takes `count` characters before the cursor away and adds others.
  mutating func replace(last count: Int, with text: String) -> Bool {
    let start = max(0, cursor - count)
    let taken = characters[start..<cursor]
    characters.removeSubrange(start..<cursor)
    cursor = start
    if insert(text) { return true }
    characters.insert(contentsOf: taken, at: start)
    cursor = start + taken.count
    return false
  }

  /// The line is done: gives it, and keeps it for later.
  package mutating func take() -> String {
    let line = text
    if !line.isEmpty, line != lines.last {
      lines.append(line)
      if lines.count > Self.linesMax { lines.removeFirst() }
    }
    clear()
    return line
  }

  mutating func clear() {
    characters = []
    cursor = 0
    shown = lines.count
    draft = []
  }

  /// Lines and tabs stay, anything else that would be obeyed goes.
  private static func clean(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    var last: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n" where last == "\r": break
      case "\r": scalars.append("\n")
      case "\n", "\t": scalars.append(scalar)
      default: if scalar.columns != nil { scalars.append(scalar) }
      }
      last = scalar
    }
    return String(scalars)
  }

  // MARK: Keys

  /// False for a key that means nothing here.
  package mutating func press(_ key: Key) -> Bool {
    switch key {
    case .left, .control("b"): cursor = max(0, cursor - 1)
    case .right, .control("f"): cursor = min(characters.count, cursor + 1)
    case .home, .control("a"): cursor = 0
    case .end, .control("e"): cursor = characters.count
    case .wordLeft, .alt("b"): cursor = wordStart
    case .wordRight, .alt("f"): cursor = wordEnd
    case .backspace, .control("h"): remove(max(0, cursor - 1)..<cursor)
    case .delete, .control("d"): remove(cursor..<min(characters.count, cursor + 1))
    case .control("u"): kill(0..<cursor)
    case .control("k"): kill(cursor..<characters.count)
    case .control("w"): kill(blankStart..<cursor)
    case .alt("d"): kill(cursor..<wordEnd)
    case .control("y"): return insert(String(killed))
    case .up: recall(shown - 1)
    case .down: recall(shown + 1)
    default: return false
    }
    return true
  }

  private mutating func remove(_ range: Range<Int>) {
    characters.removeSubrange(range)
    cursor = range.lowerBound
  }

  private mutating func kill(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    killed = Array(characters[range])
    remove(range)
  }

  private mutating func recall(_ index: Int) {
    guard 0...lines.count ~= index, index != shown else { return }
    if shown == lines.count { draft = characters }
    characters = index == lines.count ? draft : Array(lines[index])
    cursor = characters.count
    shown = index
  }

  private var wordStart: Int {
    var index = cursor
    while index > 0, !characters[index - 1].isPartOfWord { index -= 1 }
    while index > 0, characters[index - 1].isPartOfWord { index -= 1 }
    return index
  }

  private var wordEnd: Int {
    var index = cursor
    while index < characters.count, !characters[index].isPartOfWord { index += 1 }
    while index < characters.count, characters[index].isPartOfWord { index += 1 }
    return index
  }

  private var blankStart: Int {
    var index = cursor
    while index > 0, characters[index - 1].isWhitespace { index -= 1 }
    while index > 0, !characters[index - 1].isWhitespace { index -= 1 }
    return index
  }

  // MARK: Showing

  /// The part of the line around the cursor, and the cursor's column in it.
  package func view(columns: Int, newline: String) -> (glyphs: [Glyph], cursor: Int) {
    guard columns > 0 else { return ([], 0) }
    let shown = characters.map { Self.glyphs(of: $0, newline: newline) }
    let widths = shown.map { $0.reduce(0) { $0 + $1.width } }
    var before = widths[..<cursor].reduce(0, +)
    var first = 0
    // The cursor stands two thirds to the right in a line that does not fit.
    if before >= columns {
      while first < cursor, before > columns * 2 / 3 {
        before -= widths[first]
        first += 1
      }
    }
    var glyphs: [Glyph] = []
    var room = columns
    for (character, width) in zip(shown[first...], widths[first...]) {
      guard width <= room else { break }
      glyphs += character
      room -= width
    }
    return (glyphs, min(before, columns - 1))
  }

  private static func glyphs(of character: Character, newline: String) -> [Glyph] {
    if character.isNewline { return [Glyph(text: newline, width: 1)] }
    return character == "\t" ? [.space] : Glyph.glyphs(of: character)
  }
}

extension Character {
  fileprivate var isPartOfWord: Bool { isLetter || isNumber }
}
