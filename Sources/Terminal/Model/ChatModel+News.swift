import Meshwork

/// What the node tells.
extension ChatModel {
  package mutating func receive(_ news: News, at nowMs: Int64) {
    self.nowMs = nowMs
    switch news {
    case .messageReceived(let message): receive(message: message)
    case .messageState(let id, let state): message(id, cameTo: state)
    case .messagesMissing(let room, let author, let count):
      let text =
        count == 1
        ? "a message of \(roster.name(author)) is" : "\(count) messages of \(roster.name(author)) are"
      note(.text("\(text) missing here"), in: .room(room))
    case .peerOnline(let id): notePresence(of: id, .arrivals([id]))
    case .peerOffline(let id, let reason, let seconds):
      notePresence(of: id, .departures([id], reason, silentSeconds: seconds))
    case .missed(let count):
      note("\(count) events went by unseen", .warning)
      loadNewest()
    case .warning(let text): note(SafeText.line(text, bytesMax: 1000), .warning)
    case .peers(let peers): roster.replace(peers)
    case .rooms(let names): for name in names { open(.room(name)) }
    case .conversations(let infos): for info in infos { receive(info) }
    case .history(let conversation, let page, let before, let hasOlder):
      receive(page, of: conversation, before: before, hasOlder: hasOlder)
    case .found(let messages, let words): receive(found: messages, words: words)
    case .sent(let message): sent(message)
    case .notSent(let text, let conversation, let reason): notSent(text, to: conversation, reason: reason)
    case .joined(let room): show(.room(room))
    case .left(let room):
      close(.room(room))
      note("left #\(SafeText.line(room, bytesMax: 64))")
    case .names: for line in roster.lines(nowMs: nowMs) { note(line) }
    case .notice(let text): note(text)
    case .failure(let text): note(SafeText.line(text, bytesMax: 1000), .warning)
    case .leaving: perform(.quit)
    }
  }

  /// Where everybody is, and where one talks with them.
  private mutating func notePresence(of id: PeerID, _ content: Timeline.Notice.Content) {
    note(content, in: .global)
    note(content, in: .peer(id))
  }

  private mutating func receive(_ info: ConversationInfo) {
    // Rooms that were left are history.
    if case .room = info.conversation, timelines[info.conversation] == nil { return }
    guard open(info.conversation) else { return }
    timelines[info.conversation]?.unread = info.unread
    timelines[info.conversation]?.countedUpToMs = info.lastMessage?.receivedMs ?? .min
    if info.conversation == current { readAll() }
  }

  private mutating func receive(
    _ page: [ChatMessage], of conversation: Conversation, before: ChatMessage?, hasOlder: Bool
  ) {
    guard timelines[conversation] != nil else { return }
    timelines[conversation]?.merge(page, hasOlder: hasOlder, isNewest: before == nil)
    if conversation == current { readAll() }
  }

  private mutating func receive(found messages: [ChatMessage], words: String) {
    let shown = SafeText.line(words, bytesMax: 100)
    if messages.isEmpty { return note("nothing has \(shown)") }
    for message in messages.reversed() { note(.found(message), in: current) }
    note(messages.count == 1 ? "one message has \(shown)" : "\(messages.count) messages have \(shown)")
  }
}
