/// What happened, and what was dropped without being an error: the whole list.
package struct Counters: Hashable, Sendable {
  // Rooms: refused before they were passed on, by `judge`.
  package var notText: UInt64 = 0
  package var empty: UInt64 = 0
  package var tooLong: UInt64 = 0
  package var malformed: UInt64 = 0
  /// An envelope that names another author than its signature.
  package var foreignAuthor: UInt64 = 0
  package var futureDated: UInt64 = 0
  /// Of a kind that this version cannot read.
  package var unreadable: UInt64 = 0
  package var unknownTopic: UInt64 = 0

  // Rooms: valid and yet dropped.
  /// Of rooms that are not joined.
  package var notJoined: UInt64 = 0
  /// Our own words, come back.
  package var ownEchoes: UInt64 = 0
  /// Above an author's budget.
  package var excess: UInt64 = 0
  /// Too many waited to be kept.
  package var unsaved: UInt64 = 0
  /// Known already by whoever keeps messages.
  package var duplicates: UInt64 = 0

  // Gaps.
  /// Jumps too far to be a gap, and gaps forgotten because there were too many.
  package var jumps: UInt64 = 0
  package var forgottenGaps: UInt64 = 0

  // Direct messages.
  package var directRefused: UInt64 = 0
  package var directExcess: UInt64 = 0
  package var directUnsaved: UInt64 = 0
  package var directDuplicates: UInt64 = 0
  /// Confirmations of what does not wait for one.
  package var strayAcknowledgements: UInt64 = 0

  // The outbox.
  package var expired: UInt64 = 0
  /// Messages kept for us that were not ours or could not be sent, and such as were too many to take up.
  package var damagedOutbox: UInt64 = 0
  package var outboxLeftBehind: UInt64 = 0

  package init() {}
}
