import Meshwork

/// Where what is, on a screen of any size.
struct Areas: Hashable {
  /// Nil where there is no room for it.
  var title: Int?
  var body: Range<Int>
  var status: Int?
  var input: Int
  /// Of the list at the left, its line included; 0: there is none.
  var listColumns: Int
  /// Of messages.
  var bodyColumns: Int

  init(columns: Int, rows: Int) {
    input = rows - 1
    title = rows >= 3 ? 0 : nil
    status = rows >= 5 ? rows - 2 : nil
    body = (title == nil ? 0 : 1)..<max(title == nil ? 0 : 1, status ?? input)
    listColumns = columns >= 72 ? 18 : 0
    bodyColumns = max(1, columns - listColumns)
  }
}

extension ChatModel {
  var areas: Areas { Areas(columns: columns, rows: rows) }

  /// The screen as it should look now.
  package var canvas: Canvas {
    var canvas = Canvas(columns: columns, rows: rows)
    drawTitle(&canvas)
    if areas.listColumns > 0 { drawList(&canvas) }
    drawTimeline(&canvas)
    drawStatus(&canvas)
    drawInput(&canvas)
    return canvas
  }

  // MARK: Bars

  private func drawTitle(_ canvas: inout Canvas) {
    guard let row = areas.title else { return }
    canvas.fill(row: row, style: .bar)
    let end = canvas.put(" \(title)", row: row, column: 0, style: .bar)
    let count = "\(roster.online.count) online "
    if end + 2 + count.count <= columns {
      canvas.put(count, row: row, column: columns - count.count, style: .bar)
    }
  }

  private var title: String {
    switch current {
    case .global: "#global  public and unencrypted: anybody can read and write here"
    case .room: "\(wording.name(current))  a public room, unencrypted: anybody can read and write here"
    case .peer(let id):
      "\(roster.name(id))  between the two of you; \(roster[id]?.presence ?? "not seen yet")"
    }
  }

  private func drawStatus(_ canvas: inout Canvas) {
    guard let row = areas.status else { return }
    canvas.fill(row: row, style: .bar)
    let paths = "\(roster.count(.direct)) direct, \(roster.count(.relayed)) relayed"
    var column = canvas.put(" you are \(own.shortID) \(signs.dot) \(paths)", row: row, column: 0, style: .bar)
    if timeline.scroll > 0 {
      column = canvas.put(
        " \(signs.dot) \(timeline.scroll) rows below, PgDn", row: row, column: column, style: .bar)
    }
    for conversation in conversations where conversation != current {
      guard let unread = timelines[conversation]?.unread, unread > 0 else { continue }
      column = canvas.put(" \(signs.dot) ", row: row, column: column, style: .bar)
      column = canvas.put(
        "\(wording.name(conversation)) \(unread)", row: row, column: column, style: .unread)
    }
  }

  // MARK: The list

  private struct Item {
    var text: String
    var style: Style
    var count = 0
    var isCurrent = false
  }

  private func drawList(_ canvas: inout Canvas) {
    let width = areas.listColumns - 1
    for row in areas.body { canvas.put(signs.bar, row: row, column: width, style: .quiet) }
    let items = self.items
    // The current one is always on the screen.
    let selected = items.firstIndex(where: \.isCurrent) ?? 0
    let first = max(0, min(selected - areas.body.count / 2, items.count - areas.body.count))
    for (item, row) in zip(items[first...], areas.body) {
      let style = item.isCurrent ? .selected : item.style
      if item.isCurrent { canvas.fill(row: row, style: .selected, limit: width) }
      let count = item.count > 0 ? " \(item.count > 999 ? "999+" : "\(item.count)")" : ""
      canvas.put(item.text, row: row, column: 0, style: style, limit: width - count.count)
      canvas.put(count, row: row, column: width - count.count, style: .unread, limit: width)
    }
  }

  private var items: [Item] {
    var items: [Item] = []
    for conversation in conversations {
      let unread = timelines[conversation]?.unread ?? 0
      let isCurrent = conversation == current
      switch conversation {
      case .room:
        items.append(
          Item(text: " \(wording.name(conversation))", style: .text, count: unread, isCurrent: isCurrent))
      case .peer(let id):
        let peer = roster[id]
        let mark = peer?.isOnline == true ? peer?.mark ?? " " : " "
        items.append(
          Item(text: " \(mark) \(id.shortID)", style: id.style, count: unread, isCurrent: isCurrent))
      }
    }
    let others = roster.online.filter { timelines[.peer($0.id)] == nil }
    if !others.isEmpty { items.append(Item(text: " online", style: .quiet)) }
    return items + others.map { Item(text: " \($0.mark) \($0.name)", style: $0.style) }
  }

  // MARK: Messages

  private func drawTimeline(_ canvas: inout Canvas) {
    let (height, scroll) = (areas.body.count, timeline.scroll)
    guard height > 0 else { return }
    let rows = timeline.lastRows(scroll + height, columns: areas.bodyColumns, wording: wording).rows
    // The last row stands at the bottom, right above what one writes.
    for (offset, content) in rows.dropFirst(scroll).prefix(height).enumerated() {
      var column = areas.listColumns + content.indent
      for piece in content.pieces {
        column = canvas.put(
          piece.glyph, row: areas.body.upperBound - 1 - offset, column: column, style: piece.style)
      }
    }
  }

  // MARK: Input

  private func drawInput(_ canvas: inout Canvas) {
    let prompt = columns >= 40 ? "\(wording.name(current))> " : columns >= 10 ? "> " : ""
    let start = canvas.put(prompt, row: areas.input, column: 0, style: .quiet, limit: columns / 2)
    let (glyphs, cursor) = editor.view(columns: columns - start, newline: signs.newline)
    var column = start
    for glyph in glyphs { column = canvas.put(glyph, row: areas.input, column: column) }
    canvas.cursor = Canvas.Place(row: areas.input, column: min(columns - 1, start + cursor))
  }
}
