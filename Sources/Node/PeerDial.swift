import Identity
import SansIO
import Wire

private import DequeModule
private import OrderedCollections

/// One effort to reach one peer by any of its addresses: names resolved, attempts staggered and raced, the
/// first authenticated connection wins (RFC 8305 in spirit; go-libp2p's dial ranker for the order).
///
/// It decides; the node acts: pull `nextAction` until nil after every input.
struct PeerDial {
  let expectedPeer: PeerID?
  let startedAt: Instant
  /// When the effort as a whole gives up.
  let expiry: Instant

  private let limits: Node.Limits
  private let timeouts: Node.Timeouts
  private var known: OrderedSet<Multiaddr> = []
  private var questions: Deque<Question> = []
  private var resolving: [ResolutionID: Question] = [:]
  private var candidates: [Multiaddr] = []
  private var inFlight: OrderedDictionary<DialID, Multiaddr> = [:]
  private var upgrading: OrderedDictionary<ConnectionID, Multiaddr> = [:]
  private var nextStart: Instant
  private var failures: [NodeError.DialAttempt] = []
  /// The first peer that answered under another identity.
  private var impostor: NodeError?

  /// A name to ask for, and the address it was found in.
  private struct Question {
    let resolution: Resolution
    let source: Multiaddr
    let depth: Int
  }

  enum Action: Equatable {
    case dial(Multiaddr)
    case resolve(Resolution)
    /// Nothing is left to try.
    case giveUp
  }

  init(expectedPeer: PeerID?, limits: Node.Limits, timeouts: Node.Timeouts, now: Instant) {
    self.expectedPeer = expectedPeer
    self.limits = limits
    self.timeouts = timeouts
    startedAt = now
    expiry = now + timeouts.connect
    nextStart = now
  }

  var deadline: Instant {
    candidates.isEmpty || isSaturated ? expiry : min(nextStart, expiry)
  }

  /// Attempts whose outcome is open, for cancelling.
  var dials: [DialID] { Array(inFlight.keys) }
  var connections: [ConnectionID] { Array(upgrading.keys) }
  var resolutions: [ResolutionID] { resolving.keys.sorted() }

  private var isSaturated: Bool { inFlight.count + upgrading.count >= limits.dialsPerPeerMax }

  // MARK: Inputs

  /// Adds an address to try. A name is resolved first; `depth` counts dnsaddr records on the way to it.
  mutating func add(_ address: Multiaddr, depth: Int = 0) {
    guard known.count < limits.addressesPerDialMax else {
      return refuse(address, "too many addresses for one peer")
    }
    guard let bare = address.withoutPeer else { return }
    guard known.append(bare).inserted else { return }
    switch bare.dialTarget {
    case .ready:
      insert(bare)
    case .host(let name, let family):
      questions.append(Question(resolution: .host(name, family: family), source: bare, depth: depth))
    case .dnsaddr(let name):
      guard depth < limits.dnsaddrDepthMax else { return refuse(bare, "dnsaddr records lead too deep") }
      questions.append(Question(resolution: .text("_dnsaddr.\(name)"), source: bare, depth: depth + 1))
    case .unsupported(let why):
      refuse(bare, why)
    }
  }

  /// The node has asked what `nextAction` wanted resolved; the answer will come under this id.
  mutating func asked(as id: ResolutionID) {
    guard let question = questions.popFirst() else { return }
    resolving[id] = question
  }

  mutating func resolved(_ id: ResolutionID, _ answer: ResolutionAnswer, at now: Instant) {
    guard let question = resolving.removeValue(forKey: id) else { return }
    switch answer {
    case .failed(let reason):
      refuse(question.source, reason)
    case .addresses(let addresses):
      if addresses.isEmpty { refuse(question.source, "the name has no address") }
      let port = question.source.tcpEndpoint?.port ?? 0
      for ip in addresses.compactMap(\.host?.ip) { add(.tcp(ip, port: port), depth: question.depth) }
    case .texts(let texts):
      addDNSAddr(texts, for: question)
    }
    nextStart = min(nextStart, now)
  }

  mutating func started(_ address: Multiaddr, as id: DialID, at now: Instant) {
    inFlight[id] = address
    nextStart = now + (address.isNearby ? timeouts.dialStaggerLocal : timeouts.dialStagger)
  }

  /// The transport is open; the upgrade goes on under this connection.
  mutating func connected(_ id: DialID, as connection: ConnectionID) {
    guard let address = inFlight.removeValue(forKey: id) else { return }
    upgrading[connection] = address
  }

  mutating func failed(_ id: DialID, reason: String, at now: Instant) {
    guard let address = inFlight.removeValue(forKey: id) else { return }
    refuse(address, reason)
    nextStart = now
  }

  mutating func failed(_ id: ConnectionID, _ error: NodeError, at now: Instant) {
    guard let address = upgrading.removeValue(forKey: id) else { return }
    if case .wrongPeer = error { impostor = impostor ?? error }
    if error == .dialToSelf { impostor = error }
    refuse(address, "\(error)")
    nextStart = now
  }

  /// The node dials too much already; try this address again later.
  mutating func postpone(_ address: Multiaddr, until instant: Instant) {
    candidates.insert(address, at: 0)
    nextStart = instant
  }

  // MARK: Outputs

  mutating func nextAction(at now: Instant) -> Action? {
    if resolving.count < limits.lookupsPerDialMax, let question = questions.first {
      return .resolve(question.resolution)
    }
    if !candidates.isEmpty {
      guard !isSaturated, nextStart <= now else { return nil }
      return .dial(candidates.removeFirst())
    }
    return inFlight.isEmpty && upgrading.isEmpty && resolving.isEmpty ? .giveUp : nil
  }

  /// Why the effort failed, as told to who asked for it.
  func error(at now: Instant) -> NodeError {
    if let impostor { return impostor }
    if now >= expiry {
      let open = Array(inFlight.values) + Array(upgrading.values)
      return .unreachable(
        failures + open.map { NodeError.DialAttempt(address: $0, reason: "no answer in time") })
    }
    if failures.isEmpty { return .noAddresses(expectedPeer.map { "\($0)" } ?? "the address given") }
    return .unreachable(failures)
  }

  // MARK: Order

  /// Keeps candidates in the order to try: local before public, IPv6 before IPv4, else as they came.
  private mutating func insert(_ address: Multiaddr) {
    let place = candidates.firstIndex { $0.dialRank > address.dialRank } ?? candidates.endIndex
    candidates.insert(address, at: place)
  }

  private mutating func refuse(_ address: Multiaddr, _ reason: String) {
    guard failures.count < limits.addressesPerDialMax else { return }
    failures.append(NodeError.DialAttempt(address: address, reason: reason))
  }

  /// dnsaddr TXT values: `dnsaddr=<multiaddr>`, whose `/p2p` must name the peer we want (multiformats,
  /// DNSADDR).
  private mutating func addDNSAddr(_ texts: [String], for question: Question) {
    var found = false
    for text in texts.prefix(limits.addressesPerDialMax) {
      guard text.hasPrefix("dnsaddr="), let address = try? Multiaddr(String(text.dropFirst(8))) else {
        continue
      }
      if let expectedPeer, let named = address.peerID, named != expectedPeer { continue }
      found = true
      add(address, depth: question.depth)
    }
    if !found { refuse(question.source, "no dnsaddr record for this peer") }
  }
}
