import Runtime

@testable import Meshwork

/// What tests may know of a node's inside.
extension MeshNode {
  var openStreamCount: Int { switchboard.streams.values.count { !$0.isClosed } }
  var waitingReaders: Int { switchboard.streams.values.count { $0.reader != nil } }
  var waitingWriters: Int { switchboard.streams.values.reduce(0) { $0 + $1.writers.count } }
  var unreadBytes: Int { switchboard.streams.values.reduce(0) { $0 + $1.inbox.byteCount } }
  var openSocketCount: Int { shell.openSockets }
  var keyLogLines: UInt64 { shell.counters.keyLogLines }

  func recordWarnings(_ count: Int) {
    for index in 0..<count { switchboard.record(.warning(text: "test", detail: "\(index)")) }
  }
}

/// A door that a test opens, with a word for those who wait.
actor Gate<Word: Sendable> {
  private var word: Word?
  private var waiting: [CheckedContinuation<Word, Never>] = []

  func open(_ word: Word) {
    self.word = word
    for continuation in waiting { continuation.resume(returning: word) }
    waiting.removeAll()
  }

  func close() { word = nil }

  @discardableResult
  func passed() async -> Word {
    if let word { return word }
    return await withCheckedContinuation { waiting.append($0) }
  }
}

actor Progress {
  private(set) var count = 0
  func add(_ more: Int) { count += more }
}
