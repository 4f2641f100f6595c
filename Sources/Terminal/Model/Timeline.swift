import Meshwork

/// What happened in one conversation, as far as it is here.
struct Timeline: Sendable {
  enum Entry: Hashable, Sendable {
    case message(ChatMessage)
    case notice(Notice)
  }

  struct Notice: Hashable, Sendable {
    enum Content: Hashable, Sendable {
      case text(String)
      /// A found message, which may belong elsewhere.
      case found(ChatMessage)
      case arrivals([PeerID])
      case departures([PeerID], Event.OfflineReason, silentSeconds: Int)
    }

    var content: Content
    let style: Style
    let atMs: Int64
  }

  /// Names a message: identifiers are an author's own.
  private struct Name: Hashable {
    let author: PeerID
    let id: String

    init(_ message: ChatMessage) { (author, id) = (message.from, message.id) }
  }

  /// Entries that stay. All of them the longest messages, they are 16 MiB.
  static let entriesMax = 1000
  /// Entries that may be here while somebody reads back.
  static let scrollbackMax = 5000

  private(set) var entries: [Entry] = []
  private var known: Set<Name> = []

  /// Whether there may be messages before the first one.
  private(set) var hasOlder = true
  /// Whether a page has come since the start.
  private(set) var isLoaded = false
  /// Whether a page is on its way.
  var isLoading = false

  /// Others' messages that nobody has seen.
  var unread = 0
  /// Others' messages below the line that says what is new; 0: there is no line.
  var marker = 0
  /// Rows between the last one there is and the last one that is shown.
  var scroll = 0
  /// Messages that came until then are counted in what the store says is unread.
  var countedUpToMs = Int64.min

  var oldestMessage: ChatMessage? {
    for case .message(let message) in entries { return message }
    return nil
  }

  var newestMessage: ChatMessage? {
    for case .message(let message) in entries.reversed() { return message }
    return nil
  }

  /// Whether more can be read back.
  var canLoad: Bool { hasOlder && !isLoading && entries.count < Self.scrollbackMax }

  // MARK: Changes

  /// Puts a message where it belongs in time. False when it is there already.
  mutating func insert(_ message: ChatMessage) -> Bool {
    guard known.insert(Name(message)).inserted else { return false }
    // Nearly always at the end.
    let index = entries.lastIndex { $0.atMs <= message.receivedMs }.map { $0 + 1 } ?? 0
    entries.insert(.message(message), at: index)
    trim()
    return true
  }

  /// A page of history, whose messages may partly be here.
  mutating func merge(_ page: [ChatMessage], hasOlder older: Bool, isNewest: Bool) {
    let oldest = oldestMessage?.receivedMs ?? .max
    // A page of the newest says nothing of what is before those that are here.
    if !isNewest || !isLoaded || page.first.map({ $0.receivedMs <= oldest }) ?? true { hasOlder = older }
    isLoaded = true
    isLoading = false
    for message in page where known.insert(Name(message)).inserted {
      // Equal times keep the page's order.
      let index = entries.firstIndex { $0.atMs > message.receivedMs } ?? entries.count
      entries.insert(.message(message), at: index)
    }
  }

  /// A message of this node's came further. False when it is not here.
  mutating func update(_ id: String, by own: PeerID, to state: ChatMessage.State) -> Bool {
    let index = entries.lastIndex {
      if case .message(let message) = $0 { message.id == id && message.from == own } else { false }
    }
    guard let index, case .message(let old) = entries[index] else { return false }
    // What the peer has said stays said.
    if old.state == .delivered { return true }
    entries[index] = .message(
      ChatMessage(
        id: old.id, conversation: old.conversation, from: old.from, text: old.text, sentMs: old.sentMs,
        receivedMs: old.receivedMs, state: state))
    return true
  }

  mutating func note(_ content: Notice.Content, style: Style = .quiet, at nowMs: Int64) {
    if case .notice(var last)? = entries.last, last.join(content) {
      entries[entries.count - 1] = .notice(last)
      return
    }
    entries.append(
      .notice(Notice(content: content, style: style, atMs: max(nowMs, entries.last?.atMs ?? nowMs))))
    trim()
  }

  /// Lets the oldest go, unless somebody is reading back.
  mutating func trim() {
    let limit = scroll == 0 ? Self.entriesMax : Self.scrollbackMax
    // In steps, because each moves all that stays.
    guard entries.count > limit + limit / 10 else { return }
    for case .message(let message) in entries.prefix(entries.count - limit) {
      known.remove(Name(message))
      hasOlder = true
    }
    entries.removeFirst(entries.count - limit)
  }
}

extension Timeline.Entry {
  /// Where it stands in time.
  var atMs: Int64 {
    switch self {
    case .message(let message): message.receivedMs
    case .notice(let notice): notice.atMs
    }
  }
}

extension Timeline.Notice {
  /// Comings and goings in a row are one line.
  fileprivate mutating func join(_ other: Content) -> Bool {
    switch (content, other) {
    case (.arrivals(let here), .arrivals(let more)):
      content = .arrivals(here + more.filter { !here.contains($0) })
    case (.departures(let gone, let reason, let silence), .departures(let more, let other, let silent))
    where reason == other:
      content = .departures(
        gone + more.filter { !gone.contains($0) }, reason, silentSeconds: max(silence, silent))
    default: return false
    }
    return true
  }
}
