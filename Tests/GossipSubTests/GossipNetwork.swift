import DequeModule
import GossipSub
import Identity
import NIOCore
import SansIO
import Testing

/// Many routers in virtual time, joined by stream links that delay, stall and break.
///
/// A link is two ordered byte streams. Breaking it loses what is in flight, and the ends learn of it one
/// after the other. It carries so many bytes at once, as a socket does; what does not fit waits in the
/// router.
struct GossipNetwork {
  private enum Timer: Hashable {
    case router(Int)
    /// The first bytes on a link's way, to its lower or higher end.
    case arrival(link: Int, toHigher: Bool)
    /// An end learns that a link is gone.
    case loss(link: Int, atHigher: Bool)
  }

  private struct Link {
    let lower: Int
    let higher: Int
    let delay: Duration
    var isUp = true
    var stalledUntil = Instant.zero
    var toHigher = Deque<(arrival: Instant, bytes: ByteBuffer)>()
    var toLower = Deque<(arrival: Instant, bytes: ByteBuffer)>()
    /// Ends that do not know yet that it broke.
    var unaware: Set<Bool> = []

    func end(_ isHigher: Bool) -> Int { isHigher ? higher : lower }
    func bytesInFlight(toHigher: Bool) -> Int {
      (toHigher ? self.toHigher : toLower).reduce(0) { $0 + $1.bytes.readableBytes }
    }
  }

  /// A message, and who must have it in the end.
  private struct Sent {
    let id: MessageID
    let at: Instant
    let by: Int
    var expected: Set<Int>
  }

  /// In flight on a link at once.
  private static let windowBytes = 64 * 1024
  /// How long a message may take: a node that was cut off within this time is not waited for.
  private static let patience: Duration = .seconds(12)

  let count: Int
  private(set) var now = Instant.zero
  private var generator: SeededGenerator
  private var peers: [Peer] = []
  private var numbers: [PeerID: Int] = [:]
  private var routers: [Router?] = []
  private var starts: [UInt64] = []
  private var links: [Link] = []
  private var linksOf: [[Int]]
  private var timers = DeadlineQueue<Timer>()
  private var sent: [Sent] = []
  /// Per node: how often each message reached the application.
  private var received: [[MessageID: Int]]
  private(set) var problems: [String] = []

  init(_ count: Int, degree: Int, seed: UInt64) throws {
    self.count = count
    generator = SeededGenerator(seed: seed)
    linksOf = Array(repeating: [], count: count)
    received = Array(repeating: [:], count: count)
    for number in 0..<count {
      let peer = try Peer(number)
      peers.append(peer)
      numbers[peer.id] = number
      starts.append(1)
      routers.append(nil)
      try start(number)
    }
    // A ring, so that all are connected, and chords.
    for number in 0..<count { connect(number, (number + 1) % count) }
    for _ in 0..<(count * (degree - 2) / 2) {
      let (one, two) = (
        Int.random(in: 0..<count, using: &generator), Int.random(in: 0..<count, using: &generator)
      )
      if one != two, !linksOf[one].contains(where: { self.other($0, than: one) == two }) { connect(one, two) }
    }
  }

  // MARK: What can be done to it

  mutating func run(_ duration: Duration) {
    let end = now + duration
    while let next = timers.earliest, next <= end {
      now = max(now, next)
      guard let timer = timers.popExpired(at: now) else { break }
      switch timer {
      case .router(let node):
        routers[node]?.advance(to: now)
        settle(node)
      case .arrival(let link, let toHigher): deliver(link, toHigher)
      case .loss(let link, let atHigher): notice(link, atHigher)
      }
    }
    now = end
  }

  /// A random running node publishes.
  mutating func publish(bytes: Int = 100) throws {
    let node = running.randomElement(using: &generator) ?? 0
    guard routers[node] != nil else { return }
    let data = ByteBuffer(repeating: UInt8(sent.count % 256), count: bytes)
    guard let id = try routers[node]?.publish(data, to: chat, at: now).id else { return }
    sent.append(Sent(id: id, at: now, by: node, expected: component(of: node)))
    settle(node)
  }

  mutating func breakLinks(_ count: Int) {
    for _ in 0..<count {
      let link = Int.random(in: 0..<links.count, using: &generator)
      breakLink(link, isRandom: true)
    }
    topologyChanged()
  }

  mutating func mendLinks() {
    for link in links.indices where !links[link].isUp { mend(link) }
  }

  mutating func stallLinks(_ count: Int, upTo longest: Duration) {
    for _ in 0..<count {
      let link = Int.random(in: 0..<links.count, using: &generator)
      links[link].stalledUntil = now + generator.duration(upTo: longest)
    }
  }

  /// Cuts every link between the nodes below and those from `boundary`.
  mutating func partition(at boundary: Int) {
    for link in links.indices where (links[link].lower < boundary) != (links[link].higher < boundary) {
      breakLink(link, isRandom: false)
    }
    topologyChanged()
  }

  /// A node goes without a word.
  mutating func stopRandomNode() {
    let node = running.randomElement(using: &generator) ?? 0
    for link in linksOf[node] { breakLink(link, isRandom: false) }
    routers[node] = nil
    timers.set(.router(node), to: nil)
    topologyChanged()
  }

  /// All stopped nodes come back knowing nothing.
  mutating func restartNodes() throws {
    for node in 0..<count where routers[node] == nil {
      starts[node] += 1_000_000
      received[node] = [:]
      for index in sent.indices { sent[index].expected.remove(node) }
      try start(node)
    }
    mendLinks()
  }

  /// What did not arrive where it had to, and what arrived twice.
  mutating func judge() {
    for message in sent {
      for node in message.expected.sorted() where node != message.by && received[node][message.id] == nil {
        problems.append(
          "node \(node) lacks a message of node \(message.by), sent at \(message.at.nanoseconds) ns"
        )
      }
    }
  }

  var messageCount: Int { sent.count }
  var expectedCount: Int { sent.reduce(0) { $0 + $1.expected.count - 1 } }
  var meshSizes: [Int] { routers.compactMap { $0?.mesh(of: chat).count } }
  var counters: [Counters] { routers.compactMap { $0?.counters } }

  // MARK: Nodes

  private var running: [Int] { routers.indices.filter { routers[$0] != nil } }

  private mutating func start(_ node: Int) throws {
    var router = Router(
      identity: peers[node].keys, firstSequence: starts[node],
      generator: SeededGenerator(seed: UInt64.random(in: 0...UInt64.max, using: &generator)),
      now: now + generator.duration(upTo: .milliseconds(900)))
    try router.subscribe(chat, at: now)
    routers[node] = router
    settle(node)
  }

  private mutating func settle(_ node: Int) {
    while let event = routers[node]?.nextEvent() {
      switch event {
      case .message(let message):
        received[node][message.id, default: 0] += 1
        if received[node][message.id] != 1 { problems.append("node \(node) was given a message twice") }
      case .failed(let peer, let error): problems.append("node \(node) refused \(peer): \(error)")
      case .misbehaved(let peer, let what):
        if case .brokenPromises = what { continue }  // links stall
        problems.append("node \(node) holds \(what) against \(peer)")
      case .validate, .subscribed, .unsubscribed, .grafted, .pruned, .peersOffered, .connectionWanted: break
      }
    }
    while let peer = routers[node]?.nextPeerWithOutbound() {
      if let link = linksOf[node].first(where: { peers[other($0, than: node)].id == peer }) {
        write(link, from: node)
      }
    }
    timers.set(.router(node), to: routers[node]?.deadline)
  }

  // MARK: Links

  private func other(_ link: Int, than node: Int) -> Int {
    links[link].lower == node ? links[link].higher : links[link].lower
  }

  private mutating func connect(_ one: Int, _ two: Int) {
    let delay: Duration = .milliseconds(Int64.random(in: 2...80, using: &generator))
    links.append(Link(lower: min(one, two), higher: max(one, two), delay: delay))
    linksOf[one].append(links.count - 1)
    linksOf[two].append(links.count - 1)
    introduce(links.count - 1)
  }

  private mutating func introduce(_ link: Int) {
    let (lower, higher) = (links[link].lower, links[link].higher)
    routers[lower]?.peerConnected(peers[higher].id, version: .gossipSub12, direction: .outbound)
    routers[higher]?.peerConnected(peers[lower].id, version: .gossipSub12, direction: .inbound)
    settle(lower)
    settle(higher)
  }

  private mutating func write(_ link: Int, from node: Int) {
    guard links[link].isUp else { return }
    let toHigher = links[link].lower == node
    let peer = peers[other(link, than: node)].id
    let room = Self.windowBytes - links[link].bytesInFlight(toHigher: toHigher)
    guard room > 0, routers[node]?.hasOutbound(for: peer) ?? false else { return }
    var bytes = ByteBuffer()
    _ = routers[node]?.drainOutbound(for: peer, into: &bytes, maxBytes: room)
    let arrival = now + links[link].delay
    if toHigher {
      links[link].toHigher.append((arrival, bytes))
    } else {
      links[link].toLower.append((arrival, bytes))
    }
    schedule(link, toHigher)
  }

  private mutating func schedule(_ link: Int, _ toHigher: Bool) {
    let first = (toHigher ? links[link].toHigher : links[link].toLower).first?.arrival
    timers.set(.arrival(link: link, toHigher: toHigher), to: first.map { max($0, links[link].stalledUntil) })
  }

  private mutating func deliver(_ link: Int, _ toHigher: Bool) {
    let (from, to) =
      toHigher ? (links[link].lower, links[link].higher) : (links[link].higher, links[link].lower)
    while links[link].stalledUntil <= now,
      let first = toHigher ? links[link].toHigher.first : links[link].toLower.first, first.arrival <= now
    {
      if toHigher { links[link].toHigher.removeFirst() } else { links[link].toLower.removeFirst() }
      var bytes = first.bytes
      routers[to]?.receive(&bytes, from: peers[from].id, at: now)
      settle(to)
    }
    schedule(link, toHigher)
    write(link, from: from)
  }

  private mutating func breakLink(_ link: Int, isRandom: Bool) {
    guard links[link].isUp else { return }
    links[link].isUp = false
    // A random break must not cut the graph, or nothing could be expected of anybody.
    if isRandom, component(of: running[0]).count < running.count {
      links[link].isUp = true
      return
    }
    links[link].toHigher.removeAll()
    links[link].toLower.removeAll()
    for isHigher in [false, true] {
      schedule(link, isHigher)
      links[link].unaware.insert(isHigher)
      timers.set(.loss(link: link, atHigher: isHigher), to: now + generator.duration(upTo: .seconds(2)))
    }
  }

  private mutating func notice(_ link: Int, _ atHigher: Bool) {
    guard links[link].unaware.remove(atHigher) != nil else { return }
    timers.set(.loss(link: link, atHigher: atHigher), to: nil)
    let node = links[link].end(atHigher)
    routers[node]?.peerDisconnected(peers[links[link].end(!atHigher)].id)
    settle(node)
  }

  private mutating func mend(_ link: Int) {
    guard routers[links[link].lower] != nil, routers[links[link].higher] != nil else { return }
    notice(link, false)
    notice(link, true)
    links[link].isUp = true
    introduce(link)
  }

  // MARK: Expectations

  /// The nodes that have a way to each other.
  private func component(of node: Int) -> Set<Int> {
    guard routers[node] != nil else { return [node] }
    var reached: Set<Int> = [node]
    var frontier = [node]
    while let next = frontier.popLast() {
      for link in linksOf[next] where links[link].isUp {
        let neighbour = other(link, than: next)
        if routers[neighbour] != nil, reached.insert(neighbour).inserted { frontier.append(neighbour) }
      }
    }
    return reached
  }

  /// Whoever is cut off from the author of a young message is not waited for.
  private mutating func topologyChanged() {
    for index in sent.indices.reversed() {
      if now - sent[index].at > Self.patience { break }
      sent[index].expected.formIntersection(component(of: sent[index].by))
    }
  }
}
