import DequeModule
import Identity
import OrderedCollections
import SansIO

/// The scores of all peers, of those that left too while theirs is bad.
struct Scores: Sendable {
  private let parameters: ScoreParameters
  private var topicParameters: [Topic: TopicScoreParameters] = [:]
  private var peers: [PeerID: PeerScore] = [:]
  /// Connected peers of each address group.
  private var groups: [[UInt8]: Int] = [:]
  /// Peers that left, in the order they are forgotten. May hold some that came back.
  private var retained: Deque<(peer: PeerID, until: Instant)> = []
  private var nextDecay: Instant

  init(_ parameters: ScoreParameters, now: Instant) {
    self.parameters = parameters
    nextDecay = now + parameters.decayInterval
  }

  var count: Int { peers.count }

  /// Zero for a stranger.
  func score(of peer: PeerID) -> Double {
    guard let score = peers[peer] else { return 0 }
    let neighbours = score.group.flatMap { groups[$0] } ?? 0
    return score.value(parameters, topicParameters, neighbours: neighbours)
  }

  // MARK: Peers and topics

  mutating func connected(_ peer: PeerID, group: [UInt8]?) {
    leaveGroup(peer)
    peers[peer, default: PeerScore()].retainedUntil = nil
    guard let group else { return }
    peers[peer]?.group = group
    groups[group, default: 0] += 1
  }

  /// A good score is forgotten at once. A bad one stays, without what made it better.
  mutating func disconnected(_ peer: PeerID, at now: Instant) {
    guard peers[peer] != nil else { return }
    let isGood = score(of: peer) > 0
    leaveGroup(peer)
    for topic in peers[peer]?.topics.keys ?? [] {
      left(peer, topic)
      peers[peer]?.topics[topic]?.firstDeliveries = 0
    }
    peers[peer]?.application = 0
    guard !isGood, let score = peers[peer], !score.isBlank else {
      peers[peer] = nil
      return
    }
    let until = now + parameters.retention
    peers[peer]?.retainedUntil = until
    retained.append((peer, until))
    while retained.count > parameters.retainedPeersMax { forgetFirst() }
  }

  mutating func configure(_ topic: Topic, _ own: TopicScoreParameters?) {
    topicParameters[topic] = own
  }

  mutating func setApplicationScore(_ value: Double, of peer: PeerID) {
    peers[peer]?.application = value
  }

  // MARK: Events

  mutating func grafted(_ peer: PeerID, _ topic: Topic, at now: Instant) {
    count(peer, topic) { counts, _ in
      counts.graftedAt = now
      counts.meshTime = .zero
    }
  }

  mutating func left(_ peer: PeerID, _ topic: Topic) {
    guard peers[peer]?.topics[topic]?.graftedAt != nil else { return }
    count(peer, topic) { counts, own in counts.leftMesh(own) }
  }

  mutating func deliveredFirst(_ peer: PeerID, _ topic: Topic) {
    count(peer, topic) { counts, own in
      counts.firstDeliveries = min(counts.firstDeliveries + 1, own.firstDeliveriesCap)
      if counts.graftedAt != nil {
        counts.meshDeliveries = min(counts.meshDeliveries + 1, own.meshDeliveriesCap)
      }
    }
  }

  mutating func deliveredInTime(_ peer: PeerID, _ topic: Topic) {
    count(peer, topic) { counts, own in
      guard counts.graftedAt != nil else { return }
      counts.meshDeliveries = min(counts.meshDeliveries + 1, own.meshDeliveriesCap)
    }
  }

  mutating func deliveredInvalid(_ peer: PeerID, _ topic: Topic) {
    count(peer, topic) { counts, _ in counts.invalid += 1 }
  }

  mutating func penalise(_ peer: PeerID, by penalty: Double) {
    peers[peer]?.behaviour += penalty
  }

  // MARK: Time

  mutating func advance(to now: Instant) {
    while let first = retained.first, first.until <= now { forgetFirst() }
    guard now >= nextDecay else { return }
    nextDecay = now + parameters.decayInterval
    // No output depends on the order. What is retained does not get better while its peer is away.
    for index in peers.values.indices where peers.values[index].retainedUntil == nil {
      peers.values[index].decay(parameters, topicParameters, at: now)
    }
  }

  // MARK: Private

  private mutating func count(
    _ peer: PeerID, _ topic: Topic, _ change: (inout PeerScore.Counts, TopicScoreParameters) -> Void
  ) {
    guard let own = topicParameters[topic], let index = peers.index(forKey: peer) else { return }
    change(&peers.values[index].topics[topic, default: PeerScore.Counts()], own)
  }

  private mutating func leaveGroup(_ peer: PeerID) {
    guard let group = peers[peer]?.group else { return }
    peers[peer]?.group = nil
    let others = (groups[group] ?? 1) - 1
    groups[group] = others > 0 ? others : nil
  }

  private mutating func forgetFirst() {
    guard let first = retained.popFirst() else { return }
    if peers[first.peer]?.retainedUntil == first.until { peers[first.peer] = nil }
  }
}
