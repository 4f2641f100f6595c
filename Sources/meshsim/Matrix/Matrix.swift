import NetworkModel
import Scenario
import Verdict

/// Every kind of NAT against every other: a node behind each in the rows, one in the columns, and every pair
/// of them talks. All in one network, whose plan this is; what is expected of a pair is what ``HolePunch``
/// foretells.
struct Matrix {
  let kinds: [MatrixKind]

  /// A SYN that is sent this much before the other's still crosses it under way, as between most homes; more
  /// than what a busy machine keeps two nodes apart.
  private static let uplinkDelay = Duration.milliseconds(15)
  /// Pairs that begin at once are as many as there are kinds, and each node is in one of them.
  private static let wavePause = Duration.seconds(4)
  /// For the last wave: three tries of ten seconds, and a moment for what follows.
  private static let patience = Duration.seconds(60)

  init(_ kinds: [MatrixKind] = MatrixKind.all) {
    self.kinds = kinds
  }

  // MARK: The plan

  func plan(seed: UInt64) -> Plan {
    let net = Script(name: "matrix", seed: seed)
    net.tolerates(lateness: .milliseconds(20))
    let relays = ["one", "two"].map { net.relay($0, limits: RelayLimits(circuits: 0, circuitsPerPeer: 0)) }
    let link = Link(Link.Conditions(delay: Self.uplinkDelay))
    let left = kinds.indices.map { index in
      net.node(Self.left(index), behind: kinds[index].nat, link: link, relays: relays)
    }
    let right = kinds.indices.map { index in
      net.node(Self.right(index), behind: kinds[index].nat, link: link, relays: relays)
    }
    // Of every pair one end is recorded.
    net.doesNotCapture(right)
    net.start(relays)
    for nodes in [left, right] { net.start(nodes) }
    net.wait(
      until: everyone(left + right), (left + right).map { $0.isReserved(at: relays[0]) }.joined,
      within: .seconds(60))
    for wave in kinds.indices {
      net.inParallel(Array(kinds.indices)) { index in
        let partner = right[(index + wave) % kinds.count]
        left[index].send("from \(left[index].name)", to: partner)
      }
      net.wait(Self.wavePause)
    }
    net.wait(Self.patience)
    for pair in pairs { expect(pair, of: left[pair.left], right[pair.right], in: net) }
    return net.plan
  }

  private func expect(_ pair: Pair, of left: Node, _ right: Node, in net: Script) {
    if outlook(of: pair).isPossible {
      net.expect(
        that: name(of: pair), left.isConnected(to: right, .direct) && right.isConnected(to: left, .direct),
        within: .seconds(1), after: net.now)
    } else {
      net.expect(
        that: name(of: pair),
        never: left.isConnected(to: right, .direct) || right.isConnected(to: left, .direct),
        after: .beginning)
    }
  }

  private static func left(_ index: Int) -> String { "left\(index + 1)" }
  private static func right(_ index: Int) -> String { "right\(index + 1)" }

  // MARK: What is expected

  struct Pair: Hashable {
    let left: Int
    let right: Int
  }

  /// Row by row.
  var pairs: [Pair] {
    kinds.indices.flatMap { left in kinds.indices.map { Pair(left: left, right: $0) } }
  }

  func outlook(of pair: Pair) -> HolePunch.Outlook {
    HolePunch(kinds[pair.left].behavior, kinds[pair.right].behavior).outlook
  }

  func name(of pair: Pair) -> String { "\(kinds[pair.left].name) × \(kinds[pair.right].name)" }

  // MARK: What was found

  /// A pair as it came out.
  struct Cell {
    let pair: Pair
    let expected: HolePunch.Outlook
    let isDirect: Bool
    /// As expected, and if it is not direct, with a reason that fits.
    let isExplained: Bool
    /// In which try, by the node that punched.
    let attempt: String?
    /// What the nodes say why not.
    let reason: String?
  }

  /// - Parameter trace: of a run of ``plan(seed:)``.
  func cells(of trace: Trace) -> [Cell] {
    var events: [Pair: [NodeEvent]] = [:]
    let places = Dictionary(
      uniqueKeysWithValues: kinds.indices.flatMap { [(Self.left($0), $0), (Self.right($0), -1 - $0)] })
    for event in trace.events where event.type == "connection.opened" || event.type == "holepunch" {
      guard let own = places[event.host], let other = event["peerId"].flatMap({ places[$0] }),
        own >= 0 && other < 0 || own < 0 && other >= 0
      else { continue }
      events[Pair(left: max(own, other), right: -1 - min(own, other)), default: []].append(event)
    }
    return pairs.map { cell($0, events[$0] ?? []) }
  }

  private func cell(_ pair: Pair, _ events: [NodeEvent]) -> Cell {
    let expected = outlook(of: pair)
    let isDirect = events.contains { $0.type == "connection.opened" && $0["path"] == "direct" }
    let punched = events.first { $0.type == "holepunch" && $0["outcome"] == "succeeded" }
    let reasons = events.filter { $0.type == "holepunch" && $0["outcome"] == "failed" }.compactMap {
      $0["reason"]
    }
    let fitting = reasons.last { expected.isExplained(by: $0) }
    return Cell(
      pair: pair, expected: expected, isDirect: isDirect,
      isExplained: isDirect == expected.isPossible && (isDirect || fitting != nil),
      attempt: punched?["attempt"], reason: isDirect ? nil : fitting ?? reasons.last)
  }
}

extension [Condition] {
  fileprivate var joined: Condition { dropFirst().reduce(self[0]) { $0 && $1 } }
}

extension HolePunch.Outlook {
  /// Whether a node's words say what stands in the way.
  fileprivate func isExplained(by reason: String) -> Bool {
    switch self {
    case .bothWays, .oneWay: false
    case .impossible(.bothUnknown): reason.contains("both routers")
    case .impossible(.unknown): reason.contains("another port for each destination")
    }
  }

  var words: String {
    switch self {
    case .bothWays: "direct"
    case .oneWay(.left): "direct, opened by the left"
    case .oneWay(.right): "direct, opened by the right"
    case .impossible(.bothUnknown): "relayed: nobody can know the ports of either"
    case .impossible(.unknown(.left)):
      "relayed: nobody can know the left's port, and the right's NAT asks for it"
    case .impossible(.unknown(.right)):
      "relayed: nobody can know the right's port, and the left's NAT asks for it"
    }
  }
}
