import DequeModule
package import Identity
package import NIOCore
import OrderedCollections
package import SansIO
import Wire

/// A node's part in GossipSub. GossipSub.swift says how to drive it.
package struct Router: Sendable {
  package enum Event: Hashable, Sendable {
    /// Accepted and passed on. Never twice within the lifetime of the seen cache.
    case message(Message)
    /// Waits for `validated`; no `.message` follows.
    case validate(Message)
    case subscribed(PeerID, Topic)
    case unsubscribed(PeerID, Topic)
    /// A peer came into a topic's mesh, by its GRAFT or ours.
    case grafted(PeerID, Topic)
    case pruned(PeerID, Topic, PruneReason)
    /// Other peers of a topic, named by one whose score allows it. Only with `peerExchange`.
    case peersOffered(by: PeerID, Topic, [PeerOffer])
    /// An explicit peer has no connection.
    case connectionWanted(PeerID)
    case misbehaved(PeerID, Misbehaviour)
    /// Reset the stream the peer writes.
    case failed(PeerID, RouterError)
  }

  package enum PruneReason: Hashable, Sendable {
    case byPeer
    case unsubscribed
    case tooManyPeers
    case lowScore
    case explicit
    case disconnected
  }

  /// A topic we are subscribed to.
  struct TopicState: Sendable {
    var configuration: TopicConfiguration
    var mesh: OrderedSet<PeerID> = []
  }

  /// Where messages go to a topic we are not subscribed to.
  struct Fanout: Sendable {
    var peers: OrderedSet<PeerID> = []
    var lastPublished: Instant
  }

  package let configuration: Configuration
  package internal(set) var counters = Counters()

  let identity: KeyPair
  var now: Instant
  var generator: SeededGenerator
  var nextSequence: UInt64
  var nextHeartbeat: Instant
  var heartbeats: UInt64 = 0

  var peers: [PeerID: PeerState] = [:]
  var explicitPeers: OrderedSet<PeerID> = []
  /// Connected peers that flood.
  var floodPeers: OrderedSet<PeerID> = []
  /// Connected peers by what they subscribed to.
  var subscribers: [Topic: OrderedSet<PeerID>] = [:]
  var topics: OrderedDictionary<Topic, TopicState> = [:]
  var fanouts: OrderedDictionary<Topic, Fanout> = [:]

  var scores: Scores
  var backoffs: Backoffs
  var promises: Promises
  var seen: SeenCache
  var cache: MessageCache
  var authors: Authors
  var deliveries: Deliveries

  var events: Deque<Event> = []
  /// Peers to be named by `nextPeerWithOutbound`.
  var listed: Deque<PeerID> = []

  /// `firstSequence` numbers our first message and must be above every number used before: nanoseconds since
  /// 1970, as others have it.
  package init(
    identity: KeyPair, configuration: Configuration = Configuration(), firstSequence: UInt64,
    generator: SeededGenerator, now: Instant
  ) {
    configuration.validate()
    self.identity = identity
    self.configuration = configuration
    self.generator = generator
    self.now = now
    nextSequence = firstSequence
    nextHeartbeat = now + configuration.heartbeatInitialDelay
    scores = Scores(configuration.scores, now: now)
    backoffs = Backoffs(limit: configuration.backoffsMax)
    promises = Promises(limit: configuration.promisesMax, patience: configuration.promisePatience)
    seen = SeenCache(limit: configuration.seenIDsMax, lifetime: configuration.seenLifetime)
    cache = MessageCache(configuration)
    authors = Authors(limit: configuration.knownAuthorsMax, rate: configuration.authorRate)
    deliveries = Deliveries(limit: configuration.awaitingMessagesMax)
  }

  // MARK: Inputs

  /// Takes all of `bytes`, which a peer wrote on its stream.
  package mutating func receive(_ bytes: inout ByteBuffer, from peer: PeerID, at now: Instant) {
    advance(to: now)
    guard let index = peers.index(forKey: peer), !peers.values[index].isInboundFailed else {
      counters.fromStrangers += 1
      bytes.moveReaderIndex(to: bytes.writerIndex)
      return
    }
    peers.values[index].frames.receive(&bytes)
    do throws(RouterError) {
      while let frame = try nextFrame(from: peer) { try rpcReceived(frame, from: peer) }
    } catch {
      peers[peer]?.isInboundFailed = true
      peers[peer]?.frames = LengthPrefixedFrames(maxBytes: configuration.rpcBytesMax)
      events.append(.failed(peer, error))
    }
  }

  private mutating func nextFrame(from peer: PeerID) throws(RouterError) -> ByteBuffer? {
    do { return try peers[peer]?.frames.nextFrame() } catch { throw .malformedFrame(error) }
  }

  // MARK: Time

  /// When `advance(to:)` must be called at the latest.
  package var deadline: Instant {
    // Mutating: whoever asks the router in its place need not copy it to do so.
    mutating get { nextHeartbeat }
  }

  package mutating func advance(to now: Instant) {
    self.now = max(self.now, now)
    guard self.now >= nextHeartbeat else { return }
    // However late, one heartbeat: what it missed it does now.
    nextHeartbeat = self.now + configuration.heartbeatInterval
    heartbeat()
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? { events.popFirst() }

  /// A peer that has something to be sent since it was last drained empty.
  package mutating func nextPeerWithOutbound() -> PeerID? {
    while let peer = listed.popFirst() {
      guard let state = peers[peer] else { continue }
      if !state.outbound.isEmpty { return peer }
      peers[peer]?.isListed = false
    }
    return nil
  }

  package func hasOutbound(for peer: PeerID) -> Bool {
    !(peers[peer]?.outbound.isEmpty ?? true)
  }

  /// Appends up to `maxBytes` for our stream to a peer. False if there was nothing.
  package mutating func drainOutbound(for peer: PeerID, into wire: inout ByteBuffer, maxBytes: Int) -> Bool {
    guard let index = peers.index(forKey: peer), maxBytes > 0 else { return false }
    let (written, skipped) = peers.values[index].drain(into: &wire, maxBytes: maxBytes)
    counters.unwanted += skipped
    return written > 0
  }

  // MARK: What holds now

  package func mesh(of topic: Topic) -> [PeerID] { topics[topic].map { [PeerID]($0.mesh) } ?? [] }
  package func subscribers(of topic: Topic) -> [PeerID] { subscribers[topic].map { [PeerID]($0) } ?? [] }
  package func score(of peer: PeerID) -> Double { scores.score(of: peer) }
  package var subscriptions: [Topic] { [Topic](topics.keys) }
  package var peerCount: Int { peers.count }

  // MARK: Private

  /// Puts something into a peer's queue and sees to it that it is named.
  @discardableResult
  mutating func queue<Result>(to peer: PeerID, _ change: (inout OutboundQueue) -> Result) -> Result? {
    guard let index = peers.index(forKey: peer) else { return nil }
    defer { list(peer, at: index) }
    return change(&peers.values[index].outbound)
  }

  mutating func list(_ peer: PeerID, at index: Dictionary<PeerID, PeerState>.Index) {
    guard !peers.values[index].isListed else { return }
    peers.values[index].isListed = true
    listed.append(peer)
  }

  func isExplicit(_ peer: PeerID) -> Bool { !explicitPeers.isEmpty && explicitPeers.contains(peer) }

  mutating func hold(_ misbehaviour: Misbehaviour, against peer: PeerID, penalty: Double) {
    if penalty > 0 { scores.penalise(peer, by: penalty) }
    events.append(.misbehaved(peer, misbehaviour))
  }

  func isGraylisted(_ peer: PeerID) -> Bool {
    !isExplicit(peer) && scores.score(of: peer) < configuration.scores.graylistThreshold
  }
}
