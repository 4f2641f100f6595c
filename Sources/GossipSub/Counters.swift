/// What happened, and what was dropped without being an error: the whole list.
package struct Counters: Hashable, Sendable {
  // Messages.
  package var published: UInt64 = 0
  package var accepted: UInt64 = 0
  package var duplicates: UInt64 = 0
  package var rejected: UInt64 = 0
  package var ignored: UInt64 = 0
  /// Copies put into queues of peers.
  package var forwarded: UInt64 = 0

  // Messages dropped.
  package var unsubscribedTopic: UInt64 = 0
  package var oversized: UInt64 = 0
  /// In our name, and not ours or forgotten.
  package var selfAuthored: UInt64 = 0
  /// Signed with a kind of key that is not verified here.
  package var unverifiable: UInt64 = 0
  package var overRate: UInt64 = 0
  /// More waited for a verdict than may.
  package var validationFull: UInt64 = 0
  /// No verdict came in time.
  package var unanswered: UInt64 = 0

  // From peers.
  package var fromStrangers: UInt64 = 0
  package var graylisted: UInt64 = 0
  package var excessSubscriptions: UInt64 = 0
  package var excessAnnouncements: UInt64 = 0
  package var excessRequests: UInt64 = 0
  package var excessDontWants: UInt64 = 0
  package var oversizedIDs: UInt64 = 0
  /// Gossip of peers whose score is too low.
  package var unheardGossip: UInt64 = 0
  package var graftsRefused: UInt64 = 0
  package var graftsOfUnknownTopics: UInt64 = 0
  package var peersOffered: UInt64 = 0

  // To peers.
  /// Messages that left a full queue unsent.
  package var droppedPublishes: UInt64 = 0
  package var droppedForwards: UInt64 = 0
  /// Messages that left a queue because the peer said it has them.
  package var unwanted: UInt64 = 0

  package init() {}
}
