import Glibc

/// A time of day as people here write it.
public struct LocalTime {
  private let parts: tm

  /// - Parameter ms: milliseconds since the Unix epoch.
  public init(ms: Int64) {
    var seconds = time_t(clamping: ms / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    self.parts = parts
  }

  /// `2026-11-23 09:05:01`.
  public var text: String { "\(date) \(time)" }
  /// `2026-11-23`.
  public var date: String {
    "\(Self.digits(Int(parts.tm_year) + 1900, 4))-\(Self.digits(Int(parts.tm_mon) + 1, 2))"
      + "-\(Self.digits(Int(parts.tm_mday), 2))"
  }
  /// `09:05:01`.
  public var time: String { "\(minute):\(Self.digits(Int(parts.tm_sec), 2))" }
  /// `09:05`.
  public var minute: String {
    "\(Self.digits(Int(parts.tm_hour), 2)):\(Self.digits(Int(parts.tm_min), 2))"
  }

  private static func digits(_ number: Int, _ width: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
