/// What Tab goes through.
struct Completion: Sendable {
  private let candidates: [String]
  private var index = -1
  /// Characters before the cursor that the next candidate takes the place of.
  private(set) var replaced: Int

  /// Nil when there is nothing that begins like this.
  ///
  /// - Parameter head: the line up to the cursor.
  init?(head: String, people: [String], rooms: [String]) {
    let word = head.suffix(while: { !$0.isWhitespace })
    let before = head.dropLast(word.count)
    let command = before.prefix { !$0.isWhitespace }
    let isFirst = before.allSatisfy(\.isWhitespace)
    let isSecond = before.dropFirst(command.count).allSatisfy(\.isWhitespace)
    let choices: [String]
    switch (isFirst, command) {
    case (true, _): choices = word.hasPrefix("/") ? Command.known.map { "\($0) " } : people.map { "\($0): " }
    case (_, "/msg") where isSecond: choices = (people + rooms.map { "#\($0)" }).map { "\($0) " }
    case (_, "/join") where isSecond, (_, "/leave") where isSecond: choices = rooms
    default: choices = people
    }
    let wanted = word.lowercased()
    candidates = choices.filter { $0.lowercased().hasPrefix(wanted) }
    guard !candidates.isEmpty, !wanted.isEmpty || !isFirst else { return nil }
    replaced = word.count
  }

  /// The next one, or the one before.
  mutating func next(backwards: Bool) -> String {
    let count = candidates.count
    index = backwards ? (max(index, 0) + count - 1) % count : (index + 1) % count
    return candidates[index]
  }

  /// The candidate is in the line now.
  mutating func shown(_ candidate: String) { replaced = candidate.count }
}

extension String {
  fileprivate func suffix(while predicate: (Character) -> Bool) -> Substring {
    var start = endIndex
    while start > startIndex, predicate(self[index(before: start)]) { start = index(before: start) }
    return self[start...]
  }
}
