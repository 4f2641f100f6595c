import DequeModule
import Identity
import SansIO

/// Who writes in rooms, and how much of it is taken.
///
/// A replayed message is as validly signed as the first time, so whoever passes old ones on could spend their
/// author's budget. What is not newer than the newest seen of an author therefore draws on a second budget;
/// the first can only be spent by the author.
struct Authors: Sendable {
  enum Judgement: Hashable {
    case taken
    /// Above the budget. `begins`: the first of a spell.
    case excess(begins: Bool)
  }

  private struct Author {
    var newest: UInt64
    var fresh: TokenBucket
    var late: TokenBucket
    /// When the latest excess was, during a spell.
    var lastExcess: Instant?
  }

  private let limit: Int
  private let rate: Configuration.Rate
  private let quiet: Duration
  private var entries: [PeerID: Author] = [:]
  /// First met first.
  private var order: Deque<PeerID> = []
  private var spells = DeadlineQueue<PeerID>()

  init(_ configuration: Configuration) {
    limit = configuration.authorsMax
    rate = configuration.authorRate
    quiet = configuration.floodQuiet
  }

  var count: Int { entries.count }

  /// An author of an earlier run. More than there is room for are forgotten, the first ones first.
  mutating func remember(_ author: PeerID, newest: UInt64, at now: Instant) {
    meet(author, at: now)
    entries[author]?.newest = newest
  }

  mutating func take(from author: PeerID, sequence: UInt64, at now: Instant) -> Judgement {
    meet(author, at: now)
    guard var known = entries[author] else { return .taken }
    defer { entries[author] = known }
    let isFresh = sequence > known.newest
    if isFresh { known.newest = sequence }
    if isFresh ? known.fresh.take(at: now) : known.late.take(at: now) { return .taken }
    // Replays are dropped as quietly as duplicates: they are not the author's doing.
    guard isFresh else { return .excess(begins: false) }
    defer { known.lastExcess = now }
    guard known.lastExcess == nil else { return .excess(begins: false) }
    spells.set(author, to: now + quiet)
    return .excess(begins: true)
  }

  private mutating func meet(_ author: PeerID, at now: Instant) {
    guard entries[author] == nil else { return }
    if order.count >= limit, let oldest = order.popFirst() { entries[oldest] = nil }
    entries[author] = Author(newest: 0, fresh: rate.bucket(at: now), late: rate.bucket(at: now))
    order.append(author)
  }

  // MARK: Time

  /// When a spell may be over.
  var deadline: Instant? { mutating get { spells.earliest } }

  /// An author who has kept within the budget for long enough.
  mutating func popCalmed(at now: Instant) -> PeerID? {
    while let author = spells.popExpired(at: now) {
      guard let lastExcess = entries[author]?.lastExcess else { return author }  // forgotten meanwhile
      if lastExcess + quiet <= now {
        entries[author]?.lastExcess = nil
        return author
      }
      spells.set(author, to: lastExcess + quiet)
    }
    return nil
  }
}
