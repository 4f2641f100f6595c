import Chat
import SansIO

/// Which ledger is in use: the one on the file, or one in memory until the file can be had.
///
/// Going from one to the other, what is in the old one is written to the new one: its newest messages and
/// all the small things. Writing them twice does no harm, since messages are kept once.
struct Custody {
  /// Nil in memory by choice, and when closed.
  private var file: DatabaseFile?
  private let limits: Limits
  private var lock: FileLock?
  private(set) var ledger: Ledger?
  private(set) var isOnFile = false
  /// When the file is tried again. Nil until time is known.
  private var nextTry: Instant?
  private var problems: BoundedQueue<Problem>
  /// What is the matter now and was said: it is not said again.
  private var told: Problem.Kind?
  /// Of ledgers that are no longer in use.
  private var past = Store.Counters()

  init(at location: Store.Location, limits: Limits) {
    self.limits = limits
    problems = BoundedQueue(limit: limits.problems)
    switch location {
    case .memory:
      file = nil
      enterMemory(carrying: [])
    case .file(let path):
      file = DatabaseFile(path: path)
      do {
        try enterFile()
      } catch {
        tell(error)
        enterMemory(carrying: readable(despite: error))
      }
    }
  }

  // MARK: Use

  /// Does the work in the ledger in use; when its file fails, in the next best one.
  mutating func run<Answer>(otherwise: Answer, _ work: (Ledger) throws -> Answer) -> Answer {
    // At most three: the file, a new one in place of a damaged one, memory.
    for _ in 0..<3 {
      guard let ledger else { break }
      do {
        return try work(ledger)
      } catch {
        guard isOnFile else {
          tell(Refusal(error))
          break
        }
        leaveFile(because: Refusal(error))
      }
    }
    return otherwise
  }

  /// Tries a file that was not to be had, now and then.
  mutating func tryFile(at now: Instant) {
    if isOnFile || file == nil { return }
    if let nextTry, now >= nextTry { returnToFile() } else if nextTry != nil { return }
    nextTry = now + limits.retryInterval
  }

  mutating func close() {
    if !isOnFile, file != nil, ledger != nil { returnToFile() }
    drop()
    lock = nil
    file = nil
  }

  mutating func nextProblem() -> Problem? { problems.popFirst() }

  mutating func count(skippedOriginals: UInt64) { past.skippedOriginals += skippedOriginals }

  var counters: Store.Counters { ledger.map { past + $0.counters } ?? past }

  // MARK: Coming and going

  private mutating func enterMemory(carrying writes: [Write]) {
    ledger = try? Ledger.inMemory(limits: limits)
    nextTry = nil
    _ = try? ledger?.apply(writes)
  }

  /// A damaged file is replaced on the way.
  private mutating func enterFile(carrying writes: [Write] = []) throws(Refusal) {
    do {
      try open(carrying: writes)
    } catch {
      guard error.kind == .corrupt else { throw error }
      try replaceFile(because: error, carrying: writes)
    }
  }

  private mutating func open(carrying writes: [Write]) throws(Refusal) {
    guard let file else { return }
    if lock == nil { lock = try file.lock() }
    try file.prepare()
    do {
      let opened = try Ledger.open(file.path, limits: limits)
      do {
        _ = try opened.apply(writes)
      } catch {
        opened.close()
        throw error
      }
      drop()
      ledger = opened
    } catch {
      throw Refusal(error)
    }
    file.makePrivate()
    isOnFile = true
  }

  private mutating func replaceFile(because refusal: Refusal, carrying writes: [Write]) throws(Refusal) {
    guard let file else { return }
    let aside = try file.putAside()
    let saved = writes.count { if case .insert = $0 { true } else { false } }
    tell(.putAside(path: file.path, as: aside, reason: refusal.text, saved: saved))
    try open(carrying: writes)
  }

  private mutating func leaveFile(because refusal: Refusal) {
    let carried = ledger?.contents() ?? []
    drop()
    var refusal = refusal
    if refusal.kind == .corrupt {
      do {
        return try replaceFile(because: refusal, carrying: carried)
      } catch {
        refusal = error
      }
    }
    tell(refusal)
    enterMemory(carrying: carried)
  }

  private mutating func returnToFile() {
    guard let file else { return }
    let carried = ledger?.contents() ?? []
    do {
      try enterFile(carrying: carried)
      told = nil
      let moved = carried.count { if case .insert = $0 { true } else { false } }
      tell(.recovered(path: file.path, moved: moved))
    } catch {
      tell(error)
    }
  }

  /// Closes the ledger in use.
  private mutating func drop() {
    past = counters
    ledger?.close()
    ledger = nil
    isOnFile = false
  }

  /// What a file holds that can be read but not written. Better an old history, and the right sequence
  /// numbers, than none.
  private func readable(despite refusal: Refusal) -> [Write] {
    guard let file, refusal.kind == .readOnly || refusal.kind == .full else { return [] }
    guard let ledger = try? Ledger.read(file.path, limits: limits) else { return [] }
    defer { ledger.close() }
    return ledger.contents()
  }

  // MARK: Telling

  private mutating func tell(_ refusal: Refusal) {
    if told == refusal.kind { return }
    told = refusal.kind
    tell(Problem(refusal, path: file?.path ?? "memory"))
  }

  private mutating func tell(_ problem: Problem) {
    // Whoever has not asked for so many does not need one more.
    _ = problems.append(problem)
  }
}

extension Store.Counters {
  fileprivate static func + (left: Self, right: Self) -> Self {
    var sum = left
    sum.skippedRows &+= right.skippedRows
    sum.skippedOriginals &+= right.skippedOriginals
    sum.forgottenMessages &+= right.forgottenMessages
    return sum
  }
}
