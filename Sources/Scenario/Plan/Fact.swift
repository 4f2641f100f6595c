/// How two peers' bytes travel.
public enum Path: String, Codable, Sendable {
  /// Without a relay between them.
  case direct
  /// In a circuit of a relay.
  case relayed
}

/// Whether others can dial a node.
public enum Reachability: String, Codable, Sendable {
  /// Not known yet; anybody can; only who it has written to.
  case unknown, `public`, `private`
}

/// What nodes say of themselves, by their events. A fact holds or does not at every moment: of events that
/// undo each other (online and offline, opened and closed) the last one counts, of others whether there was
/// one since the node's last start.
package indirect enum Fact: Codable, Sendable, Equatable {
  case ready(host: String)
  case online(at: String, peer: String)
  case offline(at: String, peer: String, reason: Reason?)
  /// Every one of them shows all others online.
  case mutual(hosts: [String])
  case connected(at: String, peer: String, path: Path?)
  /// A relay's last word on the reservation was yes.
  case reserved(at: String, relay: String)
  /// A hole punch came to that end; the reason contains these words.
  case punched(at: String, peer: String, outcome: Punch, reason: String?)
  case reachable(at: String, reachability: Reachability)
  case received(at: String, from: String?, text: String)
  /// Any event, by the names of the API.
  case said(at: String, type: String, fields: [Field])
  case all(facts: [Fact])
  case any(facts: [Fact])
  case not(fact: Fact)

  package enum Reason: String, Codable, Sendable {
    case reaped, left
  }

  package enum Punch: String, Codable, Sendable {
    case succeeded, failed
  }

  package struct Field: Codable, Sendable, Equatable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }
}

extension Fact {
  /// The hosts whose events decide it, each once, in order of mention.
  package var witnesses: [String] {
    switch self {
    case .ready(let host): [host]
    case .online(let at, _), .offline(let at, _, _), .connected(let at, _, _), .reserved(let at, _),
      .punched(let at, _, _, _), .reachable(let at, _), .received(let at, _, _), .said(let at, _, _):
      [at]
    case .mutual(let hosts): hosts
    case .all(let facts), .any(let facts): facts.flatMap(\.witnesses).uniqued
    case .not(let fact): fact.witnesses
    }
  }

  /// Whom it speaks of besides.
  package var subjects: [String] {
    switch self {
    case .online(_, let peer), .offline(_, let peer, _), .connected(_, let peer, _), .reserved(_, let peer),
      .punched(_, let peer, _, _):
      [peer]
    case .received(_, let from, _): from.map { [$0] } ?? []
    case .ready, .reachable, .said, .mutual: []
    case .all(let facts), .any(let facts): facts.flatMap(\.subjects).uniqued
    case .not(let fact): fact.subjects
    }
  }

  package var words: String {
    switch self {
    case .ready(let host): "\(host) is ready"
    case .online(let at, let peer): "\(at) sees \(peer)"
    case .offline(let at, let peer, .reaped?): "\(at) reaps \(peer)"
    case .offline(let at, let peer, .left?): "\(at) sees \(peer) leave"
    case .offline(let at, let peer, nil): "\(at) shows \(peer) offline"
    case .mutual(let hosts):
      hosts.count > 5 ? "all \(hosts.count) see each other" : "\(hosts.inWords) see each other"
    case .connected(let at, let peer, let path):
      "\(at) is connected to \(peer)" + (path.map { ", \($0)" } ?? "")
    case .reserved(let at, let relay): "\(at) has a reservation at \(relay)"
    case .punched(let at, let peer, .succeeded, _): "\(at) punches a hole to \(peer)"
    case .punched(let at, let peer, .failed, let reason):
      "\(at) fails to punch a hole to \(peer)" + (reason.map { ", “\($0)”" } ?? "")
    case .reachable(let at, let reachability): "\(at) knows itself \(reachability.rawValue)"
    case .received(let at, let from, let text):
      "\(at) receives “\(text)”" + (from.map { " from \($0)" } ?? "")
    case .said(let at, let type, let fields):
      "\(at) says \(type)" + fields.map { " \($0.name)=\($0.value)" }.joined()
    case .all(let facts):
      facts.count > 6 ? facts.map(\.words).inWords : facts.map(\.words).joined(separator: " and ")
    case .any(let facts): facts.map(\.words).joined(separator: " or ")
    case .not(let fact): "not: \(fact.words)"
    }
  }
}
