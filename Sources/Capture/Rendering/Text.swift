import Identity

/// Small forms that several facts are shown in.
enum Text {
  private static let digits = Array("0123456789abcdef".utf8)

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// A peer by its last characters, which differ even where all keys are of one kind.
  static func short(_ peer: PeerID) -> String { "…" + peer.description.suffix(6) }

  static func bytes(_ count: Int, _ bytes: [UInt8]) -> String {
    let shown = bytes.prefix(16)
    return "\(count) bytes \(hexadecimal(Array(shown)))" + (shown.count < count ? "…" : "")
  }

  /// With three decimals.
  static func milliseconds(_ nanoseconds: Int64) -> String {
    decimal(nanoseconds / 1000, places: 3)
  }

  /// With six decimals.
  static func seconds(_ nanoseconds: Int64) -> String {
    decimal(nanoseconds / 1000, places: 6)
  }

  /// A number that is short of its point by so many places.
  private static func decimal(_ number: Int64, places: Int) -> String {
    let text = String(number.magnitude)
    let padded = String(repeating: "0", count: max(0, places + 1 - text.count)) + text
    return (number < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
  }

  static func padded(_ text: String, to width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? space + text : text + space
  }
}
