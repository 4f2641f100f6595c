import Foundation

/// The report as people read it.
enum Table {
  private static let head = ["figure", "measured", "bound in the same run", "", "ratio", "goal", ""]
  /// Columns of numbers, which align on the right.
  private static let numeric: Set<Int> = [1, 3, 4]

  static func text(_ figures: [Figure]) -> String {
    let rows = [head] + figures.map(row)
    let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return numeric.contains(column) ? space + cell : cell + space
      }
      .joined(separator: "  ")
    }
    let rule = String(repeating: "─", count: lines.map(\.count).max() ?? 0)
    return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
  }

  private static func row(_ figure: Figure) -> [String] {
    [
      figure.name, "\(number(figure.measured)) \(figure.unit)", figure.bound?.name ?? "",
      figure.bound.map { "\(number($0.value)) \(figure.unit)" } ?? "",
      figure.bound.map { number($0.ratio) } ?? "", figure.goal.map(text) ?? "",
      figure.isReached.map { $0 ? "reached" : "SHORT" } ?? "",
    ]
  }

  private static func text(_ goal: Figure.Goal) -> String {
    switch goal {
    case .atMost(let limit): "≤ \(number(limit))"
    case .atLeast(let limit): "≥ \(number(limit))"
    case .ratioAtLeast(let limit): "ratio ≥ \(number(limit))"
    case .ratioAtMost(let limit): "ratio ≤ \(number(limit))"
    }
  }

  /// Three digits that mean something, no more.
  static func number(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e6 { return String(format: "%.0f", value) }
    let decimals = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3
    return String(format: "%.\(decimals)f", value)
  }
}
