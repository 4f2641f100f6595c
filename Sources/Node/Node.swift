import AutoNAT
package import Chat
import CircuitRelay
import Connection
import DCUtR
import GossipSub
import Identify
package import Identity
package import NIOCore
import LocalDiscovery
package import Presence
package import SansIO
package import Wire

import DequeModule
import OrderedCollections

/// A whole libp2p node as one machine: dial policy, address book, connections, limits, and the protocols that
/// run on their streams.
///
/// Its shell (real sockets, or the simulation's) calls inputs and commands, then pulls `nextOutput` until nil
/// and carries each output out in order, drains the connections it was asked to flush, and calls `advance` no
/// later than `deadline`. The node never waits, never asks the time, and draws all entropy from the seed it
/// was given.
///
///     socket ─► receive ──────► Connection ─► pump ─► route ───► protocol machine ─┐
///     socket ◄─ drainOutbound ◄─ Connection ◄─ write, finish, reset ◄──────────────┴─► nextOutput: events,
///                                                                                      answers, dials
///
/// A connection over a circuit has a stream of another connection for a socket; the rest is the same.
///
/// Invariants:
/// - Every request is answered exactly once, whatever happens to its peer, stream or connection.
/// - A connection counts against the limits from `accepted` or `dialed` until `transportClosed`.
/// - Outputs depend on inputs, time and seed alone; no order of a hash table reaches them.
///
/// Reading order: `Node+Boundary` (what crosses), this file, `Node+Connections` (a connection's life),
/// `Node+Dialing` (`PeerDial` decides, the node acts), `Node+Streams` (bytes to protocols), `Node+Commands`,
/// `Node+Identify`, `Node+GossipSub`, `Node+Presence`, `Node+Chat`, `Node+Discovery`, `Node+Company`; for
/// nodes that are not simply dialled `Node+SharedStreams`, `Node+RelayClient`, `Node+Circuits`,
/// `Node+RelayService`, `Node+Upgrades`, `Node+Punching`, `Node+Reachability`; then the small values:
/// `Admission`, `AddressBook`, `ObservedAddresses`, `ConnectionEntry`, `PeerEntry`.
package final class Node {
  package let identity: KeyPair
  package let configuration: Configuration
  package var counters = Counters()

  // What is there.
  var entries: [ConnectionID: ConnectionEntry] = [:]
  var peerEntries: [PeerID: PeerEntry] = [:]
  var book: AddressBook
  var admission: Admission
  var observations = ObservedAddresses()
  var pushLimiter = PushLimiter()
  var listeners: OrderedSet<Multiaddr> = []
  var applicationProtocols: Set<ProtocolName> = []

  // What is said to everybody.
  var gossip: Router?
  var gossipStreams: [PeerID: GossipStreams] = [:]
  package var presence: Presence.Machine?
  var chat: Chat.Machine?
  var discovery: LocalDiscovery.Machine?
  var companions: [PeerID: Companion] = [:]
  /// Dials of those that only their presence tells of.
  var approaches: TokenBucket
  /// The streams of direct messages, ours and theirs, one each a peer.
  var directSlots: [PeerID: StreamSlot] = [:]
  var hearingSlots: [PeerID: StreamSlot] = [:]

  // What goes through relays.
  var relayClient: CircuitRelay.Client?
  var relayService: CircuitRelay.Service?
  /// Connections over circuits, by the circuit; and dials that become one.
  var connectionOfCircuit: [CircuitID: ConnectionID] = [:]
  var dialOfCircuit: [CircuitID: DialID] = [:]
  /// Of circuits to a peer in place of others.
  var renewals: RateLimiter<PeerID>
  /// Circuits whose stream is gone, and why; their connections end before the next output.
  var endedCircuits: Deque<(ConnectionID, reason: String, wasCut: Bool)> = []

  // From relayed to direct.
  var upgrader: DCUtR.Machine?
  var punchOfDial: [DialID: PunchDial] = [:]

  // Whether others can reach us.
  var reachabilityClient: AutoNAT.Client?
  var reachabilityServer: AutoNAT.Server?
  var dialBackOfDial: [DialID: DialBack] = [:]

  // What is under way.
  var efforts: [DialEffortID: DialEffort] = [:]
  var effortOfPeer: [PeerID: DialEffortID] = [:]
  var effortOfDial: [DialID: DialEffortID] = [:]
  var effortOfResolution: [ResolutionID: DialEffortID] = [:]
  var bootstrapRetries: [PeerID: Duration] = [:]
  var requestsPending = 0
  var bufferedBytes = 0
  var streamCount = 0

  var phase: Phase = .running
  var deadlines = DeadlineQueue<Timer>()
  var outputs: Deque<Output> = []
  var now: Instant

  var secrets: SecretGenerator
  var generator: SeededGenerator
  var recordSequence: UInt64
  /// What the wall clock showed, and when.
  var wallClock: (ms: Int64, at: Instant)
  private var lastID: UInt64 = 0

  enum Phase: Equatable {
    case running, stopping, stopped
  }

  /// What a deadline is about.
  enum Timer: Hashable {
    case connection(ConnectionID)
    /// Quiet and idle checks of a connection.
    case housekeeping(ConnectionID)
    /// A second connection to the same peer may go.
    case duplicate(ConnectionID)
    case stream(StreamHandle)
    case effort(DialEffortID)
    case bootstrap(PeerID)
    case book
    case gossip
    /// A stream of ours to a peer is opened anew.
    case gossipStream(PeerID)
    case presence
    case chat
    case discovery
    case relayClient
    case relayService
    case reachability
    case upgrade
    /// A dial that was refused is made again.
    case redial(DialID)
    /// A connection on which nobody has said anything yet.
    case speakUp(ConnectionID)
    /// A companion has not dialled us, or is tried again.
    case companion(PeerID)
    /// A LEAVE has had its time.
    case farewell
    case shutdown
  }

  /// A node that listens nowhere yet and knows nobody but its bootstrap peers.
  ///
  /// - Parameters:
  ///   - entropy: 32 secret bytes, never used twice; every key and nonce of this run comes from them.
  ///   - wallClockMs: milliseconds since the Unix epoch. Numbers that must rise from run to run begin here:
  ///     of signed peer records, and of gossip.
  ///   - snapshot: what an earlier run has kept.
  package init(
    identity: KeyPair, configuration: Configuration, entropy: [UInt8], wallClockMs: Int64,
    snapshot: Snapshot = Snapshot(), now: Instant
  ) {
    self.identity = identity
    self.configuration = configuration
    recordSequence = UInt64(clamping: wallClockMs)
    wallClock = (wallClockMs, now)
    self.now = now
    secrets = SecretGenerator(seed: entropy)
    generator = SeededGenerator(seed: secrets.next())
    book = AddressBook(limits: configuration.limits)
    admission = Admission(limits: configuration.limits)
    renewals = RateLimiter(
      configuration.limits.renewalRate, keysMax: configuration.limits.renewalPeersMax)
    approaches = TokenBucket(
      interval: configuration.limits.approachInterval, burst: configuration.limits.approachBurst, now: now)
    startMessenger(snapshot)
    startDiscovery()
    startRelays()
    startUpgrades()
    startReachability()
    startBootstrap()
    deadlines.set(.book, to: now + configuration.timeouts.addressLifetime)
  }

  // MARK: Time

  /// What the wall clock shows now. Tell it now and then: it may be set, and the other clock stops in sleep.
  package func setWallClock(ms: Int64, at now: Instant) { wallClock = (ms, now) }

  /// Milliseconds since the Unix epoch. For people; nothing is decided by it that time alone decides.
  var nowMs: Int64 {
    let passed = (now - wallClock.at).components
    return wallClock.ms &+ passed.seconds &* 1000 &+ passed.attoseconds / 1_000_000_000_000_000
  }

  /// When `advance` must be called at the latest.
  package var deadline: Instant? {
    deadlines.earliest
  }

  package func advance(to now: Instant) {
    self.now = now
    while let timer = deadlines.popExpired(at: now) {
      switch timer {
      case .connection(let id): advanceConnection(id)
      case .housekeeping(let id): keepHouse(id)
      case .duplicate(let id): closeDuplicate(id)
      case .stream(let handle): advanceStream(handle)
      case .effort(let id): driveEffort(id)
      case .bootstrap(let peer): retryBootstrap(peer)
      case .book: expireBook()
      case .gossip: advanceGossip()
      case .gossipStream(let peer): reopenGossip(with: peer)
      case .presence: advancePresence()
      case .chat: advanceChat()
      case .discovery: advanceDiscovery()
      case .relayClient: advanceRelayClient()
      case .relayService: advanceRelayService()
      case .reachability: advanceReachability()
      case .upgrade: advanceUpgrades()
      case .redial(let dial): redial(dial)
      case .speakUp(let id): speakUp(id)
      case .companion(let peer): approach(peer)
      case .farewell: closeEverything()
      case .shutdown: finishShutdown()
      }
    }
  }

  // MARK: Outputs

  /// What the shell must do next, in order, or nil. A connection over a circuit has no other shell than the
  /// node itself.
  package func nextOutput() -> Output? {
    while true {
      endCircuits()
      guard let output = outputs.popFirst() else { return nil }
      switch output {
      case .flush(let id):
        guard let entry = entries[id], entry.isRelayed else { return output }
        flushCircuit(entry)
      case .close(let id):
        guard let entry = entries[id], entry.isRelayed else { return output }
        closeCircuit(entry)
      default:
        return output
      }
    }
  }

  /// Appends sealed bytes of a connection until about `maxBytes` stand in `wire`. False when nothing is left;
  /// then another `.flush` comes when there is more. Pull `nextOutput` after it: sending makes room that
  /// streams use.
  package func drainOutbound(
    _ id: ConnectionID, into wire: inout ByteBuffer, maxBytes: Int, at now: Instant
  ) -> Bool {
    self.now = now
    guard let entry = entries[id] else { return false }
    let before = wire.readableBytes
    let wrote = entry.connection.drainOutbound(into: &wire, maxBytes: maxBytes)
    counters.bytesSent &+= UInt64(wire.readableBytes - before)
    entry.isFlushRequested = false
    pump(entry)
    return wrote
  }

  // MARK: Queries

  /// Peers that are connected, in the order of their ids; also those that are only known from what they said.
  package var peers: [PeerSummary] {
    let present = presence?.knownPeers.filter { peerEntries[$0] == nil } ?? []
    return (peerEntries.keys + present).sorted().map { summary(of: $0) }
  }

  /// Authenticated connections, oldest first.
  package var connections: [ConnectionSummary] {
    entries.keys.sorted().compactMap { entries[$0]?.summary }
  }

  /// Where the node listens, and what it was told to announce.
  package var listenAddresses: [Multiaddr] { Array(listeners) }
  package var observedAddresses: [Multiaddr] { observations.agreed }

  /// The protocols this node serves, in alphabetical order.
  package var protocols: [ProtocolName] { supportedProtocols.sorted { $0.rawValue < $1.rawValue } }

  // MARK: Private

  func nextID() -> UInt64 {
    lastID += 1
    return lastID
  }
}
