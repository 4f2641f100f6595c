import Meshwork

/// What lines ask for.
extension ChatModel {
  mutating func run(_ command: Command) {
    switch command {
    case .say(let text): send(text, to: current)
    case .help: for line in Command.summary + Self.keys { note(line) }
    case .message(let target, let text): write(to: target, text)
    case .join(let room): perform(.join(room))
    case .leave(let room): leave(room)
    case .rooms: note("rooms: \(roomNames.joined(separator: " "))")
    case .names: perform(.names)
    case .search(let words): perform(.search(words))
    case .connect(let address):
      note("connecting to \(SafeText.line(address, bytesMax: 200)) \(signs.ellipsis)")
      perform(.connect(address))
    case .refresh: perform(.refresh)
    case .status: perform(.status)
    case .quit: perform(.quit)
    case .mistake(let text): note(text, .warning)
    }
  }

  private mutating func write(to target: String, _ text: String?) {
    do throws(Mistake) {
      let conversation = try roster.conversation(target, others: strangers)
      if case .room = conversation, timelines[conversation] == nil {
        throw Mistake("this node is not in \(SafeText.line(target, bytesMax: 64)); /join it first")
      }
      show(conversation)
      if let text { send(text, to: conversation) }
    } catch {
      note(error.text, .warning)
    }
  }

  private mutating func leave(_ name: String?) {
    guard let name else {
      switch current {
      case .global: note("everybody is in #global", .warning)
      case .room(let room): perform(.leave(room))
      case .peer: close(current)
      }
      return
    }
    let room = name.hasPrefix("#") ? String(name.dropFirst()) : name
    if room == "global" { return note("everybody is in #global", .warning) }
    perform(.leave(room))
  }

  private var roomNames: [String] {
    conversations.compactMap { if case .room = $0 { wording.name($0) } else { nil } }
  }

  private static let keys = [
    "PgUp, PgDn  read back; Ctrl-N, Ctrl-P, Alt-Up, Alt-Down, Alt-1 … Alt-9  change conversation",
    "Alt-A  next conversation with something new; Tab  complete; Up, Down  what you wrote before",
    "Ctrl-A, E, U, K, W, Y, Alt-B, F, D  edit; Alt-Enter  new line; Ctrl-L  redraw; Ctrl-C, Ctrl-D  leave",
    "Lines beginning with / are commands; with // they are said, with one slash",
  ]
}
