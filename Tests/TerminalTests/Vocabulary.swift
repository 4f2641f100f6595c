import Identity
import Meshwork
import Testing

@testable import Terminal

/// Somebody; 0 is this node.
func peer(_ number: UInt8) -> PeerID {
  guard let pair = try? KeyPair(seed: [UInt8](repeating: number, count: 32)) else {
    preconditionFailure("32 bytes make a key")
  }
  return pair.peerID
}

/// A minute and its date, in a world of hours of sixty minutes and no months.
let stamp: ChatModel.Stamp = { ms in
  func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let minutes = ms / 60_000
  return ("day \(minutes / 1440)", "\(two(minutes / 60 % 24)):\(two(minutes % 60))")
}

func message(
  _ text: String, from author: UInt8 = 1, in conversation: Conversation = .global, at minute: Int64 = 0,
  id: String? = nil, sentMs: Int64? = nil, _ state: ChatMessage.State? = nil
) -> ChatMessage {
  ChatMessage(
    id: id ?? text, conversation: conversation, from: peer(author), text: text, sentMs: sentMs,
    receivedMs: minute * 60_000, state: state ?? (author == 0 ? .queued : .received))
}

func direct(_ number: UInt8) -> Conversation { .peer(peer(number)) }

/// A person at a screen.
struct Desk {
  var model: ChatModel
  var nowMs: Int64 = 0

  /// - Parameter history: of `global`; nil: it has not come yet.
  init(columns: Int = 80, rows: Int = 24, signs: Signs = .unicode, history: [ChatMessage]? = []) {
    model = ChatModel(own: peer(0), signs: signs, stamp: stamp)
    model.resize(columns: columns, rows: rows)
    guard let history else { return }
    hear(.history(.global, history, before: nil, hasOlder: false))
    _ = actions()
  }

  mutating func press(_ keys: Key...) {
    for key in keys { model.press(key, at: nowMs) }
  }

  mutating func type(_ text: String) {
    for character in text { press(.text(String(character))) }
  }

  /// Types it and presses Enter.
  mutating func say(_ line: String) {
    type(line)
    press(.enter)
  }

  mutating func hear(_ news: News...) {
    for one in news { model.receive(one, at: nowMs) }
  }

  /// What the model wants done.
  mutating func actions() -> [Action] {
    var actions: [Action] = []
    while let action = model.nextAction() { actions.append(action) }
    return actions
  }

  /// The rows as they are seen.
  var screen: [String] { model.canvas.text }

  /// Rows of messages and notices, without the list beside them and without empty ones.
  var log: [String] {
    screen.dropFirst().dropLast(2)
      .map { row in
        guard let bar = row.firstIndex(of: "│") else { return row }
        return String(row[row.index(after: bar)...])
      }
      .filter { !$0.isEmpty }
  }

  var title: String { screen.first ?? "" }
  var status: String { screen.dropLast().last ?? "" }
  var input: String { screen.last ?? "" }
  /// Rows of the list.
  var list: [String] {
    screen.dropFirst().dropLast(2).compactMap { row in
      row.firstIndex(of: "│").map { String(row[..<$0].reversed().drop { $0 == " " }.reversed()) }
    }
    .filter { !$0.isEmpty }
  }

  /// What stands in the input line.
  var line: String { model.editor.text }

  /// The style of the first letter of a text on the screen.
  func style(of text: String) -> Style? {
    let canvas = model.canvas
    for row in 0..<canvas.rows where canvas.text(row: row).contains(text) {
      let letters = (0..<canvas.columns).map { canvas[row, $0].glyph?.text ?? "" }
      let column = letters.indices.first { letters[$0...].joined().hasPrefix(text) }
      if let column { return canvas[row, column].style }
    }
    return nil
  }
}

/// A person at a pipe.
struct Pipe {
  var model: PlainModel
  private(set) var nowMs: Int64 = 0

  init(echoes: Bool = false, history: [ChatMessage]? = []) {
    model = PlainModel(own: peer(0), echoes: echoes, stamp: stamp)
    guard let history else { return }
    _ = (lines(), actions())
    hear(.history(.global, history, before: nil, hasOlder: false))
  }

  mutating func hear(_ news: News...) {
    for one in news { model.receive(one, at: nowMs) }
  }

  mutating func lines() -> [String] {
    var lines: [String] = []
    while let line = model.nextLine() { lines.append(line) }
    return lines
  }

  mutating func actions() -> [Action] {
    var actions: [Action] = []
    while let action = model.nextAction() { actions.append(action) }
    return actions
  }
}
