/// A number of bytes as people write it: `100000000`, `100M`, `1.5GB`, `1GiB`.
public struct ByteCount: Hashable, Sendable {
  /// The number itself.
  public let bytes: UInt64

  /// Units of ten (k, M, G, T, with or without B) and of two (Ki, Mi, Gi, Ti, with or without B), in any
  /// case.
  public init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), let unit = Self.unit(text.dropFirst(digits.count).lowercased()) else {
      return nil
    }
    if let whole = UInt64(digits) {
      let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
      guard !overflow else { return nil }
      bytes = product
    } else {
      guard let product = UInt64(exactly: (number * Double(unit)).rounded()) else { return nil }
      bytes = product
    }
  }

  private static func unit(_ suffix: String) -> UInt64? {
    switch suffix {
    case "", "b": 1
    case "k", "kb": 1_000
    case "m", "mb": 1_000_000
    case "g", "gb": 1_000_000_000
    case "t", "tb": 1_000_000_000_000
    case "ki", "kib": 1 << 10
    case "mi", "mib": 1 << 20
    case "gi", "gib": 1 << 30
    case "ti", "tib": 1 << 40
    default: nil
    }
  }
}
