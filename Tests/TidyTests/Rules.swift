// The rules, each a function from a file to what breaks it there.

import Foundation

extension SourceFile {
  var violations: [Violation] {
    if isGenerated { return [] }
    return [
      imports, words, randomness, force, unfinished, preconditions, unsafety, lengths, machinePaths,
    ].flatMap { $0 }
  }

  private func violation(_ rule: Violation.Rule, _ line: Int, _ detail: String) -> Violation {
    Violation(rule: rule, path: path, line: line, detail: detail)
  }

  // Arrows.

  /// Modules the file imports, and where.
  var importedModules: [(module: String, line: Int)] {
    text.codeLines.enumerated().compactMap { index, line in
      var words = line.split(whereSeparator: \.isWhitespace)[...]
      while let first = words.first, first.hasPrefix("@") || Self.accessLevels.contains(String(first)) {
        words.removeFirst()
      }
      guard words.popFirst() == "import" else { return nil }
      if let first = words.first, Self.importKinds.contains(String(first)) { words.removeFirst() }
      guard let module = words.first?.prefix(while: { $0 != "." && $0 != ";" }) else { return nil }
      return (String(module), index + 1)
    }
  }

  private var imports: [Violation] {
    guard let room = rooms[target], isShipped || room.kind == .testSupport else { return [] }
    return importedModules.compactMap { module, line in
      if room.ours.contains(module) || room.theirs.contains(module) { return nil }
      return violation(.forbiddenImport, line, "\(target) may not import \(module)")
    }
  }

  private static let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
  private static let importKinds: Set<String> = [
    "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
  ]

  // Purity.

  private var words: [Violation] {
    guard isCore else { return [] }
    return text.tokens.compactMap { token in
      let isForbidden =
        Self.forbiddenWords.contains(token.word)
        || Self.forbiddenPrefixes.contains { token.word.hasPrefix($0) }
        || (Self.forbiddenCalls.contains(token.word) && isCall(token)
          && text.previous(before: token.offset) != UInt8(ascii: "."))
      return isForbidden ? violation(.forbiddenWord, token.line, "\(token.word) in a core target") : nil
    }
  }

  private static let forbiddenWords: Set<String> = [
    "async", "await", "actor", "Task", "TaskGroup", "MainActor", "AsyncStream", "AsyncSequence",
    "Mutex", "Atomic", "Lock", "NSLock", "pthread_mutex_t", "ManagedAtomic", "UnsafeAtomic",
    "Date", "UUID", "Clock", "ContinuousClock", "SuspendingClock", "NIODeadline", "clock_gettime",
    "gettimeofday",
    "SystemRandomNumberGenerator", "arc4random_buf", "getrandom", "randombytes_buf", "hashValue",
    "ProcessInfo",
  ]
  private static let forbiddenPrefixes = [
    "EventLoop", "Channel", "Dispatch", "NIOLock", "CheckedContinuation",
  ]
  private static let forbiddenCalls: Set<String> = [
    "print", "debugPrint", "dump", "puts", "fputs",
  ]

  private var randomness: [Violation] {
    guard isCore else { return [] }
    return text.tokens.compactMap { token in
      guard Self.drawingCalls.contains(token.word), text.previous(before: token.offset) == UInt8(ascii: "."),
        let open = text.next(after: token.offset + token.word.count), open.character == UInt8(ascii: "(")
      else { return nil }
      let isSeeded = text.arguments(from: open.offset).contains { text.codeText($0).contains("using:") }
      return isSeeded ? nil : violation(.unseededRandom, token.line, "\(token.word) without a generator")
    }
  }

  private static let drawingCalls: Set<String> = ["random", "randomElement", "shuffle", "shuffled"]

  // Robustness.

  private var force: [Violation] {
    guard isShipped else { return [] }
    return text.tokens.compactMap { token in
      let end = token.offset + token.word.count
      guard end < text.code.count, text.code[end] == UInt8(ascii: "!") else { return nil }
      switch token.word {
      case "try": return violation(.forcedTry, token.line, "try!")
      case "as": return violation(.forcedCast, token.line, "as!")
      default: return nil
      }
    }
  }

  private var unfinished: [Violation] {
    guard isShipped else { return [] }
    let stops = text.tokens.filter { $0.word == "fatalError" && isCall($0) }.compactMap {
      token -> Violation? in
      let message = rawArguments(of: token).joined().lowercased()
      let isUnfinished = message.isEmpty || ["todo", "implement", "\"\""].contains { message.contains($0) }
      return isUnfinished ? violation(.unfinishedCode, token.line, "fatalError where work is missing") : nil
    }
    let notes = text.commentLines.sorted().filter { line in
      let comment = text.rawLines[line - 1]
      return ["TODO", "FIXME", "XXX:"].contains { comment.contains($0) }
    }
    return stops + notes.map { violation(.unfinishedCode, $0, "a note of missing work") }
  }

  private var preconditions: [Violation] {
    guard isShipped else { return [] }
    return text.tokens.compactMap { token in
      let position: Int
      switch token.word {
      case "precondition", "assert": position = 1
      case "preconditionFailure", "assertionFailure": position = 0
      default: return nil
      }
      guard isCall(token) else { return nil }
      let arguments = rawArguments(of: token)
      if arguments.count > position, !["\"\"", "\"\"\"\"\"\""].contains(arguments[position]) { return nil }
      return violation(.emptyPrecondition, token.line, "\(token.word) without the state in a message")
    }
  }

  private var unsafety: [Violation] {
    text.tokens.compactMap { token in
      let isUnchecked = token.word == "unchecked" && text.previous(before: token.offset) == UInt8(ascii: "@")
      let isUnsafe =
        token.word == "nonisolated"
        && text.codeText(token.offset..<text.code.count).hasPrefix("nonisolated(unsafe)")
      guard isUnchecked || isUnsafe else { return nil }
      if text.commentLines.contains(token.line) || text.commentLines.contains(token.line - 1) { return nil }
      return violation(
        .unexplainedUnsafety, token.line, "\(token.word) without a comment that says why it holds")
    }
  }

  // Form.

  static let linesMax = 500
  static let columnsMax = 110

  private var lengths: [Violation] {
    let lines = text.rawLines
    let long = lines.enumerated().filter { $0.element.count > Self.columnsMax }.map { index, line in
      violation(.longLine, index + 1, "\(line.count) columns, of \(Self.columnsMax)")
    }
    // The last line ends with a newline, behind which nothing begins.
    let count = lines.last == "" ? lines.count - 1 : lines.count
    return count > Self.linesMax
      ? long + [violation(.longFile, count, "\(count) lines, of \(Self.linesMax)")] : long
  }

  private var machinePaths: [Violation] {
    text.rawLines.enumerated().flatMap { index, line in
      Self.machinePrefixes.filter { line.contains($0) }.map {
        violation(.machinePath, index + 1, "mentions \($0)…")
      }
    }
  }

  /// Written so that this file does not break its own rule.
  static let machinePrefixes = ["/" + "work/", "/" + "root/", "/tmp" + "/bash"]

  // Reading.

  private func isCall(_ token: SwiftText.Token) -> Bool {
    text.next(after: token.offset + token.word.count)?.character == UInt8(ascii: "(")
  }

  private func rawArguments(of token: SwiftText.Token) -> [String] {
    guard let open = text.next(after: token.offset + token.word.count), open.character == UInt8(ascii: "(")
    else {
      return []
    }
    return text.arguments(from: open.offset).map { range in
      text.rawText(range).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}
