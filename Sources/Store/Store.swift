// The history of a node: messages, conversations, how far they were read, whom it met and what it still owes.
//
// `Store` is what the node's shell talks to: whole batches of `Write` in, outcomes out, and questions of the
// user interface. It never fails towards its caller. Without a file that can be used (full disk, no
// permission, damage, another process) it goes on in memory, says so once as a `Problem`, and moves what it
// kept into the file as soon as there is one again.
//
// Invariants:
// - A batch is kept as a whole or not at all. What came back from `apply` while the file was in use survives
//   the death of the process at any moment (`kill -9`). A power cut may take the last moments, never more:
//   SQLite's log is forced to the disk when it is moved into the database, not at every commit.
// - A message is kept once: its author and id name it.
// - Nothing of the user's is deleted. A file that cannot be used is left as it is or put aside under another
//   name.
// - What a search finds is all that is kept, but the index lags behind by a limited number of messages: it is
//   brought up to date before each search, and otherwise for many messages in one go.
// - In memory only the newest `Limits.messagesInMemory` messages are kept, and what waits to be sent.
//
// All calls block and take turns. The shell makes them from a thread of its own, never from the event loop.
//
// Reading order: Limits, Problem, Schema, Ledger and its extensions (one open database), Numbers,
// DatabaseFile (what lies in the directory), Custody (which ledger is in use), OriginalHistory.

package import Chat
package import Identity
package import SansIO
import Synchronization

/// Keeps what a node must know tomorrow. See the top of this file.
package final class Store: Sendable {
  package enum Location: Hashable, Sendable {
    /// A database at this path, whose directory is there and private to the user.
    case file(String)
    /// Nowhere: gone with the process, and bounded.
    case memory
  }

  let custody: Mutex<Custody>

  /// Opens what is there, or starts anew. Whatever goes wrong is told by ``nextProblem()``.
  package init(at location: Location, limits: Limits = Limits()) {
    custody = Mutex(Custody(at: location, limits: limits))
  }

  // MARK: Writing

  /// Keeps a batch, in one transaction, and says what became of each write. A store that has to do without
  /// its file tries it again with the first batch after ``Limits/retryInterval``.
  package func apply(_ writes: [Write], at now: Instant) -> [Outcome] {
    custody.withLock { custody in
      custody.tryFile(at: now)
      // With no place at all to keep them, messages are told all the same.
      let otherwise = writes.map { if case .insert = $0 { Outcome.inserted } else { Outcome.done } }
      return custody.run(otherwise: otherwise) { ledger throws in try ledger.apply(writes) }
    }
  }

  /// Takes over the history of the original app from its database, which is only read. Returns how many
  /// messages were new; the same file again gives none.
  ///
  /// They go to the room `global`, before all that is here: whatever the original app showed them as, it
  /// published them there, for everyone to read.
  package func importOriginal(path: String, own: PeerID) throws(StoreError) -> Int {
    let original = try OriginalHistory(path: path, own: own)
    var new = 0
    while let batch = try original.nextBatch() {
      new += ask(otherwise: 0) { ledger throws in try ledger.insertBeforeAll(batch) }
    }
    let skipped = original.skipped
    custody.withLock { $0.count(skippedOriginals: skipped) }
    return new
  }

  /// Tries the file a last time, if it is not in use, and closes it. Later calls keep and find nothing.
  package func close() {
    custody.withLock { $0.close() }
  }

  // MARK: Reading

  /// What a node starts with.
  package func load() -> Snapshot {
    ask(otherwise: Snapshot()) { ledger throws in try ledger.snapshot() }
  }

  /// The newest messages of a conversation, or those before a message, in the order in which they came here.
  /// Before a message that is not known there is nothing.
  package func history(of conversation: Conversation, limit: Int, before: MessageKey? = nil) -> [Message] {
    ask(otherwise: []) { ledger throws in
      try ledger.history(of: conversation, limit: limit, before: before)
    }
  }

  /// The newest messages that have all the words, whatever their case and diacritics; of the last word the
  /// beginning is enough. Newest first.
  package func search(_ text: String, in conversation: Conversation? = nil, limit: Int) -> [Message] {
    ask(otherwise: []) { ledger throws in try ledger.search(text, in: conversation, limit: limit) }
  }

  /// All conversations, the one with the newest message first.
  package func conversations() -> [ConversationState] {
    ask(otherwise: []) { ledger throws in try ledger.conversations() }
  }

  package func message(for key: MessageKey) -> Message? {
    ask(otherwise: nil) { ledger throws in try ledger.message(for: key) }
  }

  func ask<Answer: Sendable>(
    otherwise: Answer, _ question: (Ledger) throws -> Answer
  ) -> Answer {
    custody.withLock { $0.run(otherwise: otherwise, question) }
  }

  // MARK: State of the store

  /// What went wrong, or right again, and was not told yet.
  package func nextProblem() -> Problem? { custody.withLock { $0.nextProblem() } }

  /// Whether what is written survives this process.
  package var isOnFile: Bool { custody.withLock { $0.isOnFile } }

  package var counters: Counters { custody.withLock { $0.counters } }

  /// What is allowed to be lost, counted.
  package struct Counters: Hashable, Sendable {
    /// Rows of the file that no version of this program has written: skipped.
    package var skippedRows: UInt64 = 0
    /// Rows of the original app's database that are no message: skipped.
    package var skippedOriginals: UInt64 = 0
    /// Messages that fell out of the bounded memory.
    package var forgottenMessages: UInt64 = 0
  }
}
