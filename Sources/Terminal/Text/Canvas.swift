/// A screen's worth of styled letters. What does not fit is cut off; nothing is ever out of range.
package struct Canvas: Hashable, Sendable {
  package struct Cell: Hashable, Sendable {
    /// Nil right of a letter that takes two columns.
    package var glyph: Glyph?
    package var style: Style
  }

  package struct Place: Hashable, Sendable {
    package var row: Int
    package var column: Int
  }

  package let columns: Int
  package let rows: Int
  private var cells: [Cell]
  /// Where one writes.
  package var cursor: Place?

  package init(columns: Int, rows: Int) {
    self.columns = max(0, columns)
    self.rows = max(0, rows)
    cells = Array(repeating: Cell(glyph: .space, style: .text), count: self.columns * self.rows)
  }

  package subscript(row: Int, column: Int) -> Cell {
    precondition(
      0..<rows ~= row && 0..<columns ~= column, "row \(row), column \(column) of \(rows) × \(columns)")
    return cells[row * columns + column]
  }

  /// Writes from `column` on, up to but not including the column `limit`; returns the column after it.
  @discardableResult
  package mutating func put(
    _ text: String, row: Int, column: Int, style: Style = .text, limit: Int? = nil
  ) -> Int {
    var column = column
    for character in text {
      for glyph in Glyph.glyphs(of: character) {
        column = put(glyph, row: row, column: column, style: style, limit: limit)
      }
    }
    return column
  }

  /// Writes one letter, if all of it is inside.
  @discardableResult
  package mutating func put(
    _ glyph: Glyph, row: Int, column: Int, style: Style = .text, limit: Int? = nil
  ) -> Int {
    let end = column + glyph.width
    guard 0..<rows ~= row, column >= 0, end <= min(columns, limit ?? columns) else { return end }
    let first = row * columns + column
    cells[first] = Cell(glyph: glyph, style: style)
    if glyph.width == 2 { cells[first + 1] = Cell(glyph: nil, style: style) }
    return end
  }

  /// A stripe of blanks.
  package mutating func fill(row: Int, style: Style, from column: Int = 0, limit: Int? = nil) {
    guard 0..<rows ~= row else { return }
    for column in max(0, column)..<max(0, column, min(columns, limit ?? columns)) {
      put(.space, row: row, column: column, style: style)
    }
  }

  /// A row's letters, without the blanks at its end.
  package func text(row: Int) -> String {
    guard 0..<rows ~= row else { return "" }
    let letters = cells[row * columns..<(row + 1) * columns].map { $0.glyph?.text ?? "" }
    return String(letters.joined().reversed().drop { $0 == " " }.reversed())
  }

  /// All rows.
  package var text: [String] { (0..<rows).map { text(row: $0) } }
}
