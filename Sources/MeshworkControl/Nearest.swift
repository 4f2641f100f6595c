/// Finds the word a person probably meant.
enum Nearest {
  /// "; did you mean …?", if one of the candidates is close enough to be meant.
  static func suggestion(for word: String, among candidates: [String]) -> String? {
    let word = word.lowercased()
    // Long input is not a typing mistake, and the distance below is quadratic.
    guard word.utf8.count <= 64 else { return nil }
    let ranked = candidates.map { (candidate: $0, distance: distance(word, $0.lowercased())) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= 2 + word.count / 5 else {
      return nil
    }
    return "; did you mean \"\(best.candidate)\"?"
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (optimal
  /// string alignment).
  private static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, byte) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        var best = min(last[column + 1] + 1, current[column] + 1, last[column] + (byte == other ? 0 : 1))
        if row > 0, column > 0, byte == right[column - 1], other == left[row - 1] {
          best = min(best, beforeLast[column - 1] + 1)
        }
        current.append(best)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
