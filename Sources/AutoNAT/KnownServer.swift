import Identity
import SansIO
import Wire

/// A peer that answers the questions of others.
struct KnownServer: Sendable {
  var versions: Set<Version>
  let ip: IPAddress
  let network: AddressPrefix
  /// Who is asked first among those that are as good.
  let rank: UInt64
  var isBusy = false
  var isAskableFrom: Instant
  /// In a row: no answer, a useless one, or a lie.
  private var failures = 0

  init(_ versions: Set<Version>, at ip: IPAddress, rank: UInt64, now: Instant) {
    self.versions = versions
    self.ip = ip
    network = .network(of: ip)
    self.rank = rank
    isAskableFrom = now
  }

  mutating func answered(at now: Instant, pause: Duration) {
    failures = 0
    isAskableFrom = now + pause
  }

  /// Every failure doubles the pause.
  mutating func failed(at now: Instant, _ rules: ClientConfiguration) {
    let doublings = min(failures, 6)
    failures += 1
    isAskableFrom = now + min(rules.failurePauseMin * (1 << doublings), rules.failurePauseMax)
  }
}
