import SansIO

/// At most `burst` at once and `perSecond` in the long run, in one instant of state: the generic cell rate
/// algorithm (ITU-T I.371).
struct RateLimit: Sendable {
  private let spacing: Duration
  private let tolerance: Duration
  /// When the next one would be due if they came evenly.
  private var due = Instant.zero

  init(burst: Int, perSecond: Int) {
    spacing = .seconds(1) / perSecond
    tolerance = spacing * (burst - 1)
  }

  /// False, and not counted, when this one is too many.
  mutating func admits(at now: Instant) -> Bool {
    let start = max(due, now)
    guard start - now <= tolerance else { return false }
    due = start + spacing
    return true
  }
}
