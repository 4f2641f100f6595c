/// Every limit and rhythm of a relay's client, with its reason.
package struct ClientConfiguration: Hashable, Sendable {
  // MARK: Relays

  /// Reservations held at once: one may die and we are still reachable.
  package var relaysDesired = 2
  /// Relays known; of more the least wanted ones are forgotten.
  package var candidatesMax = 64
  /// Addresses kept and announced of one relay.
  package var addressesPerRelayMax = 4

  // MARK: Reservations

  /// From asking for a stream to the relay's answer.
  package var requestTimeout: Duration = .seconds(10)
  /// For a connection to a relay that the driver was asked for.
  package var connectTimeout: Duration = .seconds(30)
  /// A reservation is refreshed when this share of its lifetime is over, like rust-libp2p's, less up to a
  /// tenth so that clients of one relay do not refresh in step.
  package var refreshShare = 0.75
  /// At the latest, whatever the relay says: clocks differ, and a reservation that ended at the relay without
  /// our knowing makes us unreachable.
  package var refreshIntervalMax: Duration = .seconds(900)
  /// At the earliest: a relay whose clock is behind ours, or that gives seconds, is not asked all the time.
  package var refreshIntervalMin: Duration = .seconds(30)
  /// Between two of them, however often the network changes: as often as relays take one for long.
  package var refreshSpacing: Duration = .seconds(4)
  /// What is believed of a lifetime, and what is assumed without one: relays give an hour.
  package var lifetimeMax: Duration = .seconds(3600)
  package var lifetimeMin: Duration = .seconds(120)

  // MARK: Trying again

  /// To the first attempt at another relay after one was lost: all of its clients move at once.
  package var failoverJitter: Duration = .milliseconds(250)
  /// To the first attempt at a relay that was lost, when there is no other; from there doubled, with up to
  /// half of it taken off, to the longest.
  package var retryMin: Duration = .seconds(2)
  package var retryMax: Duration = .seconds(60)
  /// After a refusal for want of room, likewise.
  package var refusedRetryMin: Duration = .seconds(30)
  package var refusedRetryMax: Duration = .seconds(600)
  /// After a refusal for good: it is no relay, does not permit us, or forges vouchers.
  package var deniedRetry: Duration = .seconds(3600)
  /// How long a relay that came back is kept beside its substitute before that is let go: others need time to
  /// learn the address.
  package var surplusGrace: Duration = .seconds(60)

  // MARK: Circuits

  /// From asking for a stream to the relay's answer. Others wait 5 s (Go) or 10 s.
  package var dialTimeout: Duration = .seconds(10)
  /// From the relay's opening of a stop stream to its whole message.
  package var acceptTimeout: Duration = .seconds(10)
  /// Open at once, ours and theirs, and of those with one peer.
  package var circuitsMax = 256
  package var circuitsPerPeerMax = 4
  /// Streams of all kinds: circuits, and as many that are still asking or are answered.
  package var streamsMax = 512
  /// When a circuit's end is told beforehand: a quarter of what it may last or carry is left, but at most
  /// this long before its end.
  package var warningLeadMax: Duration = .seconds(60)

  package init() {}
}
