package import SansIO

/// Every limit of a server, with its reason.
package struct ServerConfiguration: Hashable, Sendable {
  /// Addresses of this machine and this network may be dialled: for tests, and for meshes that have no
  /// others.
  package var allowsPrivate = false

  // MARK: Streams

  /// Streams at once; more are reset. Sixty requests a minute that last fifteen seconds are fifteen.
  package var streamsMax = 256
  /// Of one peer, answered ones that it leaves open with them.
  package var streamsPerPeerMax = 8
  /// Requests of one peer that are not answered yet. Go's.
  package var requestsPerPeerMax = 2
  /// From a stream's opening to the whole request, its data with it. Go's.
  package var requestTimeout: Duration = .seconds(15)
  /// How long a peer may leave its half of an answered stream open.
  package var lingerTimeout: Duration = .seconds(10)
  /// Peers and addresses whose rates are remembered.
  package var ratesMax = 4096

  // MARK: Version 1

  /// Go's and Rust's throttle: thirty a minute, three of one peer.
  package var v1Rate = Rate(burst: 30, interval: .seconds(2))
  package var v1RatePerPeer = Rate(burst: 3, interval: .seconds(20))
  /// As many as a household's peers.
  package var v1RatePerAddress = Rate(burst: 10, interval: .seconds(6))
  /// Addresses tried for one request, the one it came from with them. Go's.
  package var v1AddressesMax = 16
  /// Of those at a time.
  package var v1DialsMax = 4
  /// To the first connection. Failure is told when it is over and not before, as in Go, so that nobody learns
  /// from the time it took which ports of a NAT answer.
  package var v1DialTimeout: Duration = .seconds(15)

  // MARK: Version 2

  /// Go's: one a second, of one peer one in five seconds.
  package var v2Rate = Rate(burst: 60, interval: .seconds(1))
  package var v2RatePerPeer = Rate(burst: 12, interval: .seconds(5))
  package var v2RatePerAddress = Rate(burst: 30, interval: .seconds(2))
  /// Of requests to dial another IP than the asker's. Go's.
  package var v2RateOfData = Rate(burst: 12, interval: .seconds(5))
  /// A message of dial data has at least as many, unless it is the last. Go's.
  package var dialDataMessageBytesMin = 100
  /// Before dialling another IP than the asker's, a random wait up to this, so that many askers cannot make
  /// many servers strike at one moment. Go's.
  package var dialDelayMax: Duration = .seconds(3)
  /// Go's is 10 s, but Rust's clients wait 10 s in all. Four attempts of TCP's fit into 8 s.
  package var v2DialTimeout: Duration = .seconds(8)
  /// From the connection to the client's response to the nonce. Go's.
  package var dialBackTimeout: Duration = .seconds(5)

  package init() {}
}
