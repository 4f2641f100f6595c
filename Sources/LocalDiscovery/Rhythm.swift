import SansIO

/// When one link is asked and answered.
///
/// Questions come in a burst that thins out (RFC 6762, section 5.2). A question heard from somebody else
/// shortly before ours counts as ours (section 7.3), so that a link is asked once, however many are on it.
struct Rhythm: Sendable {
  /// What is to be multicast once its time has come.
  struct PendingAnswer: Sendable {
    var topics: Topics
    var due: Instant
    /// Who asked, as long as that is one: it may still say that it knows the answer.
    var asker: Endpoint?
  }

  private(set) var questionDue: Instant
  private var interval: Duration
  private(set) var pending: PendingAnswer?
  private(set) var lastAnswer: Instant?
  /// How often we say unasked what is new of us, for those who miss it once (RFC 6762, section 8.3).
  private var announcementsLeft = 0

  init(configuration: Configuration, generator: inout SeededGenerator, now: Instant) {
    interval = configuration.questionIntervalMin
    questionDue = now + configuration.delay(using: &generator)
  }

  var deadline: Instant { pending.map { min($0.due, questionDue) } ?? questionDue }

  // MARK: Questions

  /// Something changed: begins the burst again.
  mutating func restart(configuration: Configuration, generator: inout SeededGenerator, now: Instant) {
    interval = configuration.questionIntervalMin
    questionDue = min(questionDue, now + configuration.delay(using: &generator))
  }

  mutating func asked(configuration: Configuration, generator: inout SeededGenerator, now: Instant) {
    let tenth = interval / 10
    questionDue = now + (interval - tenth + generator.duration(upTo: tenth * 2))
    interval = min(interval * 2, configuration.questionIntervalMax)
  }

  /// Somebody else asked for the same. True when ours, which was due soon, counts as asked by that.
  mutating func heardQuestion(
    configuration: Configuration, generator: inout SeededGenerator, now: Instant
  ) -> Bool {
    guard questionDue - now < interval / 4 else { return false }
    asked(configuration: configuration, generator: &generator, now: now)
    return true
  }

  // MARK: Answers

  /// Says what is new of us, asked or not: those who know us do not ask again.
  mutating func announce(after delay: Duration, spacing: Duration, now: Instant) {
    announcementsLeft = 2
    answer(.instance, to: nil, after: delay, spacing: spacing, now: now)
  }

  /// Answers after a moment, together with everything else that is to be answered then.
  mutating func answer(
    _ topics: Topics, to asker: Endpoint?, after delay: Duration, spacing: Duration, now: Instant
  ) {
    let earliest = lastAnswer.map { $0 + spacing } ?? now
    let due = max(now + delay, earliest)
    guard let already = pending else {
      pending = PendingAnswer(topics: topics, due: due, asker: asker)
      return
    }
    pending = PendingAnswer(
      topics: already.topics.union(topics), due: min(already.due, due),
      asker: already.asker == asker ? asker : nil)
  }

  /// The asker knows the answer after all. True when nobody else waits for one.
  mutating func withdraw(_ topics: Topics, from asker: Endpoint) -> Bool {
    guard let waiting = pending, waiting.asker == asker, !waiting.topics.isDisjoint(with: topics) else {
      return false
    }
    pending?.topics.subtract(topics)
    if pending?.topics.isEmpty == true { pending = nil }
    return true
  }

  /// What is to be answered now, which it then no longer is.
  mutating func takeAnswer(at now: Instant) -> Topics? {
    guard let ready = pending, ready.due <= now else { return nil }
    pending = nil
    return ready.topics
  }

  mutating func answered(_ topics: Topics, spacing: Duration, at now: Instant) {
    lastAnswer = now
    guard topics.contains(.instance), announcementsLeft > 0 else { return }
    announcementsLeft -= 1
    if announcementsLeft > 0 { answer(.instance, to: nil, after: .zero, spacing: spacing, now: now) }
  }
}

extension Configuration {
  func delay(using generator: inout SeededGenerator) -> Duration {
    delayMin + generator.duration(upTo: delayMax - delayMin)
  }

  func truncatedDelay(using generator: inout SeededGenerator) -> Duration {
    truncatedDelayMin + generator.duration(upTo: truncatedDelayMax - truncatedDelayMin)
  }
}
