/// Every parameter and limit of a router, with its reason. The defaults are those of Go and Rust peers where
/// those agree, and suit topics that people write in.
package struct Configuration: Hashable, Sendable {
  /// What one author may write, in all topics together.
  package struct AuthorRate: Hashable, Sendable {
    package var burst: Int
    package var interval: Duration

    package init(burst: Int, interval: Duration) {
      self.burst = burst
      self.interval = interval
    }
  }

  // MARK: Mesh

  /// Peers of a topic that we exchange whole messages with: wanted, at least, at most (D, D_low, D_high).
  package var meshPeers = 6
  package var meshPeersLow = 5
  package var meshPeersHigh = 12
  /// Of those, kept for their score when there are too many (D_score), and wanted outbound (D_out).
  package var meshPeersByScore = 4
  package var meshPeersOutbound = 2
  package var heartbeatInterval: Duration = .seconds(1)
  /// Before the first; short, so that a mesh forms while a user still waits.
  package var heartbeatInitialDelay: Duration = .milliseconds(100)

  package var pruneBackoff: Duration = .seconds(60)
  package var unsubscribeBackoff: Duration = .seconds(10)
  /// Added before we try again, because the other side forgets only with a heartbeat.
  package var backoffSlack: Duration = .seconds(1)
  /// However long a peer asks us to stay away.
  package var backoffMax: Duration = .seconds(3600)
  /// A GRAFT so soon after a PRUNE counts twice.
  package var graftFloodThreshold: Duration = .seconds(10)

  /// How often a mesh of low scores takes in better peers, in heartbeats, and how many.
  package var opportunisticGraftHeartbeats = 60
  package var opportunisticGraftPeers = 2

  /// Whether PRUNE names other peers of the topic, and such names are passed on to whoever dials. Off: names
  /// come from anybody and lead dials anywhere.
  package var peerExchange = false
  package var peerExchangePeersMax = 16

  /// How often to ask for connections to explicit peers that have none, in heartbeats.
  package var explicitPeerHeartbeats: UInt64 = 300

  // MARK: Publishing

  /// Whether own messages go to every subscriber we are connected to, not the mesh alone.
  package var floodPublish = true
  package var fanoutLifetime: Duration = .seconds(60)
  /// Rust peers end a stream at an RPC over 64 KiB; author, signature and topic need some of it.
  package var publishedBytesMax = 60 * 1024

  // MARK: Gossip

  /// Peers told of messages at each heartbeat: at least (D_lazy), and as a share of those that could be.
  package var gossipPeers = 6
  package var gossipFactor = 0.25
  /// Heartbeats for which messages are kept, and told of.
  package var historyWindows = 5
  package var gossipWindows = 3
  /// Of messages kept; beyond, the oldest go early.
  package var cachedMessagesMax = 16_384
  package var cachedBytesMax = 32 * 1024 * 1024
  /// Ids told to one peer of one topic, and asked of one peer, in one heartbeat.
  package var announcedIDsMax = 5000
  /// IHAVEs heard from one peer in one heartbeat.
  package var announcementsMax = 10
  /// How often one peer is sent one message because it asked.
  package var answersMax = 3
  package var promisePatience: Duration = .seconds(3)
  package var promisesMax = 4096

  /// Messages at least this long are worth an IDONTWANT to the mesh.
  package var dontWantBytesMin = 1000
  /// IDONTWANT ids heard from one peer in one heartbeat, and heartbeats for which they hold.
  package var dontWantIDsMax = 2000
  package static let dontWantHeartbeats = 3

  // MARK: Messages

  /// Ids seen in this time are not taken again.
  package var seenLifetime: Duration = .seconds(120)
  package var seenIDsMax = 65_536
  /// Messages that wait for the application's verdict, and for how long.
  package var awaitingMessagesMax = 1024
  package var verdictPatience: Duration = .seconds(60)
  /// An author above this is ignored for as long as it is; one that is connected to us pays for it too (P7).
  /// Nil for no limit.
  package var authorRate: AuthorRate? = AuthorRate(burst: 200, interval: .milliseconds(50))
  package var knownAuthorsMax = 4096

  // MARK: Peers

  /// The longest RPC accepted. Go sends up to 1 MiB.
  package var rpcBytesMax = 1024 * 1024
  /// The longest control message written. Rust accepts 16 KiB.
  package var controlBytesMax = 15 * 1024
  /// Topics remembered of one peer, and taken from one RPC; Rust's filter has the same.
  package var peerTopicsMax = 100
  package var subscriptionsPerRPCMax = 200
  package var topicBytesMax = 256
  package var messageIDBytesMax = 256
  /// Our own topics, of which peers remember no more.
  package var topicsMax = 100
  /// Pairs of peer and topic that wait before they graft again.
  package var backoffsMax = 16_384

  /// What may wait for one peer: messages of ours, and messages passed on. Beyond, the oldest go.
  package var queuedPublishesMax = 256
  package var queuedForwardsMax = 1024
  package var queuedBytesMax = 2 * 1024 * 1024

  package var scores = ScoreParameters()

  package init() {}

  func validate() {
    precondition(meshPeersOutbound < meshPeersLow, "outbound quota: \(self)")
    precondition(meshPeersOutbound <= meshPeers / 2, "outbound quota: \(self)")
    precondition(meshPeersLow <= meshPeers && meshPeers <= meshPeersHigh, "mesh degrees: \(self)")
    precondition(0...meshPeers ~= meshPeersByScore, "peers kept by score: \(self)")
    precondition(gossipWindows > 0 && gossipWindows <= historyWindows, "windows: \(self)")
    precondition(heartbeatInterval > .zero && opportunisticGraftHeartbeats > 0, "heartbeats: \(self)")
    precondition(explicitPeerHeartbeats > 0 && gossipFactor >= 0 && gossipFactor <= 1, "\(self)")
    precondition(controlBytesMax > topicBytesMax + messageIDBytesMax + 64, "control messages: \(self)")
    precondition(publishedBytesMax + 1024 < rpcBytesMax, "message sizes: \(self)")
    scores.validate()
  }
}

/// How a topic of ours is treated.
package struct TopicConfiguration: Hashable, Sendable {
  package enum Validation: Hashable, Sendable {
    /// A valid signature is enough: passed on at once, then `.message`.
    case signature
    /// `.validate` asks the application before anything is passed on.
    case application
  }

  package var messageID: MessageIDForm
  package var validation: Validation
  /// A longer message is ignored. Of the data alone.
  package var dataBytesMax = 64 * 1024
  package var scores = TopicScoreParameters()

  package init(messageID: MessageIDForm = .go, validation: Validation = .signature) {
    self.messageID = messageID
    self.validation = validation
  }
}
