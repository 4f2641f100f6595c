import DequeModule
package import Identity
package import NIOCore
import OrderedCollections
package import SansIO
package import Wire

/// Both sides of direct connection upgrades, for a whole node. How to drive it stands in `DCUtR.swift`.
package struct Machine: Sendable {
  package enum Event: Hashable, Sendable {
    /// Open a stream of the protocol on this relayed connection; answer with `opened` or `openFailed`.
    case openStream(OpenID, on: ConnectionID)
    /// Send this; it is little, and the first, second or third thing on its stream. At once: it is timed.
    case write(ByteBuffer, on: StreamHandle)
    case consumed(Int, on: StreamHandle)
    /// Nothing more will be sent on it.
    case finish(StreamHandle)
    case reset(StreamHandle)
    /// Connect to any of these as usual, from a fresh port; answer with `punched` or `punchFailed`.
    case dial(AttemptID, PeerID, [Multiaddr])
    /// Dial simultaneously, now; answer with `tcpConnected`, `punched` or `punchFailed`.
    case punch(Punch)
    /// The dials of this attempt are not wanted any more.
    case abandon(AttemptID)
    case outcome(Outcome)
  }

  enum Due: Hashable, Sendable {
    /// B's next series, its wait for the stream and the answer, its SYN.
    case series(PeerID), answer(PeerID), act(PeerID)
    case attempt(AttemptID)
    case stream(StreamHandle)
    case forget(PeerID)
  }

  enum StreamState: Sendable {
    /// B's, from CONNECT to SYNC.
    case asking(PeerID, LengthPrefixedFrames)
    /// A's, before CONNECT, and before SYNC.
    case answering(PeerID, LengthPrefixedFrames)
    case synchronising(PeerID, Upgrade.Exchange, since: Instant, LengthPrefixedFrames)
    /// The last has been said on it.
    case done
  }

  package let own: PeerID
  package let configuration: Configuration
  package internal(set) var counters = Counters()

  var generator: SeededGenerator
  var now: Instant
  var events: Deque<Event> = []
  var deadlines = DeadlineQueue<Due>()
  var upgrades: OrderedDictionary<PeerID, Upgrade> = [:]
  /// All that there are, also without a relayed connection.
  var direct: Set<PeerID> = []
  /// Who waits for others to come to an end.
  var line: Deque<PeerID> = []
  var streams: [StreamHandle: StreamState] = [:]
  var opening: [OpenID: PeerID] = [:]
  var openNumber: UInt64 = 0
  var attempts: [AttemptID: PeerID] = [:]
  var attemptNumber: UInt64 = 0
  var ours = Candidates()
  var mapping = Mapping.unknown

  /// - Parameters:
  ///   - own: who we are.
  ///   - generator: for jitter; a fork of the node's.
  package init(
    own: PeerID, configuration: Configuration = .init(), generator: SeededGenerator, now: Instant
  ) {
    self.own = own
    self.configuration = configuration
    self.generator = generator
    self.now = now
  }

  // MARK: Ourselves

  /// Where we may be reached: addresses that others have observed, with the port we listen on, believed ones
  /// first, and public ones we listen on.
  package mutating func ownAddressesChanged(_ addresses: [Multiaddr], at now: Instant) {
    self.now = now
    let before = ours
    ours = Candidates(addresses, of: own, limits: configuration)
    if ours.addresses != before.addresses { ourSideChanged() }
  }

  /// How the router in front of us maps TCP.
  package mutating func ownMappingChanged(_ mapping: Mapping, at now: Instant) {
    self.now = now
    guard mapping != self.mapping else { return }
    self.mapping = mapping
    ourSideChanged()
  }

  private mutating func ourSideChanged() {
    for peer in upgrades.keys {
      upgrades[peer]?.failures = 0
      prompt(peer)
    }
  }

  // MARK: Peers

  /// A relayed connection stands. `isInbound`: the peer has dialled it, and we start.
  package mutating func relayedOpened(
    _ connection: ConnectionID, to peer: PeerID, isInbound: Bool, at now: Instant
  ) {
    self.now = now
    guard peer != own, upgrades[peer] != nil || makeRoom() else { return counters.connectionsIgnored += 1 }
    var upgrade = upgrades[peer] ?? Upgrade(configuration, now: now)
    guard upgrade.relayed.count < configuration.connectionsPerPeerMax else {
      return counters.connectionsIgnored += 1
    }
    upgrade.relayed.append(.init(connection: connection, isInbound: isInbound))
    upgrades[peer] = upgrade
    deadlines.set(.forget(peer), to: nil)
    if isInbound { promptedByPeer(peer) }
  }

  package mutating func relayedClosed(_ connection: ConnectionID, to peer: PeerID, at now: Instant) {
    self.now = now
    guard var upgrade = upgrades[peer] else { return }
    upgrade.relayed.removeAll { $0.connection == connection }
    upgrades[peer] = upgrade
    circuitEnded(connection)
    if upgrade.inbound == nil { deadlines.set(.series(peer), to: nil) }
    if upgrade.relayed.isEmpty {
      upgrades[peer]?.description = nil
      upgrades[peer]?.saidNotSpoken = false
      deadlines.set(.forget(peer), to: now + configuration.memory)
    }
  }

  /// What identify, or its push, says of a peer with a relayed connection.
  /// - Parameter addresses: where it says it can be reached, relayed addresses may be among them.
  package mutating func peerDescribed(
    _ peer: PeerID, speaksDCUtR: Bool, addresses: [Multiaddr], at now: Instant
  ) {
    self.now = now
    guard let upgrade = upgrades[peer], !upgrade.relayed.isEmpty else { return }
    let candidates = Candidates(addresses, of: peer, notOf: ours, limits: configuration)
    let description = Upgrade.Description(speaksDCUtR: speaksDCUtR, addresses: candidates.addresses)
    guard description != upgrade.description else { return }
    upgrades[peer]?.description = description
    if case .dialling = upgrade.phase, speaksDCUtR, upgrade.punch == nil, upgrade.inbound != nil {
      return nextAttempt(peer)
    }
    promptedByPeer(peer)
  }

  /// The first direct connection with a peer stands, wherever it came from.
  package mutating func directConnected(_ peer: PeerID, at now: Instant) {
    self.now = now
    direct.insert(peer)
    succeeded(peer, by: nil, nil)
  }

  /// The last direct connection with a peer is gone.
  package mutating func directLost(_ peer: PeerID, at now: Instant) {
    self.now = now
    guard direct.remove(peer) != nil, let upgrade = upgrades[peer] else { return }
    upgrades[peer]?.failures = 0
    let pause = configuration.lostPause + generator.duration(upTo: configuration.lostPause / 4)
    upgrades[peer]?.notBefore = max(upgrade.notBefore, now + pause)
    prompt(peer)
  }

  /// Nil for a peer without a relayed connection.
  package func summary(of peer: PeerID) -> Summary? {
    guard let upgrade = upgrades[peer], !upgrade.relayed.isEmpty else { return nil }
    let retry = deadlines.deadline(of: .series(peer))
    let state: Summary.State =
      if direct.contains(peer) {
        .direct
      } else if upgrade.isActive || upgrade.isQueued {
        .trying
      } else {
        retry.map { .retrying(at: $0) } ?? .waiting
      }
    return Summary(state: state, failure: upgrade.lastFailure)
  }

  /// Whoever has no relayed connection any more makes room, the one longest in the table first.
  private mutating func makeRoom() -> Bool {
    if upgrades.count < configuration.peersMax { return true }
    let gone = upgrades.first { $0.value.relayed.isEmpty && !$0.value.isActive }?.key
    guard let gone else { return false }
    forget(gone)
    return true
  }

  private mutating func forget(_ peer: PeerID) {
    guard let upgrade = upgrades[peer], upgrade.relayed.isEmpty else { return }
    if upgrade.isActive { return deadlines.set(.forget(peer), to: now + configuration.memory) }
    line.removeAll { $0 == peer }
    deadlines.set(.forget(peer), to: nil)
    upgrades[peer] = nil
  }

  // MARK: Time

  package var deadline: Instant? {
    mutating get { deadlines.earliest }
  }

  package mutating func advance(to now: Instant) {
    self.now = now
    while let due = deadlines.popExpired(at: now) {
      switch due {
      case .series(let peer): begin(peer)
      case .answer(let peer): answerIsLate(peer)
      case .act(let peer): act(peer)
      case .attempt(let id): attemptIsLate(id)
      case .stream(let stream): streamIsLate(stream)
      case .forget(let peer): forget(peer)
      }
    }
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? { events.popFirst() }
}
