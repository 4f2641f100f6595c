/// Text of one style.
package struct Span: Hashable, Sendable {
  package var text: String
  package var style: Style

  package init(_ text: String, _ style: Style = .text) {
    self.text = text
    self.style = style
  }
}

/// A row of letters, laid out.
package struct Row: Hashable, Sendable {
  package struct Piece: Hashable, Sendable {
    var glyph: Glyph
    var style: Style
  }

  package var indent = 0
  package var pieces: [Piece] = []
  package var width: Int { pieces.reduce(indent) { $0 + $1.glyph.width } }

  init(indent: Int = 0, pieces: [Piece] = []) {
    self.indent = indent
    self.pieces = pieces
  }

  /// A title in a line across.
  static func rule(_ title: String, columns: Int, style: Style, sign: Character) -> Row {
    let side = max(2, (columns - Glyph.width(of: title) - 2) / 2)
    let line = String(repeating: sign, count: min(side, max(0, columns)))
    let rest = max(0, columns - side - Glyph.width(of: title) - 2)
    let text = "\(line) \(title) \(String(repeating: sign, count: rest))"
    return Row(
      pieces: text.flatMap { Glyph.glyphs(of: $0) }.map { Piece(glyph: $0, style: style) })
  }
}

/// Breaks text into rows, between words where it can.
package enum Wrapping {
  /// Rows that one text may take. A message can be 16,000 lines, and would be all that can be seen.
  package static let rowsMax = 200

  /// - Parameter indent: of all rows but the first.
  package static func rows(_ spans: [Span], columns: Int, indent: Int = 0) -> [Row] {
    var wrapper = Wrapper(columns: columns, indent: columns - indent < 8 ? 0 : indent)
    for span in spans {
      for character in span.text {
        wrapper.take(character, span.style)
        if wrapper.rows.count >= rowsMax {
          return wrapper.rows + [
            Row(pieces: "[…]".map { .init(glyph: .init(text: String($0), width: 1), style: .warning) })
          ]
        }
      }
    }
    return wrapper.finish()
  }

  private struct Wrapper {
    let columns: Int
    let indent: Int
    var rows: [Row] = []
    private var row = Row()
    private var width = 0
    /// Pieces of the row up to and with its last blank.
    private var breakable = 0

    init(columns: Int, indent: Int) {
      self.columns = columns
      self.indent = indent
    }

    mutating func take(_ character: Character, _ style: Style) {
      if character.isNewline { return endRow() }
      for glyph in Glyph.glyphs(of: character) {
        if width + glyph.width > columns, !row.pieces.isEmpty {
          // The blank that does not fit any more is the break.
          if character == " " { return endRow() }
          endRowAtWord()
        }
        row.pieces.append(.init(glyph: glyph, style: style))
        width += glyph.width
      }
      if character == " " { breakable = row.pieces.count }
    }

    mutating func finish() -> [Row] {
      if !row.pieces.isEmpty || rows.isEmpty { rows.append(row) }
      return rows
    }

    private mutating func endRow(keeping rest: ArraySlice<Row.Piece> = []) {
      rows.append(row)
      row = Row(indent: indent, pieces: Array(rest))
      width = row.width
      breakable = 0
    }

    private mutating func endRowAtWord() {
      guard breakable > 0, breakable < row.pieces.count else { return endRow() }
      let word = row.pieces[breakable...]
      row.pieces.removeSubrange(breakable...)
      endRow(keeping: word)
    }
  }
}
