// How numbers and lists are said in names and messages.

extension Double {
  /// Milliseconds as `1.5 s`, `250 ms` or `5 min`.
  package var asTime: String {
    if self >= 60_000, truncatingRemainder(dividingBy: 60_000) == 0 { return (self / 60_000).short + " min" }
    return self >= 1000 ? (self / 1000).short + " s" : short + " ms"
  }

  /// At most three digits behind the point, none that is not needed.
  package var short: String {
    guard isFinite, magnitude < 1e15 else { return "\(self)" }
    let thousandths = Int64((self * 1000).rounded())
    let (whole, rest) = thousandths.magnitude.quotientAndRemainder(dividingBy: 1000)
    var digits = String(rest)
    while digits.utf8.count < 3 { digits = "0" + digits }
    while digits.hasSuffix("0") { digits.removeLast() }
    return (thousandths < 0 ? "-" : "") + "\(whole)" + (digits.isEmpty ? "" : "." + digits)
  }
}

extension [String] {
  /// `a`, `a and b`, `a, b and c`.
  package var inWords: String {
    guard let last, count > 1 else { return first ?? "nobody" }
    if count > 6 { return "\(self[0]), \(self[1]) … \(last) (\(count))" }
    return dropLast().joined(separator: ", ") + " and " + last
  }

  package var uniqued: [String] {
    var seen = Set<String>()
    return filter { seen.insert($0).inserted }
  }
}

extension Duration {
  /// Milliseconds with fraction; what no `Double` holds exactly is rounded.
  package var inMs: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) * 1000 + Double(attoseconds) / 1e15
  }
}
