import Chat
import Glibc
import Identity
import SansIO
import Store

/// The history on a disk: how fast it grows, how large, how fast it answers.
enum StoreBenchmark {
  static func figures(_ effort: Effort) throws -> [Figure] {
    let resident = try ProcessStatistics.memory(of: getpid()).resident
    let bench = try StoreBench(messages: effort.count(1_000_000))
    let opened = try ProcessStatistics.memory(of: getpid()).resident
    var figures = [
      Figure(name: "store: resident memory of opening", measured: (opened - resident) / 1024, unit: "KiB")
    ]
    figures += try bench.fill()
    figures += bench.singles(effort.count(20_000))
    figures += bench.searches()
    figures += bench.pages()
    let full = try ProcessStatistics.memory(of: getpid()).resident
    figures.append(
      Figure(name: "store: resident memory after all that", measured: (full - resident) / 1024, unit: "KiB"))
    return figures
  }
}

/// A store in a directory of its own, which goes with it.
private final class StoreBench {
  private let messages: Int
  private let directory: String
  private let store: Store
  private let talk = Talk()
  private var generator = SeededGenerator(seed: 1)
  private var number = 0

  init(messages: Int) throws {
    self.messages = messages
    var template = Array("/tmp/meshwork-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw BenchError("no directory under /tmp") }
    directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    store = Store(at: .file("\(directory)/history.sqlite"))
  }

  deinit {
    store.close()
    for name in ["history.sqlite", "history.sqlite-wal", "history.sqlite.lock"] {
      unlink("\(directory)/\(name)")
    }
    rmdir(directory)
  }

  // MARK: Growing

  func fill() throws -> [Figure] {
    var batches: [Double] = []
    while number < messages {
      let writes = (0..<1000).map { _ in Write.insert(nextMessage()) }
      batches.append(Clock.timed(Clock.wall) { _ = store.apply(writes, at: .zero) })
    }
    guard store.isOnFile else { throw BenchError("\(store.nextProblem()?.description ?? "not on file")") }
    let seconds = batches.reduce(0, +)
    batches.sort()
    var status = stat()
    stat("\(directory)/history.sqlite", &status)
    return [
      Figure(name: "store: messages in batches of 1000", measured: Double(number) / seconds, unit: "/s"),
      Figure(
        name: "store: such a batch, 99 of 100 are faster", measured: batches[batches.count * 99 / 100] * 1000,
        unit: "ms"),
      Figure(
        name: "store: size of the database", measured: Double(status.st_size) / Double(number),
        unit: "B a message"),
    ]
  }

  /// A batch for each message, with what a gossip message brings along.
  func singles(_ count: Int) -> [Figure] {
    var microseconds: [Double] = []
    for _ in 0..<count {
      let message = nextMessage()
      let writes = [Write.insert(message), .author(message.key.author, sequence: message.sequence)]
      microseconds.append(1e6 * Clock.timed(Clock.wall) { _ = store.apply(writes, at: .zero) })
    }
    microseconds.sort()
    return [
      Figure(name: "store: one message, median", measured: microseconds[count / 2], unit: "us"),
      Figure(
        name: "store: one message, 99 of 100 are faster", measured: microseconds[count * 99 / 100], unit: "us"
      ),
    ]
  }

  // MARK: Answering

  func searches() -> [Figure] {
    let questions: [(name: String, text: String, conversation: Conversation?)] = [
      ("a word in every message", "everywhere", nil),
      ("the beginning of that word", "every", nil),
      ("one letter", "e", nil),
      ("a common word", talk.word(3), nil),
      ("a rare word", talk.word(45_000), nil),
      ("a rare word and the common beginning", "\(talk.word(45_000)) every", nil),
      ("two common words", "\(talk.word(2)) \(talk.word(5))", nil),
      ("no such word", "zzzzzzzz", nil),
      ("a common word in a small conversation", "everywhere", .peer(talk.authors[0])),
    ]
    let limit = Figure.Goal.atMost(50)
    return questions.map { question in
      var samples = Samples()
      for _ in 0..<31 {
        samples.append(
          1000
            * Clock.timed(Clock.wall) {
              _ = store.search(question.text, in: question.conversation, limit: 50)
            })
      }
      return Figure(
        name: "search: \(question.name)", measured: samples.median, unit: "ms", goal: limit)
    }
  }

  func pages() -> [Figure] {
    var newest = Samples()
    var older = Samples()
    for _ in 0..<31 {
      newest.append(1000 * Clock.timed(Clock.wall) { _ = store.history(of: .global, limit: 50) })
    }
    var before = store.history(of: .global, limit: 1).first?.key
    for _ in 0..<31 {
      older.append(
        1000
          * Clock.timed(Clock.wall) {
            before = store.history(of: .global, limit: 50, before: before).first?.key
          })
    }
    var overview = Samples()
    for _ in 0..<7 { overview.append(1000 * Clock.timed(Clock.wall) { _ = store.conversations() }) }
    var start = Samples()
    for _ in 0..<7 { start.append(1000 * Clock.timed(Clock.wall) { _ = store.load() }) }
    return [
      Figure(name: "store: the newest page of 50", measured: newest.median, unit: "ms"),
      Figure(name: "store: the page before", measured: older.median, unit: "ms"),
      Figure(name: "store: the list of conversations", measured: overview.median, unit: "ms"),
      Figure(name: "store: what a node starts with", measured: start.median, unit: "ms"),
    ]
  }

  private func nextMessage() -> Message {
    number += 1
    let digits = String(number, radix: 16)
    // One message in a thousand is direct.
    let author = talk.authors[Int.random(in: 0..<talk.authors.count, using: &generator)]
    return Message(
      key: MessageKey(author: author, id: String(repeating: "0", count: 32 - digits.count) + digits),
      conversation: number.isMultiple(of: 1000) ? .peer(talk.authors[number / 1000 % 10]) : .global,
      sequence: UInt64(number), text: talk.text(using: &generator), sentMs: Int64(number),
      receivedMs: Int64(number), state: .received)
  }
}

/// What people say: ten words, the n-th of them as often as one in n, and one word that is in every message.
private struct Talk {
  let authors: [PeerID]
  private let words: [String]

  init() {
    var generator = SeededGenerator(seed: 2)
    words = (0..<50_000).map { _ in
      let letters = (0..<Int.random(in: 2...11, using: &generator)).map { _ in
        Character(UnicodeScalar(UInt8.random(in: 97...122, using: &generator)))
      }
      return String(letters)
    }
    authors = (0..<200).map { number in
      let key = [UInt8](repeating: UInt8(number), count: 32)
      guard let peer = try? PeerID(bytes: [0x00, 0x24, 0x08, 0x01, 0x12, 0x20] + key) else {
        preconditionFailure("author \(number) has no valid id")
      }
      return peer
    }
  }

  func word(_ rank: Int) -> String { words[rank] }

  func text(using generator: inout SeededGenerator) -> String {
    var text = "everywhere"
    for _ in 0..<9 {
      // Uniform in the logarithm of the rank: Zipf's law.
      let rank = exp(Double.random(in: 0..<log(Double(words.count)), using: &generator))
      text += " " + words[min(Int(rank), words.count - 1)]
    }
    return text
  }
}
