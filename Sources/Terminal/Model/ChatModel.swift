package import Meshwork

/// A chat on a whole screen: what a person sees and what their keys do.
///
/// Drive it so: ``press(_:at:)``, ``receive(_:at:)`` and ``resize(columns:rows:)`` in any order; afterwards
/// drain ``nextAction()``, then show ``canvas``. Times are milliseconds since the Unix epoch.
package struct ChatModel: Sendable {
  /// A time as people here write it: `2026-11-23` and `09:05`.
  package typealias Stamp = @Sendable (Int64) -> (date: String, minute: String)

  /// Conversations on the list. When a stranger's message is one too many, the quietest one without anything
  /// unread leaves the list; it is kept in the history all the same.
  static let conversationsMax = 200
  /// States of messages that this node sends just now, and whose text is not here yet.
  private static let earlyStatesMax = 64

  let own: PeerID
  let signs: Signs
  let stamp: Stamp

  var roster: Roster
  /// In the order of the list: rooms, then peers.
  private(set) var conversations: [Conversation] = [.global]
  var timelines: [Conversation: Timeline] = [.global: Timeline()]
  private(set) var current = Conversation.global
  var editor = LineEditor()
  private var completion: Completion?

  private(set) var columns = 80
  private(set) var rows = 24
  var nowMs: Int64 = 0

  private var actions: [Action] = []
  private var sending = 0
  private var earlyStates: [(id: String, state: ChatMessage.State)] = []

  package init(own: PeerID, signs: Signs = .unicode, stamp: @escaping Stamp) {
    self.own = own
    self.signs = signs
    self.stamp = stamp
    roster = Roster(own: own)
    perform(.loadHistory(.global, before: nil))
    timelines[.global]?.isLoading = true
  }

  var wording: Wording { Wording(own: own, roster: roster, signs: signs, stamp: stamp) }
  var timeline: Timeline { timelines[current] ?? Timeline() }

  // MARK: Output

  /// What is to be done next.
  package mutating func nextAction() -> Action? {
    actions.isEmpty ? nil : actions.removeFirst()
  }

  mutating func perform(_ action: Action) { actions.append(action) }

  // MARK: Size

  package mutating func resize(columns: Int, rows: Int) {
    (self.columns, self.rows) = (max(1, columns), max(1, rows))
    scroll(by: 0)
  }

  // MARK: Keys

  package mutating func press(_ key: Key, at nowMs: Int64) {
    self.nowMs = nowMs
    if key == .tab || key == .backTab { return complete(backwards: key == .backTab) }
    completion = nil
    switch key {
    case .control("c"): perform(.quit)
    case .control("d") where editor.isEmpty: perform(.quit)
    case .control("l"): perform(.redraw)
    case .control("n"), .altDown: move(by: 1)
    case .control("p"), .altUp: move(by: -1)
    case .alt("a"): showNextUnread()
    case .alt(let digit) where digit.wholeNumberValue != nil: show(number: digit.wholeNumberValue ?? 0)
    case .pageUp: scroll(by: max(1, areas.body.count - 1))
    case .pageDown: scroll(by: -max(1, areas.body.count - 1))
    case .enter: enter()
    case .alt("\n"): write("\n")
    case .text(let text), .paste(let text): write(text)
    default: _ = editor.press(key)
    }
  }

  private mutating func write(_ text: String) {
    if !editor.insert(text) {
      note("a message can be \(LineEditor.bytesMax / 1024) KiB; that would be more", .warning)
    }
  }

  private mutating func complete(backwards: Bool) {
    let people = roster.online.map(\.name) + strangers.map(\.shortID)
    let rooms: [String] = conversations.compactMap { if case .room(let name) = $0 { name } else { nil } }
    if completion == nil { completion = Completion(head: editor.head, people: people, rooms: rooms) }
    guard var completion else { return }
    let candidate = completion.next(backwards: backwards)
    guard editor.replace(last: completion.replaced, with: candidate) else { return }
    completion.shown(candidate)
    self.completion = completion
  }

  /// Peers that are not online and may be meant all the same.
  var strangers: [PeerID] {
    var ids: [PeerID] = conversations.compactMap { if case .peer(let id) = $0 { id } else { nil } }
    for case .message(let message) in timeline.entries.suffix(200) where message.from != own {
      if !ids.contains(message.from) { ids.append(message.from) }
    }
    return ids.filter { roster[$0]?.isOnline != true }
  }

  private mutating func enter() {
    let line = editor.take()
    guard line.contains(where: { !$0.isWhitespace }) else { return }
    // What comes of it stands at the end.
    scroll(by: -timeline.scroll)
    run(Command(line: line))
  }

  mutating func send(_ text: String, to conversation: Conversation) {
    sending += 1
    timelines[conversation]?.marker = 0
    perform(.send(text, to: conversation))
  }

  // MARK: Conversations

  /// Puts a conversation on the list.
  @discardableResult
  mutating func open(_ conversation: Conversation) -> Bool {
    if timelines[conversation] != nil { return true }
    if conversations.count >= Self.conversationsMax, !makeRoom() { return false }
    timelines[conversation] = Timeline()
    if case .room = conversation {
      let rooms = conversations.prefix { if case .room = $0 { true } else { false } }
      conversations.insert(conversation, at: rooms.count)
    } else {
      conversations.append(conversation)
    }
    return true
  }

  private mutating func makeRoom() -> Bool {
    let quiet = conversations.filter { conversation in
      guard case .peer = conversation, conversation != current else { return false }
      return timelines[conversation]?.unread == 0
    }
    let age = { (timelines: [Conversation: Timeline], one: Conversation) in
      timelines[one]?.newestMessage?.receivedMs ?? .min
    }
    guard let quietest = quiet.min(by: { age(timelines, $0) < age(timelines, $1) }) else { return false }
    close(quietest)
    return true
  }

  mutating func close(_ conversation: Conversation) {
    guard conversation != .global else { return }
    if conversation == current { show(.global) }
    conversations.removeAll { $0 == conversation }
    timelines[conversation] = nil
  }

  /// Goes to a conversation.
  mutating func show(_ conversation: Conversation) {
    guard open(conversation) else { return note("too many conversations are open; /leave some", .warning) }
    if conversation != current {
      timelines[current]?.marker = 0
      timelines[current]?.scroll = 0
      timelines[current]?.trim()
      current = conversation
    }
    if timeline.isLoaded { return readAll() }
    load(conversation)
  }

  private mutating func move(by step: Int) {
    guard let index = conversations.firstIndex(of: current) else { return }
    show(conversations[(index + step + conversations.count) % conversations.count])
  }

  private mutating func show(number: Int) {
    guard conversations.indices.contains(number - 1) else { return }
    show(conversations[number - 1])
  }

  private mutating func showNextUnread() {
    guard let index = conversations.firstIndex(of: current) else { return }
    let following = conversations[(index + 1)...] + conversations[...index]
    if let next = following.first(where: { timelines[$0]?.unread ?? 0 > 0 }) { show(next) }
  }

  mutating func load(_ conversation: Conversation, before: ChatMessage? = nil) {
    guard timelines[conversation]?.isLoading == false else { return }
    timelines[conversation]?.isLoading = true
    perform(.loadHistory(conversation, before: before))
  }

  /// Everything in the shown conversation has been seen.
  mutating func readAll() {
    guard timeline.scroll == 0, timeline.isLoaded, timeline.unread > 0 else { return }
    let timeline = timeline
    timelines[current]?.marker = max(timeline.marker, timeline.unread)
    timelines[current]?.unread = 0
    if let newest = timeline.newestMessage { perform(.markRead(newest)) }
  }

  // MARK: Reading back

  /// Up by so many rows, or down.
  mutating func scroll(by step: Int) {
    let height = areas.body.count
    let wanted = max(0, timeline.scroll + step)
    let (rows, isAll) = timeline.lastRows(wanted + height, columns: areas.bodyColumns, wording: wording)
    timelines[current]?.scroll = min(wanted, max(0, rows.count - height))
    if step > 0, isAll, timeline.canLoad { load(current, before: timeline.oldestMessage) }
    if timeline.scroll == 0 {
      timelines[current]?.trim()
      readAll()
    }
  }

  // MARK: News of messages

  mutating func receive(message: ChatMessage) {
    let conversation = message.conversation
    guard open(conversation) else { return }
    let isShown = conversation == current
    var isSeen = false
    append(to: conversation) { timeline in
      guard timeline.insert(message) else { return }
      isSeen = isShown && timeline.scroll == 0 && timeline.isLoaded
      if isSeen {
        if timeline.marker > 0 { timeline.marker += 1 }
      } else if message.receivedMs > timeline.countedUpToMs {
        timeline.unread += 1
        if isShown { timeline.marker = max(timeline.marker + 1, timeline.unread) }
      }
    }
    if isSeen { perform(.markRead(message)) }
  }

  /// Adds something at the end; what is read back stays where it is.
  private mutating func append(to conversation: Conversation, _ change: (inout Timeline) -> Void) {
    guard var timeline = timelines[conversation] else { return }
    let (wording, columns, last) = (wording, areas.bodyColumns, timeline.entries.count - 1)
    func height() -> Int {
      timeline.scroll == 0
        ? 0 : timeline.lastRows(from: max(0, last), columns: columns, wording: wording).rows.count
    }
    let before = height()
    change(&timeline)
    timeline.scroll += max(0, height() - before)
    timelines[conversation] = timeline
  }

  mutating func sent(_ message: ChatMessage) {
    sending = max(0, sending - 1)
    open(message.conversation)
    _ = timelines[message.conversation]?.insert(message)
    if let early = earlyStates.last(where: { $0.id == message.id }) {
      _ = timelines[message.conversation]?.update(message.id, by: own, to: early.state)
    }
    if sending == 0 { earlyStates = [] }
  }

  mutating func notSent(_ text: String, to conversation: Conversation, reason: String) {
    sending = max(0, sending - 1)
    note("not sent: \(SafeText.line(reason))", .warning)
    // Nobody likes to write it again.
    if editor.isEmpty, conversation == current { _ = editor.insert(text) }
  }

  mutating func message(_ id: String, cameTo state: ChatMessage.State) {
    for conversation in conversations {
      if timelines[conversation]?.update(id, by: own, to: state) ?? false { return }
    }
    guard sending == 0 else {
      earlyStates.append((id, state))
      if earlyStates.count > Self.earlyStatesMax { earlyStates.removeFirst() }
      return
    }
    // Sent by another program of this node's.
    loadNewest()
  }

  /// What is shown may lack something: has the newest messages told again.
  mutating func loadNewest() {
    for conversation in conversations where timelines[conversation]?.isLoaded ?? false { load(conversation) }
  }

  // MARK: Notices

  /// A line for the person, where they look.
  mutating func note(_ text: String, _ style: Style = .quiet) {
    note(.text(text), style, in: current)
  }

  mutating func note(
    _ content: Timeline.Notice.Content, _ style: Style = .quiet, in conversation: Conversation
  ) {
    let nowMs = nowMs
    append(to: conversation) { $0.note(content, style: style, at: nowMs) }
  }
}
