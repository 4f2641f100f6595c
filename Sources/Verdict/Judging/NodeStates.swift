package import Scenario

/// What is true of nodes after the events so far: the same for whoever waits during a run and for the judge
/// afterwards.
package struct NodeStates: Sendable {
  private struct State: Sendable {
    var isReady = false
    /// Nil is online.
    var shown: [String: Fact.Reason?] = [:]
    /// Open connections by their id, with peer and path.
    var connections: [String: (peer: String, path: String)] = [:]
    var reservations: Set<String> = []
    var reachability: String?
    var said: [NodeEvent] = []
  }

  /// Events kept for each host's `received` and `said`; a flood beyond it is not waited for.
  private static let eventsMax = 200_000
  private var states: [String: State] = [:]

  package init() {}

  /// A program that starts knows nothing of what it said before.
  package mutating func started(_ host: String) {
    states[host] = nil
  }

  package mutating func receive(_ event: NodeEvent) {
    var state = states[event.host] ?? State()
    states[event.host] = nil  // so that the arrays are not copied
    switch event.type {
    case "ready": state.isReady = true
    case "peer.online":
      if let peer = event["peerId"] { state.shown[peer] = .some(nil) }
    case "peer.offline":
      if let peer = event["peerId"] {
        state.shown[peer] = event["reason"].flatMap(Fact.Reason.init) ?? .reaped
      }
    case "connection.opened":
      state.connections[event["connectionId"] ?? ""] = (event["peerId"] ?? "", event["path"] ?? "")
    case "connection.closed": state.connections[event["connectionId"] ?? ""] = nil
    case "reservation":
      switch event["state"] {
      case "accepted": state.reservations.insert(event["relay"] ?? "")
      case "lost", "refused": state.reservations.remove(event["relay"] ?? "")
      // One that is held is asked for again before it expires.
      default: break
      }
    case "reachability": state.reachability = event["value"]
    default: break
    }
    if state.said.count < Self.eventsMax { state.said.append(event) }
    states[event.host] = state
  }

  package func holds(_ fact: Fact) -> Bool {
    switch fact {
    case .ready(let host): return states[host]?.isReady == true
    case .online(let at, let peer): return states[at]?.shown[peer] == .some(.none)
    case .offline(let at, let peer, let reason):
      guard let shown = states[at]?.shown[peer], let why = shown else { return false }
      return reason == nil || reason == why
    case .mutual(let hosts):
      return hosts.allSatisfy { at in
        hosts.allSatisfy { $0 == at || states[at]?.shown[$0] == .some(.none) }
      }
    case .connected(let at, let peer, let path):
      return states[at]?.connections.values.contains {
        $0.peer == peer && (path == nil || path?.rawValue == $0.path)
      } == true
    case .reserved(let at, let relay): return states[at]?.reservations.contains(relay) == true
    case .reachable(let at, let reachability): return states[at]?.reachability == reachability.rawValue
    case .punched(let at, _, _, _), .received(let at, _, _), .said(let at, _, _):
      return states[at]?.said.contains { fact.isSaid(by: $0) } == true
    case .all(let facts): return facts.allSatisfy(holds)
    case .any(let facts): return facts.contains(where: holds)
    case .not(let fact): return !holds(fact)
    }
  }

  /// What is missing for it, for a person: the parts that do not hold, at most five.
  package func missing(for fact: Fact) -> [String] {
    let parts: [Fact] =
      switch fact {
      case .all(let facts): facts.flatMap { missing(for: $0).isEmpty ? [] : [$0] }
      case .mutual(let hosts):
        hosts.flatMap { at in
          hosts.filter { $0 != at }.map { Fact.online(at: at, peer: $0) }.filter { !holds($0) }
        }
      default: holds(fact) ? [] : [fact]
      }
    return parts.prefix(5).map(\.words) + (parts.count > 5 ? ["\(parts.count - 5) more"] : [])
  }
}

extension Fact {
  /// Whether this event is what the fact, one of those that events make true once, speaks of.
  func isSaid(by event: NodeEvent) -> Bool {
    switch self {
    case .ready(let host): event.host == host && event.type == "ready"
    case .online(let at, let peer):
      event.host == at && event.type == "peer.online" && event["peerId"] == peer
    case .offline(let at, let peer, let reason):
      event.host == at && event.type == "peer.offline" && event["peerId"] == peer
        && (reason == nil || event["reason"] == reason?.rawValue)
    case .connected(let at, let peer, let path):
      event.host == at && event.type == "connection.opened" && event["peerId"] == peer
        && (path == nil || event["path"] == path?.rawValue)
    case .reserved(let at, let relay):
      event.host == at && event.type == "reservation" && event["relay"] == relay
        && event["state"] == "accepted"
    case .punched(let at, let peer, let outcome, let reason):
      event.host == at && event.type == "holepunch" && event["peerId"] == peer
        && event["outcome"] == outcome.rawValue
        && (reason.map { event["reason"]?.contains($0) == true } ?? true)
    case .reachable(let at, let reachability):
      event.host == at && event.type == "reachability" && event["value"] == reachability.rawValue
    case .received(let at, let from, let text):
      event.host == at && event.type == "message.received" && event["text"] == text
        && (from == nil || event["from"] == from)
    case .said(let at, let type, let fields):
      event.host == at && event.type == type && fields.allSatisfy { event[$0.name] == $0.value }
    case .mutual, .all, .any, .not: false
    }
  }
}
