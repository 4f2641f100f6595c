package import AutoNAT
package import Chat
package import CircuitRelay
package import Connection
package import DCUtR
package import GossipSub
package import LocalDiscovery
package import Presence
package import SansIO
package import Wire

extension Node {
  /// What a node is told at its start.
  package struct Configuration: Sendable {
    /// Identify's agentVersion.
    package var agent = "meshwork"
    /// Identify's protocolVersion: the network family, here the original app's.
    package var protocolVersion = "/p2p_msg/id/1.0.0"
    /// Addresses to tell peers besides the ones the node listens on.
    package var announce: [Multiaddr] = []
    /// Peers to stay connected with.
    package var bootstrap: [Multiaddr] = []
    /// Serve `/perf/1.0.0` and `/gopeer/bench/1`.
    package var servesPerf = false
    /// Find peers on the local network. Nil: not at all.
    package var discovery: LocalDiscovery.Configuration?
    /// Speak GossipSub. Nil: not at all.
    package var gossip: GossipSub.Configuration?
    /// Be present and chat, for which there must be `gossip`. Nil: not at all.
    package var messenger: Messenger?
    /// Be reachable, and reach others, through relays. Nil: not at all.
    package var relayClient: CircuitRelay.ClientConfiguration?
    /// Relays to keep reservations at, each with its peer at the end.
    package var relays: [Multiaddr] = []
    /// Reach those directly that are connected through a relay, where routers allow it. Nil: not at all.
    package var upgrade: DCUtR.Configuration?
    /// Find out whether others can reach us. Nil: not at all.
    package var reachability: AutoNAT.ClientConfiguration?
    /// Tell others whether they can be reached, by dialling them; who is found to be public does so anyway.
    package var servesReachability = false
    /// Be a relay for others. Nil: not at all.
    package var relayService: CircuitRelay.ServiceConfiguration?
    /// Pass gossip on for the topics that peers are subscribed to, and read none of it.
    package var forwardsGossip = false
    /// Emit `Output.keyLog` lines.
    package var keyLog = false
    package var connection = Connection.Configuration()
    package var limits = Limits()
    package var timeouts = Timeouts()

    package init() {}

    /// Turns on everything a messenger needs, with its defaults.
    package mutating func beMessenger() {
      gossip = .forMessengers
      messenger = Messenger()
      relayClient = CircuitRelay.ClientConfiguration()
      upgrade = DCUtR.Configuration()
      reachability = AutoNAT.ClientConfiguration()
    }
  }

  /// What makes a node a messenger.
  package struct Messenger: Sendable {
    package var presence = Presence.Configuration()
    package var chat = Chat.Configuration()
    package init() {}
  }

  /// How much a node takes on. Each bound says where its number comes from.
  package struct Limits: Sendable {
    /// Connections in all, upgrading ones included.
    package var connectionsMax = 512
    /// When established connections pass the high water mark, the least useful are closed down to the low one
    /// (go-libp2p's connection manager: 192 and 160).
    package var connectionsHighWater = 192
    package var connectionsLowWater = 160
    /// Connections of one peer (go-libp2p's resource manager: 8).
    package var connectionsPerPeerMax = 8
    /// Inbound connections of one address group (go-libp2p: 8 for an IPv4 address or an IPv6 /56).
    package var connectionsPerAddressMax = 8
    /// New inbound connections of one address group (go-libp2p: one every 5 s after a burst of 16).
    package var arrivalInterval: Duration = .seconds(5)
    package var arrivalBurst = 16
    /// Address groups remembered for the two limits above.
    package var addressGroupsMax = 4096
    /// Upgrades under way; each costs two Diffie-Hellman exchanges and two signatures.
    package var handshakesMax = 160
    /// Of those, kept for our own dials, so that strangers' slow handshakes cannot keep us from reaching
    /// anyone.
    package var handshakesReserved = 32
    /// Of those, over circuits that others opened: who comes through a relay has no address to be counted by.
    package var circuitHandshakesMax = 32
    /// Streams of one connection and of the node, both directions.
    package var streamsPerConnectionMax = 512
    package var streamsMax = 8192
    /// Bytes queued for peers or handed to the application and not consumed, all connections together.
    package var bufferedBytesMax = 128 << 20
    /// Transport dials at once for one peer (go-libp2p: 8) and in all.
    package var dialsPerPeerMax = 8
    package var dialsMax = 64
    /// Addresses tried for one peer, resolved ones included (go-libp2p's dnsaddr limit: 100).
    package var addressesPerDialMax = 100
    /// Names of one peer asked for at once.
    package var lookupsPerDialMax = 8
    /// dnsaddr records that lead to dnsaddr records (go-libp2p: 4).
    package var dnsaddrDepthMax = 4
    /// Peers, and addresses of one peer, in the address book.
    package var bookPeersMax = 4096
    package var bookAddressesPerPeerMax = 64
    /// With more peers connected than this, those found on the local network are not dialled: on a network of
    /// hundreds each would otherwise have all the others.
    package var neighboursMax = 32
    /// The same for peers that are present behind a relay: enough that none depends on the relay's gossip
    /// alone, few enough that a hundred of them are no crowd.
    package var acquaintancesMax = 4
    /// Dials of those: whoever invents peers that are present must not use up what relays grant us.
    package var approachInterval: Duration = .seconds(2)
    package var approachBurst = 16
    /// A circuit that carried so much was of use, however soon it was cut: about the longest message.
    package var circuitUseBytes = 16 * 1024
    /// Circuits to one peer that take the place of useless ones at once: a relay may give so little that each
    /// is over before it carried anything. And peers for which that is remembered.
    package var renewalRate = Rate(burst: 4, interval: .seconds(10))
    package var renewalPeersMax = 256
    /// Peers of an earlier run that are dialled at the start, and addresses kept of each.
    package var returnPeersMax = 8
    package var returnAddressesMax = 8
    /// Topics of others that gossip is passed on for.
    package var forwardedTopicsMax = 256
    /// How often one dial of a simultaneous open is made again after it was refused.
    package var redialsMax = 40
    /// Requests that wait for an answer.
    package var requestsMax = 4096

    package init() {}
  }

  /// How long the node waits.
  package struct Timeouts: Sendable {
    /// One transport dial.
    package var dial: Duration = .seconds(10)
    /// A command that has to connect first, from start to answer (go-libp2p's dial: 60 s; a person gives up
    /// sooner).
    package var connect: Duration = .seconds(30)
    /// Between the starts of dials to one peer's addresses (RFC 8305: 250 ms), shorter on the local network.
    package var dialStagger: Duration = .milliseconds(250)
    package var dialStaggerLocal: Duration = .milliseconds(30)
    /// A connection without streams is closed after this long.
    package var idle: Duration = .seconds(600)
    /// A second connection to the same peer is closed once it has been without streams for this long.
    package var duplicateGrace: Duration = .seconds(5)
    /// The same for a circuit beside a direct connection: until then it takes over at once if that breaks.
    package var circuitGrace: Duration = .seconds(30)
    /// A circuit that is cut before this age is not asked for again at once.
    package var circuitLifeMin: Duration = .seconds(1)
    /// One of this age was of use, however little it carried.
    package var circuitUse: Duration = .seconds(5)
    /// For the other end of a circuit to end its half when we have ended ours.
    package var circuitLinger: Duration = .seconds(10)
    /// A relay that is silent for the first, and then to a ping for the second, is dead: those who are
    /// reached through it cannot wait for TCP to notice.
    package var relayKeepAliveInterval: Duration = .seconds(4)
    package var relayKeepAliveTimeout: Duration = .seconds(4)
    /// New connections are not trimmed before this age (go-libp2p: 1 min).
    package var trimGrace: Duration = .seconds(60)
    /// One identify exchange (go-libp2p: 5 s).
    package var identify: Duration = .seconds(5)
    /// For a peer to end its half of a stream when a protocol of ours is done with it.
    package var linger: Duration = .seconds(60)
    /// How long addresses of a connected peer, and of one that left, are remembered.
    package var addressLifetime: Duration = .seconds(3600)
    /// For a peer found on the local network to dial us before we dial it.
    package var neighbourPatience: Duration = .milliseconds(500)
    /// The same for one that is present behind a relay, and how far dials to those are spread.
    package var companionPatience: Duration = .seconds(1)
    package var companionJitter: Duration = .milliseconds(300)
    /// Before the first attempt at one that was lost: its relay is gone, and another one is there already.
    package var companionRetryFirst: Duration = .milliseconds(250)
    /// A companion that was connected for so long was worth it: when it is lost, waiting begins anew.
    package var companionSteady: Duration = .seconds(10)
    /// Before a refused dial of a simultaneous open is made again, at least and at most.
    package var redialMin: Duration = .milliseconds(20)
    package var redialMax: Duration = .milliseconds(120)
    /// Between attempts to get a lost bootstrap peer back: first and last step of a doubling.
    package var bootstrapRetryFirst: Duration = .seconds(2)
    package var bootstrapRetryLast: Duration = .seconds(120)
    /// A shutdown ends after this long even if sockets have not drained.
    package var shutdown: Duration = .seconds(3)
    /// A connection that has been quiet for this long gives its buffers back.
    package var quiet: Duration = .seconds(2)
    /// From a LEAVE to the end of the connections it travels on.
    package var farewell: Duration = .milliseconds(100)

    package init() {}
  }
}

extension GossipSub.Configuration {
  /// Many may know only this node: those that found it first on a LAN, or a hub's leaves. It must not refuse
  /// them a place in its mesh before 64, where it forwards the REFRESHes of 64 peers to 64, some 270 small
  /// messages a second; and those beyond must each be told at the next heartbeat what there is. Were only a
  /// quarter of them told, as is usual, a leaf would miss four of ten beats, and three in a row reap a peer.
  package static var forMessengers: Self {
    var configuration = Self()
    configuration.meshPeersHigh = 64
    configuration.gossipFactor = 1
    // To say that a message is not wanted costs both ends about what a message of two packets does.
    configuration.dontWantBytesMin = 4096
    return configuration
  }
}
