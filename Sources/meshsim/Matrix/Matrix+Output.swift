import Scenario

extension Matrix {
  /// The table, what its signs mean, and every pair that is not as foretold.
  func text(_ cells: [Cell]) -> String {
    let width = kinds.map(\.name.count).max() ?? 0
    var lines = [
      "TCP hole punching; rows dial columns. ● direct, ○ relayed, as foretold; ✗ not as foretold.", "",
    ]
    let numbers = kinds.indices.map { "\($0 + 1)".leftPadded(to: 3) }.joined()
    lines.append(String(repeating: " ", count: width + 5) + numbers)
    for (index, kind) in kinds.enumerated() {
      let row = cells.filter { $0.pair.left == index }.map { "  \($0.sign)" }.joined()
      lines.append("\("\(index + 1)".leftPadded(to: 3))  \(kind.name.padded(to: width))\(row)")
    }
    lines.append("")
    for (words, count) in Self.counted(cells.map(\.expected.words)) {
      lines.append("\("\(count)".leftPadded(to: 5)) pairs foretold \(words)")
    }
    for (reason, count) in Self.counted(cells.compactMap(\.reason)) {
      lines.append("\("\(count)".leftPadded(to: 5)) pairs said: \(reason)")
    }
    let wrong = cells.filter { !$0.isExplained }
    for cell in wrong {
      let found = cell.isDirect ? "direct" : "relayed, \(cell.reason.map { "“\($0)”" } ?? "without a reason")"
      lines.append("✗ \(name(of: cell.pair)): \(found); foretold \(cell.expected.words)")
    }
    lines.append(
      "\(cells.count - wrong.count) of \(cells.count) pairs as foretold, \(wrong.count) unexplained")
    return lines.joined(separator: "\n")
  }

  func json(_ cells: [Cell]) -> JSON {
    [
      "transport": "tcp", "kinds": .array(kinds.map { .string($0.name) }),
      "unexplained": .integer(Int64(cells.count { !$0.isExplained })),
      "pairs": .array(
        cells.map { cell in
          [
            "left": .string(kinds[cell.pair.left].name), "right": .string(kinds[cell.pair.right].name),
            "foretold": .string(cell.expected.words), "found": .string(cell.isDirect ? "direct" : "relayed"),
            "attempt": cell.attempt.flatMap { Int64($0) }.map { .integer($0) } ?? .null,
            "reason": cell.reason.map { .string($0) } ?? .null, "passed": .bool(cell.isExplained),
          ]
        }),
    ]
  }

  /// Each once, in the order of its first, and how often.
  private static func counted(_ words: [String]) -> [(String, Int)] {
    words.uniqued.map { word in (word, words.count { $0 == word }) }
  }
}

extension Matrix.Cell {
  fileprivate var sign: String { !isExplained ? "✗" : isDirect ? "●" : "○" }
}

extension String {
  fileprivate func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
