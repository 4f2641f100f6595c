package import SansIO

/// Every limit and rhythm of a client, with its reason.
package struct ClientConfiguration: Hashable, Sendable {
  /// Addresses of this machine and this network are asked about, and servers there are asked: for tests, and
  /// for meshes that have no others.
  package var allowsPrivate = false

  // MARK: Concluding

  /// So many networks more must say one thing than the other before it is concluded; with servers in fewer
  /// networks, those few are enough. A version 1 success, which nobody can verify, always takes as many.
  package var agreementMin = 2
  /// A lead of so many needs no more asking until it is time to refresh. Go's.
  package var confidenceMax = 3
  /// A vote nobody has renewed counts for so long: enough for the networks to be asked in turn.
  package var voteLifetime: Duration = .seconds(4 * 3600)

  // MARK: Asking

  /// From the beginning, or a change of the network, to the first question: others settle first. Go waits
  /// 15 s for a node that is to run for months; somebody waits for this one.
  package var bootDelay: Duration = .seconds(2)
  /// Between two questions about one thing: the first few times, and when that has settled nothing.
  package var askInterval: Duration = .seconds(1)
  package var quickAsksMax = 6
  /// Also to asking a network again that differs from the others. Go's.
  package var retryInterval: Duration = .seconds(90)
  /// Go's, less up to a tenth.
  package var refreshInterval: Duration = .seconds(15 * 60)
  /// To asking a network again about an address that it would not dial. Go's.
  package var refusalPause: Duration = .seconds(600)
  /// Between two questions to one server: what servers allow, twelve a minute and two.
  package var pauseV1: Duration = .seconds(90)
  package var pauseV2: Duration = .seconds(6)
  /// After a server that failed, doubled with every failure in a row.
  package var failurePauseMin: Duration = .seconds(60)
  package var failurePauseMax: Duration = .seconds(3600)
  /// To the whole answer. A version 1 server tells failure after 15 s; one of version 2 may first take data.
  package var requestTimeout: Duration = .seconds(30)
  /// From a server's word that it reached us to the nonce that proves it. Go's.
  package var proofTimeout: Duration = .seconds(5)

  // MARK: Limits

  /// Questions in flight.
  package var requestsMax = 3
  /// Addresses that are tracked, Go's number, and those among them that anybody may have made up.
  package var candidatesMax = 50
  package var observedMax = 8
  /// Addresses in one request, Go's number.
  package var addressesPerRequestMax = 10
  package var serversMax = 64
  package var serversPerNetworkMax = 4
  /// Demands for dial data that are met: 100 kB each, at worst 1 MB at once and then 20 kB a minute.
  package var dialDataRate = Rate(burst: 10, interval: .seconds(300))
  /// Dial-back streams at once; there are never more requests.
  package var dialBacksMax = 8
  /// From the opening of one to its nonce, and to its end.
  package var dialBackTimeout: Duration = .seconds(5)

  package init() {}

  func pause(after version: Version) -> Duration { version == .v1 ? pauseV1 : pauseV2 }
}
