package import Meshwork

/// A chat without a screen: lines in, lines out. What somebody wrote is `[09:05] abcdef12: text`, all else
/// starts with `--`.
///
/// Drive it so: ``read(_:)``, ``receive(_:)`` and ``endOfInput()`` in any order; afterwards drain
/// ``nextAction()`` and ``nextLine()``.
package struct PlainModel: Sendable {
  /// Messages of history at the start.
  package static let historyCount = 20

  private let own: PeerID
  /// Whether the person sees on the same terminal what they write.
  private let echoes: Bool
  private let stamp: ChatModel.Stamp
  private var roster: Roster
  private var rooms: [String] = []
  private var unread = 0
  /// Whether the history has been shown. Lines are to be read only then, so that nothing is shown twice.
  package private(set) var isLoaded = false
  /// Messages that came before the history did, or with it: told once.
  private var early: [ChatMessage] = []

  private var hasEnded = false
  private var sending = 0
  /// Messages that nobody has been given yet.
  private var queued: [String: Conversation] = [:]
  /// Messages that went out before it was told that they are there.
  private var gone: Set<String> = []

  private var lines: [String] = []
  private var actions: [Action] = []
  private var nowMs: Int64 = 0

  package init(own: PeerID, echoes: Bool, stamp: @escaping ChatModel.Stamp) {
    self.own = own
    self.echoes = echoes
    self.stamp = stamp
    roster = Roster(own: own)
    note("you are \(own.shortID) (\(own)); /help lists the commands")
    note("#global is public and unencrypted: anybody can read and write there")
    actions.append(.loadHistory(.global, before: nil))
  }

  // MARK: Outputs

  package mutating func nextAction() -> Action? { actions.isEmpty ? nil : actions.removeFirst() }
  package mutating func nextLine() -> String? { lines.isEmpty ? nil : lines.removeFirst() }

  /// Whether the input has ended and nothing that was written still waits for somebody.
  package var isDone: Bool { hasEnded && isLoaded && sending == 0 && queued.isEmpty }

  /// What to say when it is not waited for any longer.
  package var farewell: String? {
    let count = queued.count + sending
    return count == 0
      ? nil
      : "-- nobody was there to take \(count == 1 ? "one message" : "\(count) messages") yet; "
        + "\(count == 1 ? "it goes" : "they go") out when the node runs again"
  }

  // MARK: Inputs

  package mutating func endOfInput() { hasEnded = true }

  package mutating func read(_ line: String) {
    guard line.contains(where: { !$0.isWhitespace }) else { return }
    switch Command(line: line) {
    case .say(let text): send(text, to: .global)
    case .help: for line in Command.summary { note(line) }
    case .message(let target, let text): write(to: target, text)
    case .join(let room): actions.append(.join(room))
    case .leave(let room?): actions.append(.leave(room.hasPrefix("#") ? String(room.dropFirst()) : room))
    case .leave(nil): note("/leave needs a room here: /leave ROOM")
    case .rooms: note("rooms: \(rooms.map { "#\(SafeText.line($0, bytesMax: 64))" }.joined(separator: " "))")
    case .names: actions.append(.names)
    case .search(let words): actions.append(.search(words))
    case .connect(let address): actions.append(.connect(address))
    case .refresh: actions.append(.refresh)
    case .status: actions.append(.status)
    case .quit: actions.append(.quit)
    case .mistake(let text): note(text)
    }
  }

  private mutating func write(to target: String, _ text: String?) {
    guard let text else { return note("/msg needs a text here: /msg PEER text") }
    do throws(Mistake) {
      send(text, to: try roster.conversation(target))
    } catch {
      note(error.text)
    }
  }

  private mutating func send(_ text: String, to conversation: Conversation) {
    sending += 1
    actions.append(.send(text, to: conversation))
  }

  package mutating func receive(_ news: News, at nowMs: Int64) {
    self.nowMs = nowMs
    switch news {
    case .messageReceived(let message): receive(message)
    case .messageState(let id, let state): message(id, cameTo: state)
    case .messagesMissing(let room, let author, let count):
      note("missing in #\(SafeText.line(room, bytesMax: 64)): \(count) of \(roster.name(author))'s messages")
    case .peerOnline(let id):
      let path = roster[id]?.path.map { " (\($0.rawValue))" } ?? ""
      note("\(roster.name(id)) is online\(path)")
    case .peerOffline(let id, let reason, let seconds):
      note("\(roster.name(id)) is offline: \(Wording.departure(reason, seconds))")
    case .missed(let count): note("\(count) events went by unseen; the history has all messages")
    case .warning(let text): note(SafeText.line(text, bytesMax: 1000))
    case .peers(let peers): roster.replace(peers)
    case .rooms(let names): rooms = names
    case .conversations(let infos): receive(infos)
    case .history(_, let page, _, _): receive(history: page)
    case .found(let messages, let words): receive(found: messages, words)
    case .sent(let message): sent(message)
    case .notSent(_, _, let reason):
      sending = max(0, sending - 1)
      note("not sent: \(SafeText.line(reason))")
    case .joined(let room):
      if !rooms.contains(room) { rooms.append(room) }
      note("joined #\(SafeText.line(room, bytesMax: 64)); write there with /msg #\(SafeText.line(room)) text")
    case .left(let room):
      rooms.removeAll { $0 == room }
      note("left #\(SafeText.line(room, bytesMax: 64))")
    case .names: for line in roster.lines(nowMs: nowMs) { note(line) }
    case .notice(let text), .failure(let text): note(text)
    case .leaving: actions.append(.quit)
    }
  }

  // MARK: Messages

  private mutating func receive(_ message: ChatMessage) {
    guard isLoaded else { return early.append(message) }
    tell(message)
    actions.append(.markRead(message))
  }

  /// What is unread below a line, then what came meanwhile.
  private mutating func receive(history page: [ChatMessage]) {
    let page = page.suffix(max(Self.historyCount, unread))
    var othersLeft = page.count { $0.from != own }
    for message in page {
      if message.from != own {
        if othersLeft == unread, unread > 0 { note("new") }
        othersLeft -= 1
      }
      tell(message)
    }
    if let last = page.last { actions.append(.markRead(last)) }
    isLoaded = true
    for message in early where !page.contains(where: { $0.id == message.id && $0.from == message.from }) {
      receive(message)
    }
    early = []
  }

  private mutating func receive(_ infos: [ConversationInfo]) {
    for info in infos where info.unread > 0 {
      switch info.conversation {
      case .global: unread = info.unread
      case .room(let name): note("#\(SafeText.line(name, bytesMax: 64)) has \(info.unread) unread")
      case .peer(let id): note("\(info.unread) unread from \(roster.name(id)): meshnode history \(id)")
      }
    }
  }

  private mutating func receive(found messages: [ChatMessage], _ words: String) {
    for message in messages.reversed() {
      note("\(stamp(message.receivedMs).date) \(line(of: message))")
    }
    note("\(messages.count) found for \(SafeText.line(words, bytesMax: 100))")
  }

  private mutating func sent(_ message: ChatMessage) {
    sending = max(0, sending - 1)
    if !gone.contains(message.id), message.state == .queued { queued[message.id] = message.conversation }
    if sending == 0 { gone = [] }
    if !echoes { tell(message) }
  }

  private mutating func message(_ id: String, cameTo state: ChatMessage.State) {
    let conversation = queued[id]
    if state != .queued {
      queued[id] = nil
      if conversation == nil, sending > 0 { gone.insert(id) }
    }
    switch state {
    case .failed(let reason): note("not sent: \(SafeText.line(reason, bytesMax: 200))")
    case .delivered: note("delivered")
    case .received, .queued, .sent: break
    }
  }

  // MARK: Lines

  private mutating func tell(_ message: ChatMessage) { lines.append(line(of: message)) }

  private func line(of message: ChatMessage) -> String {
    let place =
      switch message.conversation {
      case .global: ""
      case .room(let name): "#\(SafeText.line(name, bytesMax: 64)) "
      case .peer: ""
      }
    let direction =
      switch message.conversation {
      case .room: ""
      case .peer(let id): " to \(message.from == own ? id.shortID : "you")"
      }
    let state: String =
      switch message.state {
      case .failed: " (not sent)"
      case .queued, .sent, .delivered, .received: ""
      }
    return "[\(stamp(message.receivedMs).minute)] \(place)\(message.from.shortID)\(direction): "
      + SafeText.line(message.text) + state
  }

  private mutating func note(_ text: String) { lines.append("-- \(SafeText.line(text))") }
}
