import OrderedCollections
import SansIO
import Wire

/// What servers found out about one thing, the latest of each network: however many servers an operator has,
/// it has one voice.
struct Votes: Sendable {
  /// More networks than are needed for the highest confidence, by far; the oldest make room.
  static let networksMax = 16

  struct Vote: Sendable {
    let isSuccess: Bool
    let at: Instant
  }

  /// In the order in which they came.
  private var votes: OrderedDictionary<AddressPrefix, Vote> = [:]
  private(set) var conclusion = Reachability.unknown

  subscript(_ network: AddressPrefix) -> Vote? { votes[network] }
  var networks: [AddressPrefix] { [AddressPrefix](votes.keys) }
  var latest: Vote? { votes.values.last }
  var oldest: Vote? { votes.values.first }

  /// Voices for, less voices against.
  var lead: Int { votes.values.reduce(0) { $0 + ($1.isSuccess ? 1 : -1) } }

  /// - Parameters:
  ///   - successesMin, failuresMin: the lead that is enough to conclude. Less than that changes a conclusion
  ///     only once it has as many voices against it as for it.
  mutating func record(
    isSuccess: Bool, by network: AddressPrefix, at now: Instant, successesMin: Int, failuresMin: Int
  ) {
    votes.removeValue(forKey: network)
    votes[network] = Vote(isSuccess: isSuccess, at: now)
    if votes.count > Self.networksMax { votes.removeFirst() }
    if lead >= successesMin {
      conclusion = .public
    } else if -lead >= failuresMin {
      conclusion = .private
    } else if conclusion == .public && lead <= 0 || conclusion == .private && lead >= 0 {
      conclusion = .unknown
    }
  }

  /// Without any left, nothing is known any more.
  mutating func forget(before instant: Instant) {
    while let first = votes.values.first, first.at < instant { votes.removeFirst() }
    if votes.isEmpty { conclusion = .unknown }
  }

  /// Whether a vote says the same as all of them.
  func agrees(_ vote: Vote) -> Bool {
    switch conclusion {
    case .unknown: false
    case .public: vote.isSuccess
    case .private: !vote.isSuccess
    }
  }
}
