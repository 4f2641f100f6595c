import SansIO

/// The rhythm of discovery and its limits.
package struct Configuration: Hashable, Sendable {
  /// The first question is asked, and answers are given, after a delay from this range, so that many who
  /// start or answer at once do not collide (RFC 6762, sections 5.2 and 6).
  package var delayMin: Duration = .milliseconds(20)
  package var delayMax: Duration = .milliseconds(120)
  /// To a question whose sender has more known answers to send (RFC 6762, section 7.2).
  package var truncatedDelayMin: Duration = .milliseconds(400)
  package var truncatedDelayMax: Duration = .milliseconds(500)
  /// From the first question to the second; twice as long each time, up to the longest. A tenth is added or
  /// taken away at random.
  package var questionIntervalMin: Duration = .seconds(1)
  package var questionIntervalMax: Duration = .seconds(60)
  /// Between two multicast answers on one link (RFC 6762, section 6).
  package var answerSpacing: Duration = .seconds(1)

  /// How long others may believe what we say of ourselves. Refreshed when half of it has passed, by any
  /// question on the link: five times before it runs out.
  package var ttlSeconds: UInt32 = 600
  /// Nobody is believed for longer; what is customary for a service (RFC 6762, section 10).
  package var ttlSecondsMax: UInt32 = 4500
  /// For resolvers that do not speak mDNS and would not hear of a change (RFC 6762, section 6.7).
  package var legacyTTLSecondsMax: UInt32 = 10
  /// How long a peer that says goodbye is kept, for others to object (RFC 6762, section 10.1).
  package var goodbyeDelay: Duration = .seconds(1)

  /// Our addresses announced on one interface: what fits into an unfragmented packet.
  package var announcedAddressesMax = 8
  /// The names of all known answers told with a question, likewise.
  package var knownAnswersBytesMax = 1300
  /// Links spoken on. A machine that hosts containers has an interface for each.
  package var linksMax = 64

  /// Peers known at once: more than one link's worth of honest ones.
  package var peersMax = 1024
  /// Of which heard from one address: as many nodes as a machine may run, and not enough to keep others out.
  package var peersPerSourceMax = 128
  /// Addresses of one peer on one link, and how many of them may be far away: an address of the internet
  /// makes us dial somebody who may never have asked for it.
  package var addressesPerPeerMax = 16
  package var farAddressesPerPeerMax = 4
  /// Peers that one packet may tell of.
  package var peersPerPacketMax = 32

  /// Packets taken from one address: this many at once, then one each interval.
  package var packetsPerSourceBurst = 100
  package var packetsPerSourceInterval: Duration = .milliseconds(20)
  /// From all together: a link of a hundred nodes at its liveliest; a flood costs a few percent of a core.
  package var packetsBurst = 1000
  package var packetsInterval: Duration = .milliseconds(3)
  /// Addresses whose packets are counted; beyond them there is one count for all others together.
  package var sourcesMax = 256

  package init() {}
}
