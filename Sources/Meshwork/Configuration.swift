import AutoNAT
import CircuitRelay
import DCUtR
import LocalDiscovery
package import Node
import Presence
import Runtime
import Store
public import Wire

/// What a node is told at its start.
public struct Configuration: Sendable {
  /// Who the node is.
  public var identity: Identity
  /// A name for people; nothing on the wire depends on it.
  public var name: String?
  /// Where to accept connections: `/ip4/…/tcp/…` and `/ip6/…/tcp/…`; port 0 is any free port. Empty: the node
  /// only dials. Default: any port on every interface.
  public var listen: [Multiaddr] = [.tcp(.v4(.any), port: 0), .tcp(.v6(.any), port: 0)]
  /// Addresses to tell peers besides those the node finds itself: of a forwarded port, say.
  public var announce: [Multiaddr] = []
  /// Relays to be reachable through, each with its peer at the end.
  public var relays: [Multiaddr] = []
  /// Peers to stay connected with.
  public var bootstrap: [Multiaddr] = []
  /// Find peers on the local network by multicast (libp2p's mDNS), and be found.
  public var mdns = false
  /// A file to append session keys to, for reading captures. Whoever has it can decrypt this node's
  /// connections.
  public var keyLog: String?
  /// Serve `/perf/1.0.0` and `/gopeer/bench/1`, with which anyone can make this node send and receive at full
  /// speed.
  public var serveBench = false
  /// Presence, rooms and direct messages. Nil: the node is a bare libp2p node.
  public var messenger: Messenger?
  /// Be a relay for others. Nil: not at all.
  public var relaying: Relaying?
  /// How much the node takes on.
  public var limits = Limits()
  /// What identify says of the program.
  public var agent = "meshwork"

  /// A node of this identity, with defaults for everything else.
  public init(identity: Identity) {
    self.identity = identity
  }
}

/// What makes a node a messenger. The rhythm's defaults are those all nodes of a network should have.
public struct Messenger: Sendable, Hashable {
  /// From the first company to the announcement that this node has come.
  public var readyDelay: Duration = .milliseconds(500)
  /// Between announcements that it is still there, give or take a second.
  public var refreshInterval: Duration = .seconds(15)
  /// Between looks at who has been silent for too long …
  public var scanInterval: Duration = .seconds(15)
  /// … which is longer than this.
  public var silenceLimit: Duration = .seconds(45)

  /// The database that messages are kept in, in a directory private to the user. Nil: they are gone with the
  /// node.
  public var history: String?

  /// The defaults.
  public init() {}
}

/// How much a node takes on. Reaching a limit closes or refuses the narrowest thing, and is counted.
public struct Limits: Sendable, Hashable {
  /// Connections in all, those being set up included.
  public var connectionsMax: Int
  /// With more established connections than this, the least useful are closed …
  public var connectionsHighWater: Int
  /// … down to this many.
  public var connectionsLowWater: Int
  /// Connections with one peer.
  public var connectionsPerPeerMax: Int
  /// Inbound connections from one IPv4 address or IPv6 /56. Loopback is exempt.
  public var connectionsPerAddressMax: Int
  /// Streams of one connection, both directions.
  public var streamsPerConnectionMax: Int
  /// Streams of the node, both directions.
  public var streamsMax: Int
  /// Bytes queued for peers, or received and not yet read by the application.
  public var bufferedBytesMax: Int

  /// The defaults: those of go-libp2p where it has the same limit.
  public init() {
    let defaults = Node.Limits()
    connectionsMax = defaults.connectionsMax
    connectionsHighWater = defaults.connectionsHighWater
    connectionsLowWater = defaults.connectionsLowWater
    connectionsPerPeerMax = defaults.connectionsPerPeerMax
    connectionsPerAddressMax = defaults.connectionsPerAddressMax
    streamsPerConnectionMax = defaults.streamsPerConnectionMax
    streamsMax = defaults.streamsMax
    bufferedBytesMax = defaults.bufferedBytesMax
  }
}

extension Configuration {
  /// What the core is told of it.
  package var core: Node.Configuration {
    var node = Node.Configuration()
    node.agent = agent
    node.announce = announce
    node.bootstrap = bootstrap
    node.servesPerf = serveBench
    node.keyLog = keyLog != nil
    if mdns { node.discovery = LocalDiscovery.Configuration() }
    if let messenger {
      node.gossip = .forMessengers
      node.messenger = messenger.core
    }
    node.relays = relays
    // Whoever is no relay may dial through any, with none of its own too.
    if relaying == nil || !relays.isEmpty { node.relayClient = CircuitRelay.ClientConfiguration() }
    if messenger != nil || !relays.isEmpty {
      node.upgrade = DCUtR.Configuration()
      node.reachability = AutoNAT.ClientConfiguration()
    }
    if let relaying {
      node.relayService = relaying.service
      node.gossip = .forMessengers
      node.forwardsGossip = true
      node.servesReachability = true
      node.reachability = AutoNAT.ClientConfiguration()
      // Of people behind one address, all may come back at once.
      node.limits.arrivalBurst = 128
      node.limits.arrivalInterval = .milliseconds(250)
      node.limits.handshakesMax = 1024
    }
    node.limits.connectionsMax = limits.connectionsMax
    node.limits.connectionsHighWater = limits.connectionsHighWater
    node.limits.connectionsLowWater = limits.connectionsLowWater
    node.limits.connectionsPerPeerMax = limits.connectionsPerPeerMax
    node.limits.connectionsPerAddressMax = limits.connectionsPerAddressMax
    node.limits.streamsPerConnectionMax = limits.streamsPerConnectionMax
    node.limits.streamsMax = limits.streamsMax
    node.limits.bufferedBytesMax = limits.bufferedBytesMax
    return node
  }

  var shell: NodeShell.Configuration {
    var shell = NodeShell.Configuration()
    shell.keyLogPath = keyLog
    return shell
  }
}

extension Messenger {
  var location: Store.Location { history.map { .file($0) } ?? .memory }

  fileprivate var core: Node.Messenger {
    var node = Node.Messenger()
    node.presence.readyDelay = readyDelay
    node.presence.refreshInterval = refreshInterval
    // A second either way, and never more than a third of a short interval.
    node.presence.refreshJitter = min(.seconds(1), refreshInterval / 3)
    node.presence.scanInterval = scanInterval
    node.presence.silenceLimit = silenceLimit
    return node
  }
}
