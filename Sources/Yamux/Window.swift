import SansIO

/// Credit arithmetic. Windows count the bytes of data frames only, and start at 256 KiB each way whatever
/// either side would like (spec, "Flow Control").
enum Window {
  static let initialBytes: UInt32 = 256 * 1024
}

/// What the peer lets us send.
struct SendWindow: Hashable, Sendable {
  private(set) var credit = Window.initialBytes

  /// False, and nothing changed, when the sum cannot be held (CVE-2026-31814).
  mutating func grant(_ bytes: UInt32) -> Bool {
    let (sum, overflow) = credit.addingReportingOverflow(bytes)
    if overflow { return false }
    credit = sum
    return true
  }

  mutating func spend(_ bytes: Int) {
    precondition(bytes >= 0 && bytes <= Int(credit), "sent \(bytes) with a window of \(credit)")
    credit -= UInt32(bytes)
  }
}

/// What we let the peer send. `limit` = credit it holds + bytes unread above us + bytes consumed and not yet
/// granted.
struct ReceiveWindow: Hashable, Sendable {
  private(set) var limit = Window.initialBytes
  private(set) var credit = Window.initialBytes
  private(set) var consumedBytes: UInt32 = 0
  private var lastGrant: Instant

  init(now: Instant) {
    lastGrant = now
  }

  var unreadBytes: UInt32 { limit - credit - consumedBytes }

  /// What this window takes from the budget beyond its initial size.
  var grownBytes: Int { Int(limit - Window.initialBytes) }

  /// Half a window at a time: frequent enough that the peer never stalls, rare enough to cost nothing.
  var owesGrant: Bool { consumedBytes >= limit / 2 }

  /// False, and nothing changed, when the peer sends more than it may.
  mutating func spend(_ bytes: UInt32) -> Bool {
    guard bytes <= credit else { return false }
    credit -= bytes
    return true
  }

  mutating func consume(_ bytes: Int) {
    precondition(
      bytes >= 0 && bytes <= Int(unreadBytes), "consumed \(bytes) of \(unreadBytes) bytes delivered")
    consumedBytes += UInt32(bytes)
  }

  /// The credit for a window update, now. When half a window went by in under four round trips the window is
  /// what holds the peer back, so it doubles, by at most `growthMax` (go-yamux does the same).
  mutating func takeGrant(at now: Instant, roundTrip: Duration?, growthMax: UInt32) -> UInt32 {
    var growth: UInt32 = 0
    if let roundTrip, now - lastGrant < roundTrip * 4 {
      growth = min(limit, growthMax)
    }
    let grant = consumedBytes + growth
    limit += growth
    credit += grant
    consumedBytes = 0
    lastGrant = now
    return grant
  }
}
