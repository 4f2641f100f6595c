import SansIO

/// A rate of bytes: `burst` at once, then so many a second (the generic cell rate algorithm, ITU-T I.371, as
/// in `TokenBucket`, with bytes for tokens).
struct Pace: Sendable {
  private let bytesPerSecond: Int
  private let burstBytes: Int
  private var fullAt = Instant.zero

  init(bytesPerSecond: Int, burstBytes: Int) {
    precondition(
      bytesPerSecond > 0 && burstBytes > 0, "\(bytesPerSecond) bytes a second, \(burstBytes) at once")
    self.bytesPerSecond = bytesPerSecond
    self.burstBytes = burstBytes
  }

  /// What may be sent now.
  func allowance(at now: Instant) -> Int {
    let owed = max(.zero, fullAt - now).milliseconds * Double(bytesPerSecond) / 1000
    return max(0, burstBytes - Int(min(owed.rounded(.up), Double(burstBytes))))
  }

  mutating func spend(_ bytes: Int, at now: Instant) { fullAt = max(fullAt, now) + duration(of: bytes) }

  /// Whether so many may be sent now, or as many as may ever be at once.
  func allows(_ bytes: Int, at now: Instant) -> Bool { allowance(at: now) >= min(bytes, burstBytes) }

  /// When that will be so; a byte's time later, because allowances are whole bytes.
  func ready(for bytes: Int) -> Instant {
    fullAt + (duration(of: min(bytes, burstBytes) + 1) - duration(of: burstBytes))
  }

  private func duration(of bytes: Int) -> Duration {
    .nanoseconds(Int64(Double(bytes) * 1_000_000_000 / Double(bytesPerSecond)))
  }
}
