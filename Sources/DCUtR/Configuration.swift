/// Every limit and rhythm of direct connection upgrades, with its reason.
package struct Configuration: Hashable, Sendable {
  // MARK: Attempts

  /// Attempts of one series, each with a round trip of its own (the specification's three: of all that
  /// succeed, 97.6 % do so on the first, arXiv 2510.27500).
  package var attemptsMax = 3
  /// From the first SYN until TCP stands: three SYNs, of Linux's after 0, 1 and 3 s. Go waits as long.
  package var attemptTimeout: Duration = .seconds(5)
  /// And as long again for the handshake, once TCP stands.
  package var handshakeTimeout: Duration = .seconds(5)
  /// The last attempt is made in reversed roles, by both sides, as Go does since 0.41 for those before it.
  package var reversesRolesOnLastAttempt = true
  /// How long a responder waits for the peer's first byte before it becomes the initiator: B, the side that
  /// started, first, and A long after it, so that two responders do not both. Two round trips are added,
  /// but no more than `patienceMax`: a first flight that was lost shall not be mistaken for silence. Nil:
  /// never.
  package var startingSideInitiatesAfter: Duration? = .seconds(1)
  package var answeringSideInitiatesAfter: Duration? = .milliseconds(2500)
  package var patienceMax: Duration = .milliseconds(1200)
  /// B dials A's public addresses while it asks for the exchange.
  package var dialsFirst = true
  package var dialTimeout: Duration = .seconds(5)

  // MARK: The exchange

  /// From asking for a stream to A's CONNECT.
  package var answerTimeout: Duration = .seconds(10)
  /// Of a round trip that is longer, this is believed: the SYNs are repeated for seconds anyway, and nobody
  /// shall make us wait.
  package var roundTripMax: Duration = .seconds(4)
  /// A's stream, from its opening to SYNC; like Go's.
  package var streamTimeout: Duration = .seconds(60)
  /// For the peer's end of a stream that is done.
  package var lingerTimeout: Duration = .seconds(10)

  /// A takes a SYNC within this time of the one before for the same series of B's. It covers an attempt that
  /// fails in its handshake and the next exchange, and is less than the shortest retry.
  package var seriesWindow: Duration = .seconds(20)

  // MARK: Addresses

  /// Dialled at once and told; like Python's.
  package var addressesMax = 20
  /// Of these at one host: a router that maps differently to each has been seen at a few ports, and a peer
  /// shall not have us scan somebody.
  package var addressesPerHostMax = 4
  /// Private and loopback addresses are told and dialled too: for tests, and for networks without internet.
  package var allowsLocalAddresses = false

  // MARK: Trying again

  /// After the first, second … series that failed, and the last one for those that follow; less up to a
  /// quarter, so that two sides do not stay in step.
  package var retryDelays: [Duration] = [.seconds(30), .seconds(120), .seconds(600)]
  /// After the last direct connection was lost: whatever broke it may be over.
  package var lostPause: Duration = .seconds(2)
  /// At least this long between two series with a peer, whatever changes.
  package var seriesPause: Duration = .seconds(10)
  /// Series that a peer causes by changing what it says of itself: so many at once, then one every so often.
  package var promptsBurst = 3
  package var promptInterval: Duration = .seconds(60)

  // MARK: Many

  /// Peers with a relayed connection, or that lately had one; as many as circuits.
  package var peersMax = 512
  /// Relayed connections with one peer.
  package var connectionsPerPeerMax = 8
  /// Upgrades that go on at once, of both sides: with 20 addresses each, 320 SYNs a second at worst. More of
  /// ours wait, of theirs are refused.
  package var upgradesMax = 16
  /// Inbound streams of all peers.
  package var streamsMax = 64
  /// Inbound streams of one peer: two series at once, then one stream every so often.
  package var streamsPerPeerBurst = 6
  package var streamInterval: Duration = .seconds(10)
  /// How long what is known of a peer outlives its last relayed connection, so that opening another one gets
  /// round no limit.
  package var memory: Duration = .seconds(600)

  package init() {}
}
