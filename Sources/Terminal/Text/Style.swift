/// What a text is on the screen. How that looks is the screen's matter.
package enum Style: Hashable, Sendable {
  case text
  /// The bars above and below.
  case bar
  /// Times, notices, what is not said by anybody.
  case quiet
  /// Somebody's name, in a colour of theirs (below ``authorColours``).
  case author(UInt8)
  /// This node's own name, and its marks of delivery.
  case own
  /// The line above what is new, and the counts of it.
  case unread
  /// What went wrong, or must not be overlooked.
  case warning
  /// Where one is, in a list.
  case selected

  /// How many colours authors have.
  package static let authorColours: UInt8 = 12
}

/// Letters that mean something; a terminal without Unicode has others.
package struct Signs: Hashable, Sendable {
  package var queued = "·"
  package var sent = ">"
  package var delivered = "✓"
  package var failed = "!"
  package var newline = "↵"
  package var rule: Character = "─"
  package var bar = "│"
  package var dot = "·"
  package var ellipsis = "…"

  package static let unicode = Signs()
  package static let ascii = Signs(
    queued: ".", sent: ">", delivered: "+", failed: "!", newline: "|", rule: "-", bar: "|", dot: "-",
    ellipsis: "...")
}
