import SansIO
import Wire

/// Where the asking about one thing stands, our whole node or one address.
struct Inquiry: Sendable {
  var votes = Votes()
  /// Networks whose servers would not dial it, and when.
  var refusals: [AddressPrefix: Instant] = [:]
  var isAsked = false
  /// When it was asked last, and how often since it was last settled.
  private var lastAsked: Instant?
  private var asks = 0
  /// This time's interval: a little shorter than the rule, so that not all who began together ask together.
  private var refreshInterval: Duration = .zero

  /// Nobody can say anything: every answer was that it will not be dialled.
  var isStuck: Bool { votes.latest == nil && !refusals.isEmpty }

  func isSettled(_ rules: ClientConfiguration) -> Bool { abs(votes.lead) >= rules.confidenceMax }

  mutating func asked(at now: Instant) {
    isAsked = true
    lastAsked = now
    asks += 1
  }

  mutating func answered(
    isSuccess: Bool, by network: AddressPrefix, at now: Instant, successesMin: Int, failuresMin: Int,
    refreshInterval: Duration, _ rules: ClientConfiguration
  ) {
    refusals[network] = nil
    votes.record(
      isSuccess: isSuccess, by: network, at: now, successesMin: successesMin, failuresMin: failuresMin)
    self.refreshInterval = refreshInterval
    if isSettled(rules) { asks = 0 }
  }

  /// When a server in this network may be asked next about it, for all that this thing itself has to say.
  func due(in network: AddressPrefix, _ rules: ClientConfiguration) -> Instant {
    var due = Instant.zero
    if let lastAsked {
      due = lastAsked + (asks < rules.quickAsksMax ? rules.askInterval : rules.retryInterval)
    }
    if let refusal = refusals[network] { due = max(due, refusal + rules.refusalPause) }
    if let vote = votes[network] {
      due = max(due, vote.at + (votes.agrees(vote) ? refreshInterval : rules.retryInterval))
    }
    if isSettled(rules), let latest = votes.latest { due = max(due, latest.at + refreshInterval) }
    return due
  }
}
