import Foundation

/// The accepted value of every counted figure: one small file each, holding one number. Raising one needs a
/// reason in the commit.
struct Thresholds {
  let folder: String

  /// What is wrong with a counted figure, if anything is.
  func objection(to figure: Figure) -> String? {
    guard let name = figure.counted else { return nil }
    let path = "\(folder)/\(name)"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let accepted = Double(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else { return "\(figure.name): no accepted value, \(path) should hold one number" }
    if figure.measured <= accepted { return nil }
    return
      "\(figure.name): \(Table.number(figure.measured)) \(figure.unit), "
      + "accepted are \(Table.number(accepted))"
      + " (\(path))"
  }
}
