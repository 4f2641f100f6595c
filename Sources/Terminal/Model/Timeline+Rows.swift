import Meshwork

/// How times and names are written.
struct Wording {
  let own: PeerID
  let roster: Roster
  let signs: Signs
  let stamp: ChatModel.Stamp

  /// `09:05 abcdef12 text`, with what else there is to say of it.
  func spans(of message: ChatMessage, showsConversation: Bool = false) -> [Span] {
    var spans = [Span("\(stamp(message.receivedMs).minute) ", .quiet)]
    if showsConversation { spans.append(Span("\(name(message.conversation)) ", .quiet)) }
    let name = roster.name(message.from)
    spans.append(Span(name, message.from == own ? .own : message.from.style))
    spans.append(Span(String(repeating: " ", count: max(1, 9 - name.count))))
    spans.append(Span(message.safeText))
    if let late = lateness(of: message) { spans.append(Span(" (\(late))", .quiet)) }
    if message.from == own { spans += mark(of: message.state) }
    return spans
  }

  /// `abcdef12`, `#garden`.
  func name(_ conversation: Conversation) -> String {
    switch conversation {
    case .room(let room): "#\(SafeText.line(room, bytesMax: 64))"
    case .peer(let id): roster.name(id)
    }
  }

  func spans(of notice: Timeline.Notice) -> [Span] {
    switch notice.content {
    case .text(let text): [Span("-- \(SafeText.lines(text))", notice.style)]
    case .found(let message):
      [Span("-- ", .quiet), Span("\(stamp(message.receivedMs).date) ", .quiet)]
        + spans(of: message, showsConversation: true)
    case .arrivals(let ids): [Span("-- \(roster.names(ids)) online", notice.style)]
    case .departures(let ids, let reason, let silence):
      [Span("-- \(roster.names(ids)) offline: \(Self.departure(reason, silence))", notice.style)]
    }
  }

  static func departure(_ reason: Event.OfflineReason, _ silentSeconds: Int) -> String {
    switch reason {
    case .reaped: "silent for \(silentSeconds) s (reaped)"
    case .left: "left"
    }
  }

  /// A message that was long on its way, or whose author's clock is wrong.
  private func lateness(of message: ChatMessage) -> String? {
    guard let sentMs = message.sentMs, message.from != own else { return nil }
    let (difference, isOverflow) = message.receivedMs.subtractingReportingOverflow(sentMs)
    guard isOverflow || difference.magnitude > 5 * 60 * 1000 else { return nil }
    // Years beyond any calendar are not worth a date.
    guard (0..<253_402_300_800_000).contains(sentMs) else { return "sent at an impossible time" }
    let sent = stamp(sentMs)
    return "sent \(sent.date) \(sent.minute)"
  }

  private func mark(of state: ChatMessage.State) -> [Span] {
    switch state {
    case .received: []
    case .queued: [Span(" \(signs.queued)", .own)]
    case .sent: [Span(" \(signs.sent)", .own)]
    case .delivered: [Span(" \(signs.delivered)", .own)]
    case .failed(let reason):
      [Span(" \(signs.failed) not sent: \(SafeText.line(reason, bytesMax: 200))", .warning)]
    }
  }
}

extension Timeline {
  /// The last rows, at least `count` of them if there are that many; the last row first.
  ///
  /// - Parameter first: the entry to stop at.
  func lastRows(
    _ count: Int = .max, from first: Int = 0, columns: Int, wording: Wording
  ) -> (rows: [Row], isAll: Bool) {
    var rows: [Row] = []
    var othersBelow = 0
    for index in entries.indices.reversed() where index >= first {
      if rows.count >= count { return (rows, false) }
      rows += self.rows(of: entries[index], columns: columns, wording: wording).reversed()
      guard case .message(let message) = entries[index] else { continue }
      if message.from != wording.own {
        othersBelow += 1
        if othersBelow == marker {
          rows.append(.rule("new", columns: columns, style: .unread, sign: wording.signs.rule))
        }
      }
      let date = wording.stamp(message.receivedMs).date
      if previousMessage(before: index).map({ wording.stamp($0.receivedMs).date != date }) ?? true {
        rows.append(.rule(date, columns: columns, style: .quiet, sign: wording.signs.rule))
      }
    }
    if first == 0, isLoaded, !hasOlder {
      rows.append(.rule("the beginning", columns: columns, style: .quiet, sign: wording.signs.rule))
    }
    return (rows, true)
  }

  func rows(of entry: Entry, columns: Int, wording: Wording) -> [Row] {
    switch entry {
    case .message(let message):
      Wrapping.rows(wording.spans(of: message), columns: columns, indent: columns < 40 ? 2 : 15)
    case .notice(let notice): Wrapping.rows(wording.spans(of: notice), columns: columns, indent: 3)
    }
  }

  private func previousMessage(before index: Int) -> ChatMessage? {
    for case .message(let message) in entries[..<index].reversed() { return message }
    return nil
  }
}
